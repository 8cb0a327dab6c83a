"""What each layer of a convolutional network makes of one image."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.layers import Layer
from glassnet.pictures import style
from glassnet.pictures.images import drawable, show_mosaic
from glassnet.pictures.labels import as_labels, both_columns
from glassnet.pictures.words import class_labels
from glassnet.training import LayerOutput, layer_outputs

MOST_CHANNELS = 12
MOST_LAYERS = 12
TILE = 0.72
"""Inches."""


def feature_maps(model: Layer, dataset: Dataset, sample: int = 0) -> Figure | None:
    """Return a figure of one image and, row by row, the maps that every layer makes of it.

    A row is a layer whose output still is an image, up to twelve of its channels, all with one
    scale: blue is negative, white zero, red positive, the deepest colour the row's largest value.

    Parameters
    ----------
    model : Layer
    dataset : Dataset
        Of images.
    sample : int
        Which one.

    Returns
    -------
    Figure or None
        None where the samples are no images, or the model makes no maps of them.
    """
    if len(dataset.sample_shape) != 3:
        return None
    x, _ = dataset.batch([sample], model.dtype)
    maps = [found for found in layer_outputs(model, x) if _is_image(found.output)][:MOST_LAYERS]
    if not maps:
        return None
    channels = min(MOST_CHANNELS, max(found.output.shape[1] for found in maps))
    columns = max(channels, 4)
    heights = [1.0] + [min(1.6, f.output.shape[2] / f.output.shape[3]) for f in maps]
    figure = style.new_figure(1.7 + TILE * columns, 0.7 + (TILE + 0.14) * sum(heights))
    grid = figure.add_gridspec(len(maps) + 1, columns, height_ratios=heights)
    image = figure.add_subplot(grid[0, 0])
    raw = dataset.raw[sample]
    shown = drawable(raw, float(raw.min()), float(raw.max()))
    image.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    _label(image, f"input\n{_sizes(raw)}")
    for row, found in enumerate(maps, start=1):
        tiles = found.output[0, :MOST_CHANNELS]
        axes = figure.add_subplot(grid[row, : len(tiles)])
        show_mosaic(axes, np.nan_to_num(tiles), len(tiles), gap=2.5)
        _label(axes, _caption(found))
    figure.suptitle(
        _title(model, dataset, sample, x), x=0.02, ha="left", fontsize=style.TITLE, color=style.INK
    )
    return figure


def _is_image(output: Array) -> bool:
    return output.ndim == 4 and output.shape[2] * output.shape[3] > 1


def _label(axes: Axes, text: str) -> None:
    style.dress(axes, "", "")
    style.without_box(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_anchor("W")
    axes.set_ylabel(
        text, rotation=0, ha="right", va="center", fontsize=style.SMALL, color=style.INK
    )


def _caption(found: LayerOutput) -> str:
    channels = found.output.shape[1]
    shown = f", {MOST_CHANNELS} shown" if channels > MOST_CHANNELS else ""
    return f"{found.name} {type(found.layer).__name__}\n{_sizes(found.output[0])}{shown}"


def _sizes(image: Array) -> str:
    return "×".join(map(str, image.shape))


def _title(model: Layer, dataset: Dataset, sample: int, x: Array) -> str:
    """Say what the image is, and what the model says it is."""
    title = f"Feature maps of sample {sample}"
    if dataset.classes is None:
        return title
    p = both_columns(model.predict_proba(x))[0]
    names = class_labels(dataset.class_names, max(dataset.classes, len(p)))
    true, said = as_labels(dataset.y[[sample]])[0], int(np.nan_to_num(p).argmax())
    return f"{title}: class {names[true]}, predicted {names[said]} ({100 * p[said]:.0f} %)"
