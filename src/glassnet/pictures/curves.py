"""Loss, metrics, learning rate and gradient norm over a training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from glassnet.pictures import style
from glassnet.pictures.scales import axis_name, finite, is_share, scale
from glassnet.training import History

FEW_EPOCHS = 3
"""With so few, the steps are drawn too, if the history has them."""

MOST_METRICS = 2

RATE_DECADES = 4


class Look(NamedTuple):
    """How a column of the history is drawn; colours and marks both tell lines apart."""

    label: str
    colour: str
    line: str = "-"
    marker: str = "o"
    fill: str | None = None


LOOKS = {
    "train": Look("training", style.BLUE),
    "valid": Look("validation", style.VERMILION, marker="s", fill="white"),
    "penalty": Look("penalty", style.PURPLE, line="--", marker="D"),
    "lr": Look("", style.INK),
    "grad": Look("", style.INK),
}
"""By the part of a column's name before the first "_"."""

STEPS = {"train_loss": "loss", "lr": "lr", "grad_norm": "grad_norm"}
"""Columns that are drawn for steps too, and their names there."""


def training_curves(history: History, best_epoch: int | None = None) -> Figure:
    """Return a figure of a training: loss and metrics, learning rate and gradient norm by epoch.

    Whatever the history lacks is left out; figures that are not finite leave gaps. An axis is
    logarithmic where its values, all above zero, span more than two decades; that of the learning
    rate shows four decades at most, for some schedules end at almost nothing.

    Parameters
    ----------
    history : History
        If it has few epochs and was recorded step by step, the steps are drawn too.
    best_epoch : int, optional
        Marked by a line; counted from 1.

    Examples
    --------
    >>> history = gn.History()
    >>> history.epochs += [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.4}]
    >>> training_curves(history).axes[0].get_ylabel()
    'loss'
    """
    if not history.epochs:
        return style.message_figure("no epoch was finished")
    large, small = _large_panels(history), _small_panels(history)
    figure = style.new_figure(1.2 + 4.2 * len(large), 5.6 if small else 4.0)
    grid = figure.add_gridspec(2 if small else 1, 6, height_ratios=[2.4, 1] if small else None)
    for row, panels in enumerate((large, small)):
        for i, (name, columns) in enumerate(panels.items()):
            width = 6 // len(panels)
            axes = figure.add_subplot(grid[row, i * width : (i + 1) * width])
            _draw(axes, history, name, columns)
            if best_epoch is not None and panels is large:
                axes.axvline(
                    best_epoch, label=f"best epoch: {best_epoch}",
                    color=style.QUIET, linestyle=":", linewidth=1.8, zorder=1,
                )  # fmt: skip
    _legend(figure, figure.axes[: len(large)])
    return figure


def _large_panels(history: History) -> dict[str, list[str]]:
    """Return the columns to draw by the figure they show: loss (and penalty), then metrics."""
    columns = history.columns
    panels: dict[str, list[str]] = {"loss": []}
    for column in columns:
        part, _, name = column.partition("_")
        if part in ("train", "valid") and (name in panels or len(panels) <= MOST_METRICS):
            panels.setdefault(name, []).append(column)
    if "penalty" in columns and np.nan_to_num(history["penalty"]).any():
        panels["loss"].append("penalty")
    return panels


def _small_panels(history: History) -> dict[str, list[str]]:
    return {name: [name] for name in ("lr", "grad_norm") if name in history.columns}


def _draw(axes: Axes, history: History, name: str, columns: list[str]) -> None:
    """Draw columns of a history against the epoch."""
    style.dress(axes, "epoch", axis_name(name))
    epochs = np.arange(1, len(history) + 1)
    by_steps = bool(history.steps) and len(history) <= FEW_EPOCHS
    for column in columns:
        look = LOOKS[column.partition("_")[0]]
        if by_steps and column in STEPS:
            _draw_steps(axes, history, STEPS[column], look)
        axes.plot(
            epochs, finite(history[column]), look.line, color=look.colour, label=look.label,
            linewidth=1.8, marker=look.marker, markersize=4.5, markerfacecolor=look.fill,
            markevery=_marked(len(epochs)),
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    if by_steps:
        axes.set_xlim(-0.05 * len(epochs), 1.05 * len(epochs))
    elif len(epochs) == 1:
        axes.set_xlim(0.5, 1.5)
    scale(
        axes,
        shares=is_share(name),
        decades=RATE_DECADES if name == "lr" else None,
    )


def _draw_steps(axes: Axes, history: History, name: str, look: Look) -> None:
    """Draw a column of the steps, thinly; the last step ends the last epoch."""
    steps = finite(record["step"] for record in history.steps)
    values = finite(record.get(name, np.nan) for record in history.steps)
    axes.plot(
        steps * (len(history) / steps[-1]), values, color=look.colour, alpha=0.45, linewidth=0.8,
        label=f"{look.label}, each step" if look.label else "",
    )  # fmt: skip


def _marked(epochs: int) -> tuple[int, int]:
    """Return the first epoch to mark, from 0, and the distance of the others: the last is one."""
    distance = -(-epochs // 20)
    return (epochs - 1) % distance, distance


def _legend(figure: Figure, panels: list[Axes]) -> None:
    """Put one legend above all panels: a colour means the same in each."""
    entries: dict[str, Line2D] = {}
    for axes in panels:
        for line in axes.lines:
            entries.setdefault(str(line.get_label()), line)
    figure.legend(
        list(entries.values()), list(entries), loc="outside upper center", ncols=len(entries),
        frameon=False, fontsize=style.TEXT, labelcolor=style.INK,
    )  # fmt: skip
