"""Loss, metrics, learning rate and gradient norm over a training."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.pictures.words import plain
from glassnet.training import History

FEW_EPOCHS = 3
"""With so few, the steps are drawn too, if the history has them."""

LINES = {
    "train": ("training", style.BLUE, "-"),
    "valid": ("validation", style.VERMILION, "-"),
    "penalty": ("penalty", style.PURPLE, "--"),
    "lr": ("", style.INK, "-"),
    "grad_norm": ("", style.INK, "-"),
}
"""What a column, or the part of its name before "_", is called and how it is drawn."""

STEPS = {"train_loss": "loss", "lr": "lr", "grad_norm": "grad_norm"}
"""Columns of epochs that steps have too, and their names there."""

NAMES = {
    "mae": "mean absolute error",
    "r2": "R²",
    "lr": "learning rate",
    "grad_norm": "gradient norm",
}


def training_curves(history: History, best_epoch: int | None = None) -> Figure:
    """Return a figure of a training: loss and metrics, learning rate and gradient norm by epoch.

    Whatever the history lacks is left out; figures that are not finite leave gaps. An axis is
    logarithmic where its values, all above zero, span more than two decades.

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
    columns = history.columns
    losses = [c for c in ("train_loss", "valid_loss") if c in columns]
    if np.nan_to_num(np.array(history["penalty"] if "penalty" in columns else 0)).any():
        losses.append("penalty")
    metrics = {c.partition("_")[2]: c for c in columns if c.startswith(("train_", "valid_"))}
    names = ["loss", *[name for name in metrics if name != "loss"][:2]]
    small = [c for c in ("lr", "grad_norm") if c in columns]

    figure = style.new_figure(1.2 + 4.2 * len(names), 5.6 if small else 4.0)
    grid = figure.add_gridspec(2 if small else 1, 6, height_ratios=[2.4, 1] if small else None)
    for i, name in enumerate(names):
        axes = figure.add_subplot(grid[0, i * 6 // len(names) : (i + 1) * 6 // len(names)])
        shown = losses if name == "loss" else [f"{p}_{name}" for p in ("train", "valid")]
        _draw(axes, history, [c for c in shown if c in columns], name)
        if best_epoch is not None:
            label = f"best epoch: {best_epoch}"
            axes.axvline(best_epoch, color=style.QUIET, linestyle=":", linewidth=1.5, label=label)
    for i, name in enumerate(small):
        axes = figure.add_subplot(grid[1, i * 6 // len(small) : (i + 1) * 6 // len(small)])
        _draw(axes, history, [name], name)
    _legend(figure, figure.axes[: len(names)])
    return figure


def _draw(axes: Axes, history: History, columns: list[str], name: str) -> None:
    """Draw columns of a history against the epoch."""
    style.dress(axes, "epoch", plain(NAMES.get(name, name), 24))
    epochs = _finite(history["epoch"] if "epoch" in history.columns else range(1, len(history) + 1))
    by_steps = bool(history.steps) and len(history) <= FEW_EPOCHS
    for column in columns:
        label, colour, line = LINES.get(column) or LINES[column.partition("_")[0]]
        if by_steps and column in STEPS:
            _draw_steps(axes, history, STEPS[column], epochs[-1], label, colour)
        marker = "o" if len(history) <= 30 else ""
        axes.plot(
            epochs, _finite(history[column]), line, color=colour, label=label,
            marker=marker, markersize=4, linewidth=1.8,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if len(history) == 1:
        axes.set_xlim(0 if by_steps else epochs[0] - 0.5, epochs[0] + (0.05 if by_steps else 0.5))
    _scale(axes, is_share=name == "accuracy" or name.startswith("top"))


def _draw_steps(
    axes: Axes, history: History, name: str, epoch: float, label: str, colour: str
) -> None:
    """Draw a column of the steps, thinly; the last step ends the last epoch."""
    steps = _finite(record["step"] for record in history.steps)
    values = _finite(record.get(name, np.nan) for record in history.steps)
    axes.plot(
        steps * (epoch / steps[-1]), values, color=colour, alpha=0.4, linewidth=0.8,
        label=f"{label}, each step" if label else "",
    )  # fmt: skip


def _scale(axes: Axes, *, is_share: bool) -> None:
    """Choose limits, scale and numbers of the y axis by the values drawn."""
    values = np.concatenate([_finite(line.get_ydata()) for line in axes.lines] or [np.empty(0)])
    values = values[np.isfinite(values)]
    if is_share:
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        axes.set_ylabel(axes.get_ylabel() + " (%)")
        return
    if len(values) and values.min() > 0 and values.max() > 100 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif len(values) and values.min() == values.max() > 0:
        axes.set_ylim(0, 2 * values[0])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


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


def _finite(values: Iterable[float]) -> Array:
    """Return floats in which everything infinite is NaN, which leaves a gap in a line."""
    numbers = np.array(list(values), np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers
