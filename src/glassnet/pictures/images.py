"""Many small pictures in one."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from glassnet.arrays import Array


def drawable(image: Array, low: float, high: float) -> Array:
    """Return an image (C, H, W) as 0..1: (H, W) of its mean channel, or (H, W, 3) in colour."""
    spread = high - low if high > low else 1.0
    scaled = np.clip((image.astype(np.float64) - low) / spread, 0, 1)
    return scaled.transpose(1, 2, 0) if len(image) == 3 else scaled.mean(axis=0)


def mosaic(tiles: Array, columns: int) -> Array:
    """Return tiles (T, H, W) side by side, row after row; NaN where no tile is left.

    Examples
    --------
    >>> mosaic(np.arange(3.0).reshape(3, 1, 1), columns=2)
    array([[ 0.,  1.],
           [ 2., nan]])
    """
    count, height, width = tiles.shape
    rows = -(-count // columns)
    grid = np.full((rows * columns, height, width), np.nan)
    grid[:count] = tiles
    grid = grid.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return grid.reshape(rows * height, columns * width)


def show_mosaic(axes: Axes, tiles: Array, columns: int, gap: float = 3.0) -> AxesImage:
    """Draw tiles of weights, white lines of `gap` points between them, colours symmetric about 0.

    Blue is negative, red positive, as in a thermometer.
    """
    largest = float(np.abs(tiles).max(initial=0)) or 1.0
    joined = mosaic(tiles, columns)
    image = axes.imshow(joined, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
    (height, width), (rows, across) = tiles.shape[1:], joined.shape
    below, right = np.arange(height, rows, height), np.arange(width, across, width)
    axes.hlines(below - 0.5, -0.5, across - 0.5, colors="white", linewidth=gap)
    axes.vlines(right - 0.5, -0.5, rows - 0.5, colors="white", linewidth=gap)
    return image


def columns_for(count: int, height: int = 1, width: int = 1, ratio: float = 1.6) -> int:
    """Return how many columns bring tiles of that size to about that ratio of width to height.

    A number that fills all rows is preferred, if one is near.

    Examples
    --------
    >>> columns_for(64), columns_for(10), columns_for(7)
    (8, 5, 4)
    """
    wanted = float(np.sqrt(count * ratio * height / width))
    near = [n for n in range(1, count + 1) if count % n == 0 and 0.7 < n / wanted < 1.4]
    if near:
        return min(near, key=lambda n: abs(n - wanted))
    return min(count, max(1, int(np.ceil(wanted))))
