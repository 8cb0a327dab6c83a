"""A photograph or a scan of a digit, brought to what a network was trained on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.data import read_image
from glassnet.errors import ConfigError, DataError

INK = 0.2
"""Of the full range: what is brighter than this is ink, the rest is paper."""

LARGEST_SIDE = 1000
"""In pixels: larger photographs are looked at in a smaller size, which is as good and fast."""


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
    stroke : float
        How broad a stroke usually is, as a part of the drawing's longer side; 0 where that is not
        known.
    """

    largest: float = 255.0
    extent: float = 1.0
    stroke: float = 0.0

    def __post_init__(self) -> None:
        limits = {"largest": (1e-30, 1e30), "extent": (1e-6, 1), "stroke": (0, 0.75)}
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not least <= value <= most:
                raise ConfigError(
                    f"the {name} of a drawing must lie between {least} and {most}, not {value!r}"
                )

    @classmethod
    def of(cls, images: Array) -> DrawingStyle:
        """Measure the style of images, (N, C, H, W), on the first thousand of them."""
        from glassnet.experiments.ink import stroke_width

        sample = images[:1000].max(axis=1)
        largest = float(sample.max()) or 1.0
        ink = sample > INK * largest
        sides = [
            lines.shape[1] - np.argmax(lines, axis=1) - np.argmax(lines[:, ::-1], axis=1)
            for lines in (ink.any(axis=2), ink.any(axis=1))
        ]
        parts = np.maximum(sides[0] / ink.shape[1], sides[1] / ink.shape[2])
        strokes = [stroke_width(image / largest) for image in sample]
        longer = np.maximum(np.maximum(*sides), 1)
        return cls(largest, float(np.median(parts)), float(np.median(strokes / longer)))


def check_takes_images(sample_shape: Shape) -> None:
    """Refuse, with a DataError, networks that do not take grey or colour images."""
    if len(sample_shape) != 3 or sample_shape[0] not in (1, 3):
        raise DataError(
            f"this network takes samples of shape {sample_shape}, not images; predict works on "
            "networks for grey or colour images, and for rows of tables"
        )


def png_of(sample: Array, style: DrawingStyle) -> bytes:
    """Return a sample, (C, H, W), from 0 to `style.largest`, as the bytes of a PNG file."""
    from PIL import Image

    pixels = np.round(np.clip(sample / style.largest, 0, 1) * 255).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(
        content, format="PNG"
    )
    return content.getvalue()


def picture_for(path: str | Path, sample_shape: Shape, style: DrawingStyle) -> Array:
    """Read an image file as one sample, in the style of the data: bright ink on a dark ground.

    The picture may be a photograph: uneven light, noise, specks and a frame are taken away, and
    strokes that are much thinner than those in the data are drawn with a broader pen. The drawing
    is cut out, brought to the extent that is usual in the data with its proportions kept, and
    placed with its centre of mass in the middle (so MNIST was made; LeCun et al., 1998). A picture
    that has the network's size already, and a clean ground, is only inverted where that is light;
    colour networks get the picture resized.

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
    check_takes_images(sample_shape)
    channels, height, width = sample_shape
    full = np.float32(style.largest)
    if channels == 3:
        colors: Array = read_image(path, (height, width), color=True) * (full / 255)
        return colors
    image: Array = read_image(path)[0].astype(np.float32) / 255
    ground = float(np.median(_border(image)))
    if image.shape == (height, width) and not 0.1 < ground < 0.9:
        return full * (image if ground < 0.5 else 1 - image)[None]
    return full * _centred(_drawing(image, style, path), height, width, style.extent)[None]


def _border(image: Array) -> Array:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _drawing(image: Array, style: DrawingStyle, path: str | Path) -> Array:
    """Cut the drawing out of a picture: bright ink from 0 to 1, without a margin."""
    from glassnet.experiments.ink import find_ink, thickened

    if max(image.shape) > LARGEST_SIDE:
        factor = LARGEST_SIDE / max(image.shape)
        image = _resized(image, [max(1, round(side * factor)) for side in image.shape])
    ink = find_ink(image)
    if ink is None:
        raise DataError(f"{path}: is an empty picture, all of one brightness")
    if style.stroke:
        ink = thickened(ink, style.stroke)
    rows, columns = (np.flatnonzero((ink > INK).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centred(drawing: Array, height: int, width: int, extent: float) -> Array:
    """Bring a drawing to its usual extent, with its centre of mass in the middle of the frame."""
    box = (max(1, round(height * extent)), max(1, round(width * extent)))
    factor = min(box[0] / drawing.shape[0], box[1] / drawing.shape[1])
    small = _resized(drawing, [max(1, round(side * factor)) for side in drawing.shape])
    small /= small.max()
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


def _resized(image: Array, shape: list[int]) -> Array:
    """Resize brightnesses from 0 to 1; each new pixel is a weighted mean of those it covers."""
    from PIL import Image

    picture = Image.fromarray(image.astype(np.float32))
    small = picture.resize((shape[1], shape[0]), Image.Resampling.LANCZOS)
    return np.clip(np.asarray(small, np.float32), 0, 1)
