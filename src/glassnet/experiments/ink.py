"""Telling ink from paper in a photograph: light that falls unevenly, noise, frames, specks."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from glassnet.arrays import Array

FAINTEST = 0.05
"""Of the full range: what differs less from the paper is no ink."""

HALF = 0.4
"""Of full ink: where a stroke ends."""

SMALLEST = 0.02
"""Of the largest piece of ink: what is smaller is dirt."""


def find_ink(image: Array) -> Array | None:
    """Return how much ink is at each place of a picture, or None where there is none.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        Grey, from 0 to 1; the ink may be dark on light or light on dark.

    Returns
    -------
    ndarray or None
        From 0, the paper, to 1, full ink; without a frame around the sheet it may be smaller than
        the picture.
    """
    image = image.astype(np.float64)
    if np.ptp(image) < FAINTEST:
        return None
    image = _without_frame(image)
    paper = _paper(image)
    apart = image - paper
    if (apart**3).sum() < 0:  # the ink is what lies far from the paper: here it is darker
        apart = -apart
    smooth = ndimage.gaussian_filter(apart, 1.0) if min(image.shape) >= 100 else apart
    noise = _noise(smooth)
    candidates = smooth[smooth > max(FAINTEST, 4 * noise)]
    if not len(candidates):
        return None
    full = float(np.quantile(candidates, 0.9))
    if full < 6 * noise:  # noise reaches as far
        return None
    pieces = _drawing(smooth > HALF * full)
    if not pieces.any():
        return None
    around = ndimage.binary_dilation(pieces, iterations=2)
    floor = min(2 * _noise(apart), HALF * full)
    ink: Array = np.where(around, np.clip((apart - floor) / (full - floor), 0, 1), 0)
    return ink


def stroke_width(ink: Array) -> float:
    """Return the typical width of strokes, in pixels: twice their area by their outline.

    Examples
    --------
    >>> bar = np.zeros((9, 60))
    >>> bar[3:6, 5:55] = 1
    >>> round(stroke_width(bar), 1)
    2.8
    """
    padded = np.pad(ink, 1)
    down, right = np.diff(padded, axis=0)[:, 1:], np.diff(padded, axis=1)[1:]
    outline = float(np.hypot(down, right).sum())
    return 2 * float(ink.sum()) / outline if outline else 0.0


def thickened(ink: Array, usual: float) -> Array:
    """Draw strokes that are much thinner than usual with a broader pen, in a larger frame.

    Parameters
    ----------
    ink : ndarray, shape (H, W)
    usual : float
        The usual width of a stroke, as a part of the drawing's longer side.
    """
    drawn = ink > HALF
    if not drawn.any():  # faint all over: no stroke to measure
        return ink
    sides = [np.ptp(np.flatnonzero(drawn.any(axis=axis))) + 1 for axis in (0, 1)]
    width, side = stroke_width(drawn.astype(np.float64)), float(max(sides))
    if width >= 0.7 * usual * side:
        return ink
    # A pen broader by 2r makes the drawing larger by 2r too: width + 2r = usual (side + 2r).
    r = (usual * side - width) / (2 * (1 - usual))
    ink = np.pad(ink, int(r) + 1)
    distance = ndimage.distance_transform_edt(ink <= HALF)
    return np.maximum(ink, np.clip(r + 0.5 - distance, 0, 1))


def _without_frame(image: Array) -> Array:
    """Cut away a border of another brightness, if what it surrounds is a sheet with something on.

    The ring of an O is no frame: inside a frame there is more paper than ink.
    """
    light = image > _otsu(image)
    ring = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    if 0.1 < ring.mean() < 0.9:
        return image
    sheet = light != (ring.mean() > 0.5)
    pieces, count = ndimage.label(sheet)
    if not count:
        return image
    largest = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    box = ndimage.find_objects(largest.astype(np.int64))[0]
    inside = largest[box]
    spans = all(n >= 0.75 * whole for n, whole in zip(inside.shape, image.shape, strict=True))
    if not spans or inside.mean() < 0.6 or ndimage.binary_fill_holes(inside).mean() < 0.95:
        return image
    margin = 2 if min(inside.shape) > 50 else 1
    return image[box][margin:-margin, margin:-margin]


def _paper(image: Array) -> Array:
    """Return the brightness of the paper everywhere: a smooth surface through what is no ink.

    It is a plane through the border at first, then a quadratic one through all that lies near it.
    """
    height, width = image.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    at_border = np.maximum(np.abs(x), np.abs(y)) > 0.88
    thinned = slice(None, None, max(1, image.size // 20_000))
    surface = np.array([np.median(image[at_border]), 0, 0, 0, 0, 0])
    for step in range(10):
        if step < 4:
            count, chosen, values = 3, terms[at_border], image[at_border]
        else:
            count, chosen, values = 6, terms.reshape(-1, 6)[thinned], image.reshape(-1)[thinned]
        apart = values - chosen @ surface
        if step < 4:
            near = max(0.06, 3 * _spread(apart))
        paper = np.abs(apart) <= near
        surface[:count] = np.linalg.lstsq(chosen[paper, :count], values[paper], rcond=None)[0]
    return np.asarray(terms @ surface)


def _drawing(ink: Array) -> Array:
    """Keep the pieces of ink that are the drawing: no specks, no edges of the sheet.

    A piece that runs along most of a side of the picture is an edge, unless there is nothing else.
    """
    pieces, count = ndimage.label(ink, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    areas[0] = 0
    edges = [
        k
        for side in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1])
        for k in np.flatnonzero(np.bincount(side, minlength=count + 1) > len(side) / 2)
    ]
    inner = areas.copy()
    inner[edges] = 0
    if inner.max() > 0:
        areas = inner
    kept: Array = (areas > max(1, SMALLEST * areas.max()))[pieces]
    return kept


def _otsu(image: Array) -> float:
    """Return the brightness that best divides a picture in two (Otsu, 1979)."""
    counts, edges = np.histogram(image, 128)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middles)[:-1]
    above = image.size - below
    total = float((counts * middles).sum())
    between = below * above * (sums / below - (total - sums) / above) ** 2
    return float(edges[1 + np.argmax(between)])


def _noise(image: Array) -> float:
    """Return the standard deviation of noise: of places that are near, but not next to, another."""
    return _spread(image[:, 3:] - image[:, :-3]) / float(np.sqrt(2)) if image.shape[1] > 3 else 0.0


def _spread(values: Array) -> float:
    """Return the standard deviation of noise around zero, whatever else is there."""
    return 1.4826 * float(np.median(np.abs(values)))
