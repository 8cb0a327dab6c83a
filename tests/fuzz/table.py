"""The table of what became of the inputs, in the documents."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import glassnet as gn
from glassnet.experiments import environment
from glassnet.files import write_atomically
from tests.fuzz.exploring import Tally

BEGIN = "<!-- fuzz: begin -->"
END = "<!-- fuzz: end -->"
LIBRARIES = ("numpy", "scipy", "safetensors", "pillow", "pydantic", "onnx", "onnxruntime")


def write_table(tallies: Mapping[str, Tally], seed: int, page: Path) -> None:
    """Put the table between its marks in a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    write_atomically(page, f"{before}{BEGIN}\n{table(tallies, seed)}\n{END}{after}")


def table(tallies: Mapping[str, Tally], seed: int) -> str:
    """Return the table as Markdown, with date, machine and versions."""
    where = environment()
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if _has(name))
    rows = [_row(name, tally) for name, tally in tallies.items() if tally.inputs]
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    count = sum(tally.inputs for tally in tallies.values())
    return "\n".join(
        [
            f"`python scripts/fuzz.py --count {count} --seed {seed} --write`, "
            f"{datetime.now(UTC):%Y-%m-%d}, Glassnet {gn.__version__}, Python "
            f"{platform.python_version()}, {versions}; {where['platform']}, {where['cores']} cores.",
            "",
            "| parser | inputs | refused | read | slowest | peak memory | failures |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows,
            _row("**all**", whole),
        ]
    )


def _row(name: str, tally: Tally) -> str:
    return (
        f"| {name} | {tally.inputs:,} | {tally.refused:,} | {tally.accepted:,} | {tally.slowest:.2f} s | "
        f"{tally.peak >> 20} MB | {tally.failures:,} |"
    )


def _has(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False
