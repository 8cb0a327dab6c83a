"""The samples that a classifier gets most wrong."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.pictures.images import drawable
from glassnet.pictures.labels import as_labels, both_columns
from glassnet.pictures.words import class_labels

COLUMNS = 5


def worst_mistakes(
    images: Array,
    probabilities: Array,
    y: Array,
    class_names: Sequence[str] | None = None,
    count: int = 25,
    part: str = "",
) -> Figure | None:
    """Return a figure of the misclassified images with the highest loss, the worst first.

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
        As they came, unscaled; with three channels they are shown in colour.
    probabilities : ndarray, shape (N, K)
        Of the classes; (N, 1) is the probability of class 1.
    y : ndarray
        True labels (N,), or rows of probabilities.
    class_names : sequence of str, optional
    count : int
        How many to show at most.
    part : str
        What the title calls the samples: ``"test"``, ``"validation"``.

    Returns
    -------
    Figure or None
        None where the samples are no images.
    """
    if images.ndim != 4:
        return None
    p = np.nan_to_num(both_columns(probabilities))
    true, said = as_labels(y), p.argmax(axis=1)
    wrong = np.flatnonzero(said != true)
    samples = f"{len(true):,} {part} samples" if part else f"{len(true):,} samples"
    if not len(wrong):
        return style.message_figure(f"no mistakes in {samples}")
    # The loss is −log p of the true class: the highest where that is the smallest.
    worst = wrong[np.argsort(p[wrong, true[wrong]], kind="stable")][:count]

    labels = class_labels(class_names, p.shape[1], 13)
    in_one_line = max(map(len, labels)) <= 3
    columns = min(COLUMNS, len(worst))
    rows = -(-len(worst) // columns)
    height, width = images.shape[2:]
    tile_width, caption = 1.45, 0.26 if in_one_line else 0.42
    tile_height = float(np.clip(tile_width * height / width, 0.5, 3.0))
    figure = style.new_figure(
        max(tile_width * columns + 0.4, 4.6), (tile_height + caption) * rows + 0.7
    )
    panels = figure.subplots(rows, columns, squeeze=False)
    low, high = float(images[worst].min()), float(images[worst].max())
    for axes in panels.flat[len(worst) :]:
        axes.set_axis_off()
    for axes, i in zip(panels.flat, worst, strict=False):
        _show(axes, drawable(images[i], low, high))
        arrow = " → " if in_one_line else "\n→ "
        text = f"{labels[true[i]]}{arrow}{labels[said[i]]}  {100 * p[i, said[i]]:.0f} %"
        axes.set_title(text, fontsize=style.SMALL, color=style.INK, pad=3)
    shown = (
        f"{len(wrong):,}" if len(worst) == len(wrong) else f"worst {len(worst)} of {len(wrong):,}"
    )
    noun = "mistake" if len(wrong) == 1 else "mistakes"
    figure.suptitle(f"The {shown} {noun} in {samples}\n", fontsize=style.TITLE, color=style.INK)
    return figure


def _show(axes: Axes, image: Array) -> None:
    """Show an image in a thin frame, whatever its background."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(style.QUIET)
