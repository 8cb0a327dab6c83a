"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.pictures.words import class_labels

MOST_WITH_NUMBERS = 30
MOST_NAMES = 40


def confusion_matrix_figure(
    confusion: Array, class_names: Sequence[str] | None = None, part: str = ""
) -> Figure:
    """Return a figure of a confusion matrix: the counts, coloured by their share of their row.

    Colours follow the square root of the share, so that rare mistakes are seen. Up to 30 classes
    have their counts written in the cells.

    Parameters
    ----------
    confusion : ndarray of int, shape (K, K)
        Row: the true class; column: the predicted one.
    class_names : sequence of str, optional
    part : str
        What the title calls the samples: ``"test"``, ``"validation"``.

    Examples
    --------
    >>> figure = confusion_matrix_figure(np.array([[8, 2], [0, 10]]), part="test")
    >>> figure.axes[0].get_title(loc="left")
    '18 of 20 test samples right (90.0 %)'
    """
    confusion = np.asarray(confusion)
    classes = len(confusion)
    rows = confusion.sum(axis=1, keepdims=True)
    share = np.divide(confusion, rows, out=np.zeros(confusion.shape), where=rows > 0)

    side = min(max(0.48 * classes, 3.0), 9.5)
    figure = style.new_figure(side + 2.0, side + 1.2)
    axes = figure.subplots()
    style.dress(axes, "predicted class", "true class", _title(confusion, part))
    axes.grid(False)
    axes.spines[:].set_visible(False)
    image = axes.imshow(share, cmap="Blues", norm=PowerNorm(0.5, 0, 1))
    _name_axes(figure, class_labels(class_names, classes), side)
    if classes <= MOST_WITH_NUMBERS:
        size = min(11.0, 26 * side / classes / max(2.0, 0.8 * len(str(confusion.max()))))
        for i, j in np.argwhere(confusion):
            colour = "white" if share[i, j] > 0.35 else style.INK
            weight = "bold" if i == j else "normal"
            axes.text(
                j, i, str(confusion[i, j]), ha="center", va="center",
                fontsize=size, color=colour, fontweight=weight,
            )  # fmt: skip
    bar = style.colour_bar(figure, image, axes, "share of the true class (%)")
    bar.set_yticks([0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1])
    bar.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    return figure


def _title(confusion: Array, part: str) -> str:
    right, total = int(confusion.trace()), int(confusion.sum())
    samples = f"{part} samples" if part else "samples"
    if not total:
        return f"no {samples}"
    return f"{right:,} of {total:,} {samples} right ({100 * right / total:.1f} %)"


def _name_axes(figure: Figure, labels: tuple[str, ...], side: float) -> None:
    """Write the names of the classes at the ticks, as many as there is room for."""
    axes = figure.axes[0]
    places = range(0, len(labels), -(-len(labels) // MOST_NAMES))
    shown = [labels[i] for i in places]
    size = min(style.TEXT, 50 * side / len(labels)) if len(places) == len(labels) else 7.0
    is_long = max(map(len, shown)) > 0.11 * 72 * side / len(labels) / size * 10
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if is_long else {}
    axes.set_xticks(places, shown, fontsize=size, **turned)
    axes.set_yticks(places, shown, fontsize=size)
    axes.tick_params(length=0)
