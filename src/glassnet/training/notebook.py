"""How a history shows itself in notebooks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glassnet.markup import chart, escaped, table
from glassnet.words import count

if TYPE_CHECKING:
    from glassnet.training.history import History

PARTS = {"train": "training", "valid": "validation"}
MOST_CHARTS = 4


def history_html(history: History) -> str:
    """Return curves of loss and metrics, and a table of each one's last and best value."""
    from glassnet.training.history import is_better

    if not history.epochs:
        return "<p>no epoch was finished</p>"
    groups: dict[str, dict[str, list[float]]] = {}
    rows = []
    for column in history.columns:
        part, _, name = column.partition("_")
        if part not in PARTS or not name:
            continue
        values = history[column]
        groups.setdefault(name, {})[PARTS[part]] = values
        best = 0
        for epoch, value in enumerate(values):
            if is_better(name, value, values[best]) or math.isnan(values[best]):
                best = epoch
        label = f"{PARTS[part]} {name}".replace("_", " ")
        rows.append((label, f"{values[-1]:.4f}", f"{values[best]:.4f}", best + 1))
    charts = [chart(name.replace("_", " "), group) for name, group in groups.items()]
    length = count(len(history), "epoch")
    stopped = f"; stopped: {escaped(history.stopped)}" if history.stopped else ""
    return f"<p>{length}{stopped}</p><div>{''.join(charts[:MOST_CHARTS])}</div>" + table(
        ("", "last", "best", "in epoch"), rows
    )
