"""Several augmentations as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from glassnet.arrays import Array
from glassnet.augmentation.base import Augmentation, Transform
from glassnet.augmentation.geometry import Geometric, moved
from glassnet.errors import ConfigError, ShapeError


@dataclass(frozen=True)
class Compose(Augmentation):
    """One augmentation after the other; those that move pixels interpolate once together.

    Parameters
    ----------
    steps : sequence of Augmentation, or of functions (images, rng) -> images

    Examples
    --------
    >>> augment = gn.augmentation.Compose(
    ...     [gn.augmentation.Rotate(10), gn.augmentation.Scale(), gn.augmentation.Noise(5)]
    ... )
    >>> images = np.zeros((2, 1, 8, 8), np.uint8)
    >>> augment(images, np.random.default_rng(0)).shape
    (2, 1, 8, 8)
    """

    steps: Sequence[Transform] = ()

    def __post_init__(self) -> None:
        if isinstance(self.steps, str) or not isinstance(self.steps, Sequence):
            raise ConfigError(
                f"augmentations are given as a list, such as [Rotate(15)], not as {self.steps!r}"
            )
        object.__setattr__(self, "steps", tuple(_flat(self.steps)))

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the images after all steps; see `Augmentation`."""
        result = images
        for fill, together in groupby(self.steps, _ground):
            if fill is not None:
                result = moved(result, [s for s in together if isinstance(s, Geometric)], rng)
                continue
            for step in together:
                result = _same_kind(step(result, rng), images, step)
        return result


def _flat(steps: Iterable[Transform]) -> Iterable[Transform]:
    for step in steps:
        if isinstance(step, Compose):
            yield from step.steps
        elif isinstance(step, type) or not callable(step):
            what = f"the class {step.__name__}" if isinstance(step, type) else repr(step)
            raise ConfigError(f"an augmentation is an object such as Rotate(15), not {what}")
        else:
            yield step


def _ground(step: Transform) -> float | None:
    """Return the fill of a step that moves pixels; those of equal fill go together."""
    return float(step.fill) if isinstance(step, Geometric) else None


def _same_kind(result: Array, images: Array, step: Transform) -> Array:
    if getattr(result, "shape", None) == images.shape and result.dtype == images.dtype:
        return result
    got = f"{result.dtype} {result.shape}" if isinstance(result, np.ndarray) else repr(result)[:40]
    raise ShapeError(
        f"the augmentation {step!r} made {got} of images {images.dtype} {images.shape}; "
        "it must return as many, of the same shape and type"
    )
