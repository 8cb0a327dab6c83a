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
    put_between(page, BEGIN, table(tallies, seed), END)


def put_between(page: Path, begin: str, content: str, end: str) -> None:
    """Replace what stands between two marks in a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{page} lacks the marks {begin} and {end}")
    write_atomically(page, f"{before}{begin}\n{content}\n{end}{after}")


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
            f"{platform.python_version()}, {versions}; {where['platform']}, "
            f"{where['cores']} cores.",
            "",
            "| parser | inputs | refused | read | slowest | peak memory | failures |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows,
            _row("**all**", whole),
        ]
    )


def _row(name: str, tally: Tally) -> str:
    return (
        f"| {name} | {tally.inputs:,} | {tally.refused:,} | {tally.accepted:,} | "
        f"{tally.slowest:.2f} s | {tally.peak >> 20} MB | {tally.failures:,} |"
    )


def _has(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False
