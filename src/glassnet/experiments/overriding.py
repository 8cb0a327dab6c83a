"""Single options of a configuration set from outside, as ``--set`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.errors import ConfigError
from glassnet.parsing import from_toml


def override(tables: dict[str, Any], assignments: Sequence[str]) -> None:
    """Set each ``section.option=value`` in nested tables.

    Raises
    ------
    ConfigError
        If one is written otherwise, or goes into what is no table.

    Examples
    --------
    >>> tables = {"optimizer": {"name": "adam", "beta1": 0.8}}
    >>> override(tables, ["optimizer.lr=0.1", "optimizer.name=sgd"])
    >>> tables
    {'optimizer': {'name': 'sgd', 'lr': 0.1}}
    """
    for assignment in sorted(assignments, key=_is_option):  # names first: they clear the options
        _set(tables, assignment)


def _is_option(assignment: str) -> bool:
    """Whether ``section.option=value`` sets anything else than a name."""
    return not assignment.partition("=")[0].strip().endswith(".name")


def _set(tables: dict[str, Any], assignment: str) -> None:
    key, equals, text = assignment.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path) or (len(path) == 1 and path[0] not in ("name", "regularizers")):
        raise ConfigError(
            f"--set takes section.option=value, such as optimizer.lr=0.05, not {assignment!r}"
        )
    try:
        value = from_toml(f"value = {text.strip()}")["value"]
    except ValueError:
        value = text.strip()
    table = tables
    for part in path[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {assignment}: {part} is not a table")
    if path[-1] == "name" and len(path) == 2 and table.get("name") != value:
        table.clear()  # the options of another optimizer, model, ... do not carry over
    table[path[-1]] = value
