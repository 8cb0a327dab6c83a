"""The charts of a training, from its history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from glassnet.experiments.confounds import PARTS
from glassnet.pictures.scales import is_share
from glassnet.report.charts import Chart, Series, line_chart
from glassnet.training import History

LOOKS = {"train": "blue", "valid": "orange", "penalty": "purple", "": "ink"}


def charts_of(history: History) -> list[Chart]:
    """Return the charts of a training: loss, metrics, rate, gradient norm; loss by step."""
    epochs = range(1, len(history) + 1)
    panels: dict[str, list[Series]] = {}
    for column in history.columns:
        part, _, name = column.partition("_")
        if part in ("train", "valid") and name:
            series = Series(PARTS[part], history[column], LOOKS[part])
            panels.setdefault(name, []).append(series)
    if "penalty" in history.columns and any(history["penalty"]):
        panels.setdefault("loss", []).append(Series("penalty", history["penalty"], "purple"))
    for column, name in (("lr", "learning rate"), ("grad_norm", "gradient norm")):
        if column in history.columns:
            panels[name] = [Series(name, history[column], "ink")]
    charts = [
        line_chart(name, "epoch", epochs, lines, shares=is_share(name))
        for name, lines in panels.items()
    ]
    if history.steps and "loss" in history.steps[0]:
        steps, loss = _averaged(history.steps, "loss")
        mean = Series("training, mean of neighbouring steps", loss, "blue")
        charts.append(line_chart("loss by iteration", "iteration", steps, [mean]))
    return [chart for chart in charts if chart is not None]


def _averaged(records: Sequence[Mapping[str, float]], name: str) -> tuple[list[int], list[float]]:
    """Return steps and values, neighbours averaged so that at most 300 are left."""
    width = -(-len(records) // 300)
    groups = [records[i : i + width] for i in range(0, len(records), width)]
    values = [float(np.mean([r.get(name, math.nan) for r in group])) for group in groups]
    return [min(i + width, len(records)) for i in range(0, len(records), width)], values
