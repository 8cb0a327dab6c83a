"""Turning, moving, stretching, slanting and mirroring, each image interpolated once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.augmentation.base import (
    Amount,
    Augmentation,
    checked_amount,
    checked_images,
    checked_number,
    fill_for,
)
from glassnet.errors import ConfigError


@dataclass(frozen=True)
class Geometric(Augmentation):
    """Base of those that move pixels along a matrix, about the centre ((H − 1)/2, (W − 1)/2).

    The matrices of several that follow one another are multiplied, and the image is interpolated
    once (`Compose` sees to it): every interpolation blurs.

    Parameters
    ----------
    fill : float
        The value of what comes in from outside: that of the ground the images stand on.
    """

    _: KW_ONLY
    fill: float = 0.0

    def __post_init__(self) -> None:
        checked_number(type(self).__name__, "fill", self.fill)

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw, for each image, the way from a pixel of the new image back to the old one.

        Returns
        -------
        ndarray, shape (N, 3, 3)
            On (row, column, 1), both counted from the centre.
        """
        raise NotImplementedError

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images moved; see `Augmentation`."""
        return moved(images, [self], rng)


@dataclass(frozen=True)
class Rotate(Geometric):
    """Turn each image, counter-clockwise where the angle is positive.

    Parameters
    ----------
    degrees : float or (float, float)
        Up to so many either way, or from low to high; (90, 90) is exactly 90.
    fill : float

    Examples
    --------
    >>> image = np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2)
    >>> gn.augmentation.Rotate((90, 90))(image, np.random.default_rng(0))[0, 0]
    array([[1, 3],
           [0, 2]], dtype=uint8)
    """

    degrees: Amount = 15.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_amount("Rotate", "degrees", self.degrees)

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw angles; rows count downwards, so this is the rotation as the eye sees it."""
        from scipy.special import cosdg, sindg  # exact at right angles

        angle = rng.uniform(*checked_amount("Rotate", "degrees", self.degrees), count)
        found = _identities(count)
        found[:, 0, 0] = found[:, 1, 1] = cosdg(angle)
        found[:, 0, 1] = sindg(angle)
        found[:, 1, 0] = -found[:, 0, 1]
        return found


@dataclass(frozen=True)
class Translate(Geometric):
    """Move each image, along both axes by amounts of their own.

    Parameters
    ----------
    pixels : float or (float, float)
        Up to so many either way, or from low to high, downwards and to the right; whole numbers
        need no interpolation, what lies between them is interpolated.
    fill : float

    Examples
    --------
    >>> image = np.array([[[[1, 2], [3, 4]]]], np.uint8)
    >>> gn.augmentation.Translate((1, 1))(image, np.random.default_rng(0))[0, 0]
    array([[0, 0],
           [0, 1]], dtype=uint8)
    """

    pixels: Amount = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_amount("Translate", "pixels", self.pixels)

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw two distances for each image."""
        found = _identities(count)
        limits = checked_amount("Translate", "pixels", self.pixels)
        found[:, :2, 2] = -rng.uniform(*limits, (count, 2))
        return found


@dataclass(frozen=True)
class Scale(Geometric):
    """Make each image larger or smaller, about its centre; its frame stays.

    Parameters
    ----------
    factor : (float, float)
        From low to high; 1 leaves it as it is.
    fill : float

    Examples
    --------
    >>> image = np.array([[[[0, 0, 0], [0, 9, 0], [0, 0, 0]]]], np.float32)
    >>> gn.augmentation.Scale((2, 2))(image, np.random.default_rng(0))[0, 0, 1]
    array([4.5, 9. , 4.5], dtype=float32)
    """

    factor: tuple[float, float] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self.factor
        if (
            not isinstance(given, (tuple, list))
            or not checked_amount("Scale", "factor", given)[0] > 0
        ):
            raise ConfigError(f"Scale: factor must be two numbers above 0, not {given!r}")

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw factors."""
        found = _identities(count)
        factor = rng.uniform(*self.factor, count)
        found[:, 0, 0] = found[:, 1, 1] = 1 / factor
        return found


@dataclass(frozen=True)
class Shear(Geometric):
    """Slant each image as italics are, to the right where the angle is positive.

    Parameters
    ----------
    degrees : float or (float, float)
        Up to so many either way, or from low to high, inside −90 to 90.
    fill : float

    Examples
    --------
    >>> image = np.array([[[[0, 1, 0], [0, 1, 0], [0, 1, 0]]]], np.float32)
    >>> gn.augmentation.Shear((45, 45))(image, np.random.default_rng(0))[0, 0].round(6)
    array([[0., 0., 1.],
           [0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """

    degrees: Amount = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = checked_amount("Shear", "degrees", self.degrees)
        if not -90 < low <= high < 90:
            raise ConfigError(f"Shear: degrees must lie inside -90 to 90, not {self.degrees!r}")

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw angles: a row moves by the tangent times its height above the centre."""
        found = _identities(count)
        angle = rng.uniform(*checked_amount("Shear", "degrees", self.degrees), count)
        found[:, 1, 0] = np.tan(np.deg2rad(angle))
        return found


@dataclass(frozen=True)
class Flip(Geometric):
    """Mirror an image left to right, with some probability.

    Parameters
    ----------
    probability : float
        From 0 to 1.
    fill : float

    Examples
    --------
    >>> image = np.array([[[[1, 2, 3]]]], np.uint8)
    >>> gn.augmentation.Flip(1.0)(image, np.random.default_rng(0))
    array([[[[3, 2, 1]]]], dtype=uint8)
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if checked_number("Flip", "probability", self.probability, 0.0) > 1:
            raise ConfigError(f"Flip: probability must lie in 0 to 1, not {self.probability}")

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw which images are mirrored."""
        found = _identities(count)
        found[:, 1, 1] = np.where(rng.random(count) < self.probability, -1.0, 1.0)
        return found


def moved(images: Array, steps: Sequence[Geometric], rng: np.random.Generator) -> Array:
    """Return the images moved by all steps, one after the other, in a single interpolation.

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
    steps : sequence of Geometric
        All of one fill.
    rng : numpy.random.Generator
    """
    who = type(steps[0]).__name__
    fill = fill_for(steps[0].fill, checked_images(images, who), who)
    back = steps[0].matrices(len(images), rng)
    for step in steps[1:]:
        back = back @ step.matrices(len(images), rng)
    return _resampled(images, back, fill)


def bordered(images: Array, fill: float) -> Array:
    """Return the images with one more pixel of fill on each side.

    Between the last pixel and this border is interpolated; SciPy takes everything outside the
    border for fill. So an image fades into its ground, as if that went on for ever.
    """
    border = ((0, 0), (0, 0), (1, 1), (1, 1))
    return np.pad(images, border, constant_values=fill)


def _resampled(images: Array, back: Array, fill: float) -> Array:
    """Look up every pixel of the new images in the old ones: linear interpolation (SciPy)."""
    from scipy.ndimage import affine_transform

    centre = (np.array(images.shape[2:]) - 1) / 2
    matrix = back[:, :2, :2]
    offset = centre + back[:, :2, 2] - matrix @ centre + 1  # 1 for the border
    source, result = bordered(images, fill), np.empty(images.shape, images.dtype)
    for n, c in np.ndindex(images.shape[:2]):
        affine_transform(
            source[n, c], matrix[n], offset[n], output=result[n, c], order=1, cval=fill,
            prefilter=False,
        )  # fmt: skip
    return result


def _identities(count: int) -> Array:
    return np.tile(np.eye(3), (count, 1, 1))
