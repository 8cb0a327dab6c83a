"""The confusion matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.pictures.words import class_labels, counted, widest

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
    # In inches: cells large enough for their numbers, all of them on a page.
    cell = max(min(8.5 / classes, 0.55), 3.2 / classes)
    figure = style.new_figure(cell * classes + 2.2, cell * classes + 1.4)
    axes = figure.subplots()
    style.dress(axes, "predicted class", "true class", _title(confusion, part))
    style.without_box(axes)
    image = axes.imshow(share, cmap="Blues", norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
    _name_classes(axes, class_labels(class_names, classes), 72 * cell)
    if classes <= MOST_WITH_NUMBERS:
        _write_counts(axes, confusion, share, 72 * cell)
    bar = style.colour_bar(figure, axes, image, "share of the true class (%)")
    bar.set_yticks([0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1])
    bar.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    return figure


def _title(confusion: Array, part: str) -> str:
    right, total = int(confusion.trace()), int(confusion.sum())
    sample = f"{part} sample".lstrip()
    if not total:
        return f"no {sample}s"
    return f"{right:,} of {counted(total, sample)} right ({100 * right / total:.1f} %)"


def _name_classes(axes: Axes, labels: tuple[str, ...], cell: float) -> None:
    """Write the names of the classes, as many as there is room for; `cell` is in points."""
    places = range(0, len(labels), -(-len(labels) // MOST_NAMES))
    shown = [labels[i] for i in places]
    size = float(np.clip(0.8 * cell * places.step, 5.0, style.TEXT))
    axes.set_yticks(places, shown, fontsize=size)
    axes.set_xticks(places, shown, fontsize=size)
    if 72 * widest(shown, size) > 0.95 * cell * places.step:
        for name in axes.get_xticklabels():
            name.set(rotation=45, ha="right", rotation_mode="anchor")


def _write_counts(axes: Axes, confusion: Array, share: Array, cell: float) -> None:
    """Write the counts into the cells, the right ones bold; between the cells are thin lines."""
    edges = np.arange(1, len(confusion)) - 0.5
    axes.hlines(edges, -0.5, len(confusion) - 0.5, colors="white", linewidth=1.0)
    axes.vlines(edges, -0.5, len(confusion) - 0.5, colors="white", linewidth=1.0)
    for i, j in np.argwhere(confusion):
        count = str(confusion[i, j])
        axes.text(
            j,
            i,
            count,
            ha="center",
            va="center",
            fontsize=min(style.TITLE, 0.5 * cell, 1.15 * cell / len(count)),
            fontweight="bold" if i == j else "normal",
            color="white" if share[i, j] > 0.3 else style.INK,
        )
