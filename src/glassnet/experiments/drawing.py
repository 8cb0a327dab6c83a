"""A photograph or a scan of a digit, brought to what a network was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.data import read_image
from glassnet.errors import DataError

INK = 0.2
"""Of the full range: what is brighter than this is ink, the rest is paper."""


@dataclass(frozen=True)
class DrawingStyle:
    """How the drawings of a data set lie in their frames.

    Parameters
    ----------
    largest : float
        What full ink is: 255 in most data sets, 16 in scikit-learn's digits.
    extent : float
        The longer side of a typical drawing, as a part of the frame: 20/28 in MNIST, 1 where the
        drawings fill their frames.
    """

    largest: float = 255.0
    extent: float = 1.0

    @classmethod
    def of(cls, images: Array) -> DrawingStyle:
        """Measure the style of images, (N, C, H, W), on the first thousand of them."""
        sample = images[:1000].max(axis=1)
        largest = float(sample.max()) or 1.0
        ink = sample > INK * largest
        sides = [
            lines.shape[1] - np.argmax(lines, axis=1) - np.argmax(lines[:, ::-1], axis=1)
            for lines in (ink.any(axis=2), ink.any(axis=1))
        ]
        parts = np.maximum(sides[0] / ink.shape[1], sides[1] / ink.shape[2])
        return cls(largest, float(np.median(parts)))


def picture_for(path: str | Path, sample_shape: Shape, style: DrawingStyle) -> Array:
    """Read an image file as one sample, in the style of the data: bright ink on a dark ground.

    A light ground is turned into a dark one. The drawing is cut out, brought to the extent that is
    usual in the data with its proportions kept, and placed with its centre of mass in the middle
    (so MNIST was made; LeCun et al., 1998). A picture that has the network's size already is only
    inverted where its ground is light; colour networks get the picture resized.

    Parameters
    ----------
    path : path
        A PNG or JPEG file of any size.
    sample_shape : (C, H, W)
    style : DrawingStyle

    Returns
    -------
    ndarray, shape (C, H, W), float32, from 0 to `style.largest`

    Raises
    ------
    DataError
        If the file is no picture, or an empty one, or the network does not take images.
    """
    if len(sample_shape) != 3 or sample_shape[0] not in (1, 3):
        raise DataError(
            f"this network takes samples of shape {sample_shape}, not images; "
            "predict works on networks for grey or colour images"
        )
    channels, height, width = sample_shape
    full = np.float32(style.largest)
    if channels == 3:
        colors: Array = read_image(path, (height, width), color=True) * (full / 255)
        return colors
    image: Array = read_image(path)[0].astype(np.float32) / 255
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.median(border) > 0.5:
        image = 1 - image
    if image.shape != (height, width):
        image = _centred(image, height, width, style.extent, path)
    return full * image[None]


def _centred(image: Array, height: int, width: int, extent: float, path: str | Path) -> Array:
    """Cut the drawing out, bring it to its usual extent, centre of mass in the middle."""
    from PIL import Image

    image = image - image.min()
    ink = image > INK * image.max()
    if not image.max() > 0.05 or not ink.any():
        raise DataError(f"{path}: is an empty picture, all of one brightness")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    drawing = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / image.max()
    box = (max(1, round(height * extent)), max(1, round(width * extent)))
    factor = min(box[0] / drawing.shape[0], box[1] / drawing.shape[1])
    size = [max(1, round(side * factor)) for side in drawing.shape]
    small = np.asarray(
        Image.fromarray((drawing * 255).astype(np.uint8)).resize(
            (size[1], size[0]), Image.Resampling.LANCZOS
        ),
        np.float32,
    ) / np.float32(255)
    mass = small.sum()
    centre = [
        float((small.sum(axis=1 - axis) * np.arange(small.shape[axis])).sum() / mass)
        for axis in (0, 1)
    ]
    frame = np.zeros((height, width), np.float32)
    top, left = (
        int(
            np.clip(round((frame.shape[a] - 1) / 2 - centre[a]), 0, frame.shape[a] - small.shape[a])
        )
        for a in (0, 1)
    )
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame
