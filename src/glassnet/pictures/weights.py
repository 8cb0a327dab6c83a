"""Weights as pictures: what a first layer looks for, and the kernels of a convolution."""

import math

import numpy as np
from matplotlib.figure import Figure

from glassnet.arrays import Shape
from glassnet.layers import Conv2d, Layer, Linear
from glassnet.pictures import style
from glassnet.pictures.images import columns_for, show_mosaic

MOST_UNITS = 64
MOST_CHANNELS = 32


def first_layer_weights(model: Layer, sample_shape: Shape) -> Figure | None:
    """Return heat maps of the weights of the first layer's units, as images.

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
    step = next(
        (s for s in model.steps(sample_shape) if isinstance(s.layer, (Linear, Conv2d))), None
    )
    if step is None or not isinstance(step.layer, Linear):
        return None
    if step.layer.in_features != math.prod(sample_shape):
        return None
    units = step.layer.out_features
    shown = min(units, MOST_UNITS)
    tiles = step.layer.weight.value[:shown].reshape(shown, *sample_shape).mean(axis=1)
    columns = columns_for(shown, *sample_shape[1:])
    rows = -(-shown // columns)
    width = min(8.5, 0.95 * columns + 1.4)
    height = (width - 1.2) / columns * rows * sample_shape[1] / sample_shape[2] + 0.7
    figure = style.new_figure(max(width, 4.2), min(max(height, 2.0), 10.0))
    axes = figure.subplots()
    image = show_mosaic(axes, tiles, columns)
    what = f"{units} units" if shown == units else f"the first {shown} of {units} units"
    style.bare(axes, f"Weights of {step.name or 'the layer'}: {what}")
    style.colour_bar(figure, image, axes, "weight")
    return figure


def convolution_kernels(layer: Conv2d, name: str = "") -> Figure:
    """Return heat maps of the kernels of a convolution: a column for each output channel.

    Of more than 32 input or output channels the first 32 are shown.

    Parameters
    ----------
    layer : Conv2d
    name : str
        The layer's name, for the title.
    """
    weight = layer.weight.value[:MOST_CHANNELS, :MOST_CHANNELS]
    outputs, inputs, high, wide = weight.shape
    columns = outputs if inputs > 1 else columns_for(outputs, high, wide)
    tiles = weight.transpose(1, 0, 2, 3).reshape(-1, high, wide)
    rows = -(-len(tiles) // columns)
    tile = float(np.clip(8 / max(columns, rows), 0.22, 0.9))
    figure = style.new_figure(
        max(tile * columns + 2.0, 4.6), max(tile * rows * high / wide, 1.2) + 1.0
    )
    axes = figure.subplots()
    image = show_mosaic(axes, tiles, columns, gap=3.0 if tile > 0.4 else 1.5)
    title = f"Kernels of layer {name}: {layer.in_channels} → {layer.out_channels} channels"
    if inputs == 1:
        style.bare(axes, title)
    else:
        style.dress(axes, "output channel", "input channel", title)
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_xticks(*_ticks(outputs, wide))
        axes.set_yticks(*_ticks(inputs, high))
        axes.tick_params(length=0)
    style.colour_bar(figure, image, axes, "weight")
    return figure


def _ticks(count: int, size: int) -> tuple[list[float], list[str]]:
    """Return where tiles have their middle, and their numbers: all, or every fifth."""
    numbers = range(0, count, 1 if count <= 16 else 5)
    return [i * size + (size - 1) / 2 for i in numbers], [str(i) for i in numbers]
