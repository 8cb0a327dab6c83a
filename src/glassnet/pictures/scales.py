"""What the axes of curves are called, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, NullFormatter, ScalarFormatter

from glassnet.arrays import Array
from glassnet.pictures.words import plain

NAMES = {
    "mae": "mean absolute error",
    "r2": "R²",
    "lr": "learning rate",
    "grad_norm": "gradient norm",
}


def axis_name(figure: str) -> str:
    """Return what the axis of a figure of merit is called.

    Examples
    --------
    >>> axis_name("mae"), axis_name("accuracy")
    ('mean absolute error', 'accuracy')
    """
    return plain(NAMES.get(figure, figure), 24)


def is_share(figure: str) -> bool:
    """Whether a figure of merit is a share, which is drawn as a percentage."""
    return figure == "accuracy" or figure.startswith("top")


def scale(axes: Axes, *, shares: bool, decades: int | None = None) -> None:
    """Choose limits, scale and numbers of the y axis by the values drawn."""
    if shares:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g}"))
        axes.set_ylabel(f"{axes.get_ylabel()} (%)")
        return
    values = np.array([value for line in axes.lines for value in np.asarray(line.get_ydata())])
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() > 100 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(LogFormatterMathtext())
        axes.yaxis.set_minor_formatter(NullFormatter())
        if decades is not None and values.max() > 10**decades * values.min():
            axes.set_ylim(values.max() / 10**decades, 1.6 * values.max())
        else:  # a band may reach down to zero, which is nowhere
            axes.set_ylim(bottom=values.min() / 1.6)
        return
    if len(values) and 0 < values.min() == values.max():
        axes.set_ylim(0, 2 * values[0])
    numbers = ScalarFormatter(useMathText=True)  # as many decimals for each as the finest needs
    numbers.set_powerlimits((-3, 5))
    axes.yaxis.set_major_formatter(numbers)


def finite(values: Iterable[float]) -> Array:
    """Return floats in which everything infinite is NaN, which leaves a gap in a line."""
    numbers = np.array(list(values), np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers
