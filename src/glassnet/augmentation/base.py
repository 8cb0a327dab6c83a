"""What every augmentation is, and how its arguments and its images are checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError, ShapeError

Transform = Callable[[Array, np.random.Generator], Array]
"""(images, rng) → images of the same shape and type: an `Augmentation`, or a function."""

Amount = float | tuple[float, float]
"""How much, drawn anew for each image: from low to high; a single number d stands for (−d, d)."""


@dataclass(frozen=True)
class Augmentation:
    """Base of all augmentations: what each draws, it draws for every image by itself."""

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images changed.

        Parameters
        ----------
        images : ndarray, shape (N, C, H, W)
            As they came: bytes, or floats; they are left as they are.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray
            New, of the same shape and type; bytes are rounded and kept in 0 to 255.

        Raises
        ------
        ShapeError
            If they are no images.
        """
        raise NotImplementedError(f"{type(self).__name__} changes nothing yet")


def checked_images(images: Array, who: str) -> Array:
    """Return the images, having made sure that they are some."""
    if images.ndim != 4:
        raise ShapeError(
            f"{who} takes images of shape (N, channels, height, width), not {images.shape}; "
            "leave it out for other samples"
        )
    return images


def checked_number(who: str, name: str, value: object, least: float = -math.inf) -> float:
    """Return a finite number of at least `least` as a float."""
    good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not float(value) >= least:  # type: ignore[arg-type]
        limit = "" if least == -math.inf else f" of at least {least:g}"
        raise ConfigError(f"{who}: {name} must be a finite number{limit}, not {value!r}")
    return float(value)  # type: ignore[arg-type]


def checked_amount(who: str, name: str, amount: object) -> tuple[float, float]:
    """Return (low, high) of an amount."""
    if isinstance(amount, (tuple, list)):
        if len(amount) != 2:
            raise ConfigError(f"{who}: {name} must be one number or two, not {amount!r}")
        low, high = (checked_number(who, name, value) for value in amount)
        if low > high:
            raise ConfigError(f"{who}: {name} goes from low to high, not from {low:g} to {high:g}")
        return low, high
    reach = checked_number(who, name, amount, 0.0)
    return -reach, reach


def fill_for(fill: float, images: Array, who: str) -> float:
    """Return what fills the pixels that nothing falls on, having made sure that it fits."""
    if images.dtype == np.uint8 and not 0 <= fill <= 255:
        raise ConfigError(f"{who}: fill must lie in 0 to 255 for images of bytes, not {fill:g}")
    return fill


def as_type_of(images: Array, values: Array) -> Array:
    """Return values in the type of the images: bytes are rounded and kept in their range."""
    if images.dtype == np.uint8:
        values = np.clip(np.rint(values), 0, 255)
    return values.astype(images.dtype, copy=False)
