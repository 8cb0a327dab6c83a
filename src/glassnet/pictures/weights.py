"""Weights as pictures: what a first layer looks for, and the kernels of a convolution."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from glassnet.arrays import Array, Shape
from glassnet.layers import Conv2d, Layer, Linear
from glassnet.pictures import style
from glassnet.pictures.images import columns_for, show_mosaic
from glassnet.pictures.words import counted

MOST_UNITS = 64
MOST_CHANNELS = 32
MOST_MATRICES = 6


def first_layer_weights(model: Layer, sample_shape: Shape) -> Figure | None:
    """Return heat maps of the weights of the first layer's units, each in the shape of a sample.

    Of several channels the mean is shown, and of many units the first 64.

    Parameters
    ----------
    model : Layer
    sample_shape : tuple of int
        (C, H, W).

    Returns
    -------
    Figure or None
        None where the samples are no images, or the first layer with weights is not a Linear.
    """
    if len(sample_shape) != 3:
        return None
    weighted = (pair for pair in innermost(model) if isinstance(pair[1], (Linear, Conv2d)))
    name, layer = next(weighted, ("", None))
    if not isinstance(layer, Linear) or layer.in_features != math.prod(sample_shape):
        return None
    units = layer.out_features
    shown = min(units, MOST_UNITS)
    tiles = layer.weight.value[:shown].reshape(shown, *sample_shape).mean(axis=1)
    count = counted(units, "unit")
    if shown < units:
        count = f"the first {shown} of {count}"
    return _heat_maps(tiles, columns_for(shown, *tiles.shape[1:]), f"Weights{_of(name)}: {count}")


def weight_matrices(model: Layer) -> Figure | None:
    """Return heat maps of the weight matrices of the linear layers, up to six.

    A row of a matrix is an output unit, a column an input.

    Returns
    -------
    Figure or None
        None where the model has no Linear.
    """
    linear = [(n, layer) for n, layer in innermost(model) if isinstance(layer, Linear)]
    if not linear:
        return None
    shown = linear[:MOST_MATRICES]
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    figure = style.new_figure(max(0.4 + 3.6 * columns, 5.0), 0.5 + 2.9 * rows)
    for place, (name, layer) in enumerate(shown):
        axes = figure.add_subplot(rows, columns, place + 1)
        weight = layer.weight.value
        largest = float(np.abs(weight).max(initial=0)) or 1.0
        image = axes.imshow(
            weight, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto",
            interpolation="nearest" if weight.size < 4000 else "auto",
        )  # fmt: skip
        style.dress(axes, "input", "unit")
        style.without_box(axes)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, integer=True))
        title = f"{name or 0}: {layer.in_features} → {layer.out_features}"
        axes.set_title(title, fontsize=style.TEXT, color=style.INK, loc="left")
        bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=style.SMALL, color=style.QUIET, labelcolor=style.INK)
    which = f" of the first {len(shown)} linear layers" if len(shown) < len(linear) else ""
    figure.suptitle(
        f"Weight matrices{which}: blue is negative, red positive", x=0.02, ha="left",
        fontsize=style.TITLE, color=style.INK,
    )  # fmt: skip
    return figure


def convolution_kernels(layer: Conv2d, name: str = "") -> Figure:
    """Return heat maps of the kernels of a convolution.

    A column holds the kernels of an output channel, a row those of an input channel; with a single
    input channel they simply follow each other. Of more than 32 channels the first 32 are shown.

    Parameters
    ----------
    layer : Conv2d
    name : str
        The layer's name, for the title.
    """
    weight = layer.weight.value[:MOST_CHANNELS, :MOST_CHANNELS]
    outputs, inputs, height, width = weight.shape
    tiles = weight.transpose(1, 0, 2, 3).reshape(-1, height, width)
    title = f"Kernels{_of(name)}: {layer.in_channels} → {layer.out_channels} channels"
    if inputs == 1:
        return _heat_maps(tiles, columns_for(outputs, height, width), title)
    figure = _heat_maps(tiles, outputs, title)
    axes = figure.axes[0]
    style.dress(axes, "output channel", "input channel")
    style.without_box(axes)
    axes.set_xticks(*_ticks(outputs, width))
    axes.set_yticks(*_ticks(inputs, height))
    return figure


def innermost(layer: Layer, name: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield name and layer of each layer that holds no others, in order."""
    children = list(layer.children())
    if not children:
        yield name, layer
    for inner, child in children:
        yield from innermost(child, f"{name}.{inner}" if name else inner)


def _heat_maps(tiles: Array, columns: int, title: str) -> Figure:
    """Return a figure of tiles (T, H, W), so many in a row, with the scale of their colours."""
    rows = -(-len(tiles) // columns)
    height, width = tiles.shape[1:]
    tile = float(np.clip(7 / max(columns, 1.3 * rows), 0.22, 1.1))
    down, across = tile * rows * max(1, height / width), tile * columns * max(1, width / height)
    figure = style.new_figure(across + 1.6, down + 1.0)
    axes = figure.subplots()
    image = show_mosaic(axes, tiles, columns, gap=4.5 if tile > 0.8 else 3.0 if tile > 0.4 else 1.5)
    style.dress(axes, "", "", title)
    style.without_box(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    style.colour_bar(figure, axes, image, "weight")
    return figure


def _of(name: str) -> str:
    return f" of layer {name}" if name else ""


def _ticks(count: int, size: int) -> tuple[list[float], list[str]]:
    """Return where tiles have their middle, and their numbers: all, or every fifth."""
    numbers = range(0, count, 1 if count <= 16 else 5)
    return [i * size + (size - 1) / 2 for i in numbers], [str(i) for i in numbers]
