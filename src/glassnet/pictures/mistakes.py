"""The samples that a classifier gets most wrong."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.pictures import style
from glassnet.pictures.images import drawable
from glassnet.pictures.labels import as_labels, both_columns
from glassnet.pictures.words import class_labels, counted, widest

COLUMNS = 5


def worst_mistakes(
    images: Array,
    probabilities: Array,
    y: Array,
    class_names: Sequence[str] | None = None,
    count: int = 25,
    part: str = "",
) -> Figure | None:
    """Return a figure of the misclassified images, those whose true class seems least likely first.

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
    samples = counted(len(true), f"{part} sample".lstrip())
    if not len(wrong):
        return style.message_figure(f"no mistakes in {samples}")
    # The loss is −log p of the true class: the highest where that is the smallest.
    worst = wrong[np.argsort(p[wrong, true[wrong]], kind="stable")][:count]

    labels = class_labels(class_names, p.shape[1], 13)
    arrow = " → " if max(map(len, labels)) <= 3 else "\n→ "
    captions = [
        f"{labels[true[i]]}{arrow}{labels[said[i]]}: {_percent(p[i, said[i]])}\n"
        f"true: {_percent(p[i, true[i]])}"
        for i in worst
    ]
    return _gallery(images[worst], captions, _title(len(worst), len(wrong), samples))


def _title(shown: int, wrong: int, samples: str) -> str:
    which = counted(wrong, "mistake")
    if shown < wrong:
        which = f"The {shown} worst of {which}"
    return (
        f"{which} in {samples}: the less likely the true class seems, the worse\n"
        "true class → predicted class: its probability; that of the true class"
    )


def _percent(share: float) -> str:
    """Return a probability as a percentage, of small ones what matters.

    Examples
    --------
    >>> _percent(0.75), _percent(0.0123), _percent(0.00002)
    ('75 %', '1.2 %', '< 0.1 %')
    """
    if share >= 0.0995:
        return f"{100 * share:.0f} %"
    return f"{100 * share:.1f} %" if share >= 0.001 else "< 0.1 %"


def _gallery(images: Array, captions: list[str], title: str) -> Figure:
    """Return a figure of images (N, C, H, W) with a caption above each."""
    rows = -(-len(images) // COLUMNS)
    shape = images.shape[2] / images.shape[3]
    tile = 1.45 * min(1.0, 1 / shape)
    lines = [line for caption in captions for line in caption.split("\n")]
    pitch = max(tile, 0.1 + widest(lines, style.SMALL))
    above = 0.3 + 0.16 * captions[0].count("\n")
    figure = style.new_figure(pitch * COLUMNS + 0.2, (tile * shape + above) * rows + 0.6)
    figure.suptitle(title, x=0.02, ha="left", fontsize=style.TEXT, color=style.INK)
    low, high = float(images.min()), float(images.max())
    for place, image in enumerate(images):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        _show(axes, drawable(image, low, high))
        axes.set_title(captions[place], fontsize=style.SMALL, color=style.INK, pad=5)
    return figure


def _show(axes: Axes, image: Array) -> None:
    """Show an image in a thin frame, whatever its background."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(style.QUIET)
