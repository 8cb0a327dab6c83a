"""A photograph or a scan of a digit, brought to what a network was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.data import read_image
from glassnet.errors import DataError

INK = 0.2
"""Of the full range: what is darker or lighter than this is ink, the rest is paper."""


def picture_for(path: str | Path, sample_shape: Shape, *, largest: float = 255.0) -> Array:
    """Read an image file as one sample, bright ink on a dark ground, centred as MNIST's are.

    A light ground is turned into a dark one. The drawing is cut out, brought to 20/28 of the
    frame with its proportions kept, and placed with its centre of mass in the middle (LeCun et al.,
    1998, describe MNIST so). A picture that already has the network's size is only inverted where
    its ground is light; colour networks get the picture resized.

    Parameters
    ----------
    path : path
        A PNG or JPEG file of any size.
    sample_shape : (C, H, W)
    largest : float
        What full ink is in the data: 255, or 16 in scikit-learn's digits.

    Returns
    -------
    ndarray, shape (C, H, W), float32, from 0 to `largest`

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
    if channels == 3:
        return read_image(path, (height, width), color=True) * np.float32(largest / 255)
    image = read_image(path)[0].astype(np.float32) / 255
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.median(border) > 0.5:
        image = 1 - image
    if image.shape != (height, width):
        image = _centred(image, height, width, path)
    return (image * np.float32(largest))[None]


def _centred(image: Array, height: int, width: int, path: str | Path) -> Array:
    """Cut the drawing out, bring it to 20/28 of the frame, centre of mass in the middle."""
    from PIL import Image

    image = image - image.min()
    ink = image > INK * image.max()
    if not image.max() > 0.05 or not ink.any():
        raise DataError(f"{path}: is an empty picture, all of one brightness")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    drawing = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / image.max()
    box = (max(1, round(height * 20 / 28)), max(1, round(width * 20 / 28)))
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
