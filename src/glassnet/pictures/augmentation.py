"""What an augmentation makes of images."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.augmentation import Transform
from glassnet.data import Dataset
from glassnet.pictures import style
from glassnet.pictures.images import drawable
from glassnet.pictures.words import class_labels, widest

MOST_ROWS = 10
MOST_COLUMNS = 12


def augmentation_preview(
    dataset: Dataset, examples: Sequence[tuple[str, Transform]], rng: np.random.Generator
) -> Figure | None:
    """Return a figure of images, each beside what augmentations make of it, with its label.

    Parameters
    ----------
    dataset : Dataset
        The first image of each of the first classes is shown; where there are no classes, the
        first images.
    examples : sequence of (str, Augmentation)
        A column each, under that name; equal names next to each other stand once.
    rng : numpy.random.Generator

    Returns
    -------
    Figure or None
        None where the samples are no images.

    Examples
    --------
    >>> data, turn = gn.data.load("digits").train, gn.augmentation.Rotate(20)
    >>> columns = [("turned", turn)] * 5
    >>> figure = augmentation_preview(data, columns, np.random.default_rng(0))
    >>> len(figure.axes)
    60
    """
    if dataset.raw.ndim != 4:
        return None
    examples = examples[:MOST_COLUMNS]
    chosen = _chosen(dataset)
    originals = dataset.raw[chosen]
    columns = [originals, *(change(originals, rng) for _, change in examples)]
    names = ["original", *(name for name, _ in examples)]
    headings = [
        "" if i and name == names[i - 1] else _spread(name, names) for i, name in enumerate(names)
    ]
    labels = _labels(dataset, chosen)
    low, high = float(originals.min()), float(originals.max())
    height, width = originals.shape[2:]
    tile = max(0.9, 0.15 + widest([name for name in names if names.count(name) == 1], style.SMALL))
    tall = min(2.0, tile * height / width)
    figure = style.new_figure(
        tile * len(columns) + widest(labels, style.TEXT) + 0.4, (tall + 0.05) * len(chosen) + 0.75
    )
    figure.suptitle(
        "Augmentation: every image of a row keeps the label at its left",
        x=0.02, ha="left", fontsize=style.TEXT, color=style.INK,
    )  # fmt: skip
    grid = figure.subplots(len(chosen), len(columns), squeeze=False)
    for (row, column), axes in np.ndenumerate(grid):
        _show(axes, drawable(columns[column][row], low, high))
        if row == 0 and headings[column]:
            axes.set_title(headings[column], fontsize=style.SMALL, color=style.INK, loc="left")
        if column == 0:
            axes.set_ylabel(
                labels[row], fontsize=style.TEXT, color=style.INK,
                rotation=0, ha="right", va="center",
            )  # fmt: skip
    return figure


def _chosen(dataset: Dataset) -> Array:
    if dataset.classes is None:
        return np.arange(min(MOST_ROWS, len(dataset)))
    _, first = np.unique(dataset.y, return_index=True)
    return first[:MOST_ROWS]


def _labels(dataset: Dataset, chosen: Array) -> list[str]:
    if dataset.classes is None:
        return [""] * len(chosen)
    names = class_labels(dataset.class_names, dataset.classes)
    return [names[label] for label in dataset.y[chosen]]


def _spread(name: str, names: Sequence[str]) -> str:
    """Return a heading; one that stands for the columns to its right too has an arrow."""
    return f"{name} →" if names.count(name) > 1 else name


def _show(axes: Axes, image: Array) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(style.QUIET)
