"""Changes of the values of pixels, where they are."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.augmentation.base import (
    Augmentation,
    as_type_of,
    checked_images,
    checked_number,
    fill_for,
)
from glassnet.errors import ConfigError


@dataclass(frozen=True)
class CutOut(Augmentation):
    """Cover a square of each image, all of its channels (DeVries & Taylor, 2017).

    The square's centre is any pixel, so near the edge a part of the square lies outside.

    Parameters
    ----------
    size : int
        Pixels a side.
    fill : float

    Examples
    --------
    >>> image = np.ones((1, 1, 3, 3), np.uint8)
    >>> int(gn.augmentation.CutOut(1)(image, np.random.default_rng(0)).sum())
    8
    """

    size: int = 4
    _: KW_ONLY
    fill: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise ConfigError(f"CutOut: size must be a whole number from 1, not {self.size!r}")
        checked_number("CutOut", "fill", self.fill)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images with a square covered; see `Augmentation`."""
        fill = fill_for(self.fill, checked_images(images, "CutOut"), "CutOut")
        inside = []
        for length in images.shape[2:]:
            first = rng.integers(0, length, len(images)) - self.size // 2
            place = np.arange(length) - first[:, None]
            inside.append((place >= 0) & (place < self.size))
        square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        return np.where(square, np.asarray(fill, images.dtype), images)


@dataclass(frozen=True)
class Noise(Augmentation):
    """Add normal noise to every value; samples of any shape will do.

    Parameters
    ----------
    sigma : float
        Standard deviation, in the units of the samples as they came: for bytes, of 255.

    Examples
    --------
    >>> image = np.full((1, 1, 1, 2), 250, np.uint8)
    >>> gn.augmentation.Noise(50.0)(image, np.random.default_rng(1))
    array([[[[255, 179]]]], dtype=uint8)
    """

    sigma: float = 10.0

    def __post_init__(self) -> None:
        checked_number("Noise", "sigma", self.sigma, 0.0)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images with noise; see `Augmentation`."""
        noise = rng.standard_normal(images.shape, np.float32)
        noise *= self.sigma
        return as_type_of(images, images + noise)
