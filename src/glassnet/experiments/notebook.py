"""How run folders show themselves in notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.markup import DOUBTFUL, badge, escaped, picture, table
from glassnet.training import History

if TYPE_CHECKING:
    from glassnet.experiments.record import RunRecord

FIGURES = ("mistakes", "boundary", "confusion", "regression")
"""Of these the first that is there is shown."""
MOST_BYTES = 1 << 20


def folder_html(path: Path) -> str:
    """Return what a run folder holds: that of a finished run in figures, of any other the files."""
    from glassnet.errors import CheckpointError
    from glassnet.experiments.record import RunRecord

    try:
        return record_html(RunRecord.read(path))
    except CheckpointError:
        files = sorted(p.name for p in path.iterdir()) if path.is_dir() else []
        rows = [(name,) for name in files] or [("nothing",)]
        return f"<p><b>{escaped(path)}</b> {badge('not finished', DOUBTFUL).html}</p>" + table(
            ("",), rows
        )


def record_html(record: RunRecord) -> str:
    """Return a finished run: its figures, its curves, and one of its pictures."""
    figures = [(n.replace("_", " "), f"{v:.4f}") for n, v in record.metrics.figures.items()]
    choices = [
        (section, table_of.get("name", ""))
        for section in ("data", "model", "optimizer", "schedule")
        if isinstance(table_of := record.config.get(section), dict)
    ]
    choices.append(("parameters", f"{record.metrics.parameters:,}"))
    choices.append(("seed", record.metrics.seed))
    history: History = record.history
    return (
        f"<p><b>{escaped(record.path)}</b></p>{table(('', ''), [*choices, *figures])}"
        f"{history._repr_html_()}{_figure(record.path)}"
    )


def _figure(path: Path) -> str:
    for name in FIGURES:
        file = path / "figures" / f"{name}.png"
        if file.is_file() and file.stat().st_size <= MOST_BYTES:
            return picture(file.read_bytes(), name, height=320)
    return ""
