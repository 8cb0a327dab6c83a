"""Loss and metric of every batch, against the iteration."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.errors import DataError
from glassnet.pictures import style
from glassnet.pictures.scales import axis_name, finite, is_share, scale
from glassnet.training import History

BESIDE = ("step", "lr", "grad_norm")
"""Columns of the steps that are no figures of merit."""

WINDOW = 0.02
"""Of the training: over so much of it the running mean goes."""


def step_curves(history: History) -> Figure:
    """Return a figure of a training, step by step: each batch, a running mean, and the validation.

    The running mean is over 2 % of the steps. Validation figures stand where their epoch ended.

    Parameters
    ----------
    history : History
        Recorded with ``record_steps``.

    Raises
    ------
    DataError
        If no steps were recorded.

    Examples
    --------
    >>> history = gn.History()
    >>> history.steps += [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.4}]
    >>> step_curves(history).axes[0].get_xlabel()
    'iteration (batches)'
    """
    names = [name for name in (history.steps or [{}])[0] if name not in BESIDE]
    if not names:
        raise DataError("no steps were recorded; train with training.record_steps = true")
    figure = style.new_figure(1.2 + 4.2 * len(names[:2]), 4.0)
    panels = figure.subplots(1, len(names[:2]), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=False):
        style.dress(axes, "iteration (batches)", axis_name(name))
        _draw(axes, history, name)
        scale(axes, shares=is_share(name))
    figure.legend(
        handles=panels[0].lines, loc="outside upper center", ncols=3, frameon=False,
        fontsize=style.TEXT, labelcolor=style.INK,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, history: History, name: str) -> None:
    steps = finite(record["step"] for record in history.steps)
    values = finite(record.get(name, np.nan) for record in history.steps)
    axes.plot(steps, values, color=style.BLUE, alpha=0.3, linewidth=0.6, label="each batch")
    axes.plot(
        steps, running_mean(values, max(1, round(WINDOW * len(values)))),
        color=style.BLUE, linewidth=1.8, label="running mean",
    )  # fmt: skip
    if f"valid_{name}" in history.columns:
        ends = np.arange(1, len(history) + 1) * (steps[-1] / len(history))
        axes.plot(
            ends, finite(history[f"valid_{name}"]), "s-", color=style.VERMILION, linewidth=1.4,
            markersize=4.5, markerfacecolor="white", label="validation, at an epoch's end",
        )  # fmt: skip


def running_mean(values: Array, window: int) -> Array:
    """Return at each step the mean of the last `window` values that are finite.

    Examples
    --------
    >>> running_mean(np.array([1.0, 3.0, 5.0]), 2)
    array([1., 2., 4.])
    """
    there = np.isfinite(values)
    sums = np.cumsum(np.concatenate([[0.0], np.where(there, values, 0.0)]))
    counts = np.cumsum(np.concatenate([[0], there]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - window, 0)
    n = counts[ends] - counts[begins]
    mean: Array = np.full(len(values), np.nan)
    np.divide(sums[ends] - sums[begins], n, out=mean, where=n > 0)
    return mean
