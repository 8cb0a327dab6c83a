"""Predicted against true values."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.training.metrics import mean_absolute_error, r2

MOST_OUTPUTS = 6
MOST_POINTS = 5000


def predicted_against_true(outputs: Array, y: Array, part: str = "") -> Figure:
    """Return a scatter of predicted against true values, a panel for each output.

    Of more than six outputs the first six are drawn, and of many samples 5,000 evenly chosen ones.

    Parameters
    ----------
    outputs : ndarray, shape (N, K)
    y : ndarray, shape (N,) or (N, K)
    part : str
        What the axes call the values: ``"test"``, ``"validation"``.
    """
    predicted = outputs.reshape(len(outputs), -1)
    true = y.reshape(predicted.shape)
    shown = min(predicted.shape[1], MOST_OUTPUTS)
    columns = min(shown, 3)
    rows = -(-shown // columns)
    figure = style.new_figure(4.6 * columns if shown > 1 else 5.4, 4.8 * rows)
    of_part = f" ({part})" if part else ""
    for k in range(shown):
        axes = figure.add_subplot(rows, columns, k + 1)
        error = mean_absolute_error(predicted[:, k], true[:, k])
        explained = r2(predicted[:, k], true[:, k])
        name = f"output {k + 1}: " if shown > 1 else ""
        title = f"{name}R² {explained:.3f}, mean absolute error {error:.3g}"
        style.dress(axes, f"true value{of_part}", f"predicted value{of_part}")
        axes.set_title(title, fontsize=style.TEXT, color=style.INK, loc="left")
        _scatter(axes, true[:, k], predicted[:, k])
    return figure


def _scatter(axes: Axes, true: Array, predicted: Array) -> None:
    chosen = np.linspace(0, len(true) - 1, min(len(true), MOST_POINTS)).astype(np.int64)
    axes.axline((0, 0), slope=1, color=style.INK, linewidth=1, linestyle="--", zorder=1)
    axes.plot(
        true[chosen], predicted[chosen], "o", color=style.BLUE, markersize=4.5,
        markeredgewidth=0.3, markeredgecolor="white", alpha=0.6 if len(chosen) > 200 else 0.9,
    )  # fmt: skip
    both = np.concatenate([true, predicted])
    both = both[np.isfinite(both)]
    low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    margin = 0.05 * (high - low) or 1.0
    axes.set_xlim(low - margin, high + margin)
    axes.set_ylim(low - margin, high + margin)
    axes.set_aspect("equal")
