"""Several runs in one chart: the mean of each group, and its 95 % interval over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from glassnet.experiments import Comparison
from glassnet.experiments.confounds import PARTS
from glassnet.experiments.groups import Group
from glassnet.experiments.intervals import mean_of
from glassnet.report.charts import Chart, Series, line_chart

LOOKS = ("blue", "orange", "green", "purple", "sky", "vermilion", "ink")
MOST_GROUPS = len(LOOKS)


def family_charts(comparison: Comparison) -> list[Chart]:
    """Return a chart of each figure that all runs recorded, a line for every group."""
    groups = comparison.groups[:MOST_GROUPS]
    runs = [run for group in groups for run in group.runs]
    common = [c for c in runs[0].history.columns if all(c in run.history.columns for run in runs)]
    charts = []
    for column in common:
        part, _, name = column.partition("_")
        if part not in PARTS or name not in ("loss", "accuracy", "mae", "r2"):
            continue
        lines = [_line(group, column, look) for group, look in zip(groups, LOOKS, strict=False)]
        longest = max(len(line.values) for line in lines)
        padded = [_padded(line, longest) for line in lines]
        title = f"{PARTS[part]} {name}"
        epochs = range(1, longest + 1)
        charts.append(line_chart(title, "epoch", epochs, padded, shares=name == "accuracy"))
    return [chart for chart in charts if chart is not None]


def _line(group: Group, column: str, look: str) -> Series:
    """Return the mean over a group's runs; where some have ended, over the others."""
    columns = [run.history[column] for run in group.runs]
    longest = max(map(len, columns))
    found = [
        mean_of([c[i] for c in columns if i < len(c) and math.isfinite(c[i])])
        for i in range(longest)
    ]
    several = len(columns) > 1
    name = " ".join(filter(None, (group.letter, str(group.runs[0].config.get("name") or ""))))
    name += f" ({len(columns)} seeds)" if several else ""
    low, high = ([e.low for e in found], [e.high for e in found]) if several else ([], [])
    return Series(name, [e.value for e in found], look, low, high)


def _padded(line: Series, length: int) -> Series:
    """Return the line with gaps up to that length."""

    def pad(values: Sequence[float]) -> list[float]:
        return [*values, *[math.nan] * (length - len(values))] if values else []

    return Series(line.name, pad(line.values), line.look, pad(line.low), pad(line.high))
