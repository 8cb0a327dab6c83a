"""Write the tables of docs/configuration.md anew: every section's names, options and defaults.

Run it as ``python scripts/make_configuration_reference.py``. The text around the tables, which
stand between ``<!-- table: NAME -->`` and ``<!-- end -->``, is written by hand.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from glassnet.data import describe, names
from glassnet.data.registry import source_of
from glassnet.experiments.augmenting import AugmentOptions
from glassnet.experiments.models import LAYERS
from glassnet.experiments.options import (
    CheckpointOptions,
    FinetuneOptions,
    TensorBoardOptions,
    TrainingOptions,
)
from glassnet.experiments.registry import LOSSES, OPTIMIZERS, REGULARIZERS, SCHEDULES
from glassnet.files import write_atomically
from glassnet.mlp import MLP

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"


def main() -> None:
    """Write the page."""
    write_atomically(PAGE, renewed(PAGE.read_text(encoding="utf-8")))


def renewed(page: str) -> str:
    """Return the page with its tables as the registries have them now."""
    tables = {
        "data": table({name: source_of(name).read for name in names()}, of_data),
        "mlp": table({"mlp": MLP}),
        "layers": table(LAYERS),
        "losses": table(LOSSES),
        "optimizers": table(OPTIMIZERS),
        "schedules": table(SCHEDULES),
        "regularizers": table(REGULARIZERS),
        "augment": table({"augment": AugmentOptions}),
        "training": table({"training": TrainingOptions}),
        "finetune": table({"finetune": FinetuneOptions}),
        "checkpoint": table({"checkpoint": CheckpointOptions}),
        "tensorboard": table({"tensorboard": TensorBoardOptions}),
    }

    def filled(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n\n{tables[match[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def first_line(name: str, kind: Callable[..., Any]) -> str:
    """Return what a class says of itself first."""
    return inspect.getdoc(kind).splitlines()[0].replace("|", "\\|")  # type: ignore[union-attr]


def of_data(name: str, kind: Callable[..., Any]) -> str:
    """Return what is said of a data set in lists."""
    return str(describe(name)["description"])


def table(
    kinds: Mapping[str, Callable[..., Any]],
    said: Callable[[str, Callable[..., Any]], str] = first_line,
) -> str:
    """Return a table of names, what they are, and their options."""
    rows = [f"| `{name}` | {said(name, kind)} | {options(kind)} |" for name, kind in kinds.items()]
    return "\n".join(["| name | what | options |", "|---|---|---|", *rows])


def options(kind: Callable[..., Any]) -> str:
    """Return options with types and defaults, in one cell."""
    words = []
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in {"self", "data_dir"}:
            continue
        written = f"{inspect.formatannotation(parameter.annotation)}".strip("'\"")
        written = written.replace("collections.abc.", "").replace("pathlib.Path", "Path")
        default = parameter.default
        end = "" if default is parameter.empty or default is None else f" = `{as_toml(default)}`"
        needed = ", needed" if default is parameter.empty else ""
        words.append(f"`{name}` ({type_word(written)}{needed}){end}")
    return "<br>".join(words) or "none"


def as_toml(value: Any) -> str:
    """Return a value as it is written in the file."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def type_word(annotation: str) -> str:
    """Return a type as somebody who writes TOML would name it."""
    words = {
        "str | Path": "path",
        "tuple[int, ...]": "list of integers",
        "tuple[float, ...]": "list of numbers",
        "tuple[str, ...]": "list of text",
        "tuple[int, int]": "list of two integers",
        "tuple[float, float]": "list of two numbers",
        "tuple[dict[str, Any], ...]": "list of tables",
        "dict[str, float]": "table of numbers",
        "Amount": "number or list of two numbers",
        "Sequence[int]": "list of integers",
        "Unit": "'step' or 'epoch'",
        "Layer": "list of layers",
        "typing.": "",
    }
    text = annotation.removesuffix(" | None")
    for before, after in words.items():
        text = text.replace(before, after)
    text = re.sub(r"Literal\[(.*)\]", lambda match: match[1].replace("', '", "' or '"), text)
    text = re.sub(r"\bstr\b", "text", re.sub(r"\bint\b", "integer", text))
    text = re.sub(r"\bbool\b", "true or false", re.sub(r"\bfloat\b", "number", text))
    return text.replace(" | ", " or ")


if __name__ == "__main__":
    main()
