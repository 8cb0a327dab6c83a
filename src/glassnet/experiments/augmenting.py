"""The section [augment] of a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from glassnet.augmentation import (
    Augmentation,
    Compose,
    CutOut,
    Elastic,
    Flip,
    Noise,
    Rotate,
    Scale,
    Shear,
    Transform,
    Translate,
    append_copies,
    cautions,
)
from glassnet.augmentation.base import Amount
from glassnet.data import Dataset, DataSplits
from glassnet.errors import ConfigError
from glassnet.experiments.registry import build
from glassnet.randomness import stream


@dataclass(frozen=True)
class Changes:
    """How images are changed, each by amounts of its own.

    Parameters
    ----------
    rotate : float or (float, float), optional
        Degrees: up to so many either way, or from low to high.
    resize : (float, float), optional
        Factors, from low to high.
    shear : float or (float, float), optional
        Degrees.
    translate : float or (float, float), optional
        Pixels, along both axes.
    flip : float
        Probability of a mirror image, left to right.
    elastic : float
        Strength α of an elastic deformation; 0 for none.
    elastic_sigma : float
        Its stiffness σ.
    cut_out : int
        Side of a square that is covered; 0 for none.
    noise : float
        Standard deviation, in the units of the samples as they came; 0 for none.
    fill : float
        The value of what comes in from outside.
    """

    rotate: Amount | None = None
    resize: tuple[float, float] | None = None
    shear: Amount | None = None
    translate: Amount | None = None
    flip: float = 0.0
    elastic: float = 0.0
    elastic_sigma: float = 4.0
    cut_out: int = 0
    noise: float = 0.0
    fill: float = 0.0

    def __post_init__(self) -> None:
        self.transforms()  # refuses what makes no sense

    def transforms(self) -> list[Augmentation]:
        """Return the augmentations in the order of the options."""
        fill = self.fill
        found: list[Augmentation] = []
        if self.rotate is not None:
            found.append(Rotate(self.rotate, fill=fill))
        if self.resize is not None:
            found.append(Scale(self.resize, fill=fill))
        if self.shear is not None:
            found.append(Shear(self.shear, fill=fill))
        if self.translate is not None:
            found.append(Translate(self.translate, fill=fill))
        if self.flip:
            found.append(Flip(self.flip, fill=fill))
        if self.elastic:
            found.append(Elastic(self.elastic, self.elastic_sigma, fill=fill))
        if self.cut_out:
            found.append(CutOut(self.cut_out, fill=fill))
        if self.noise:
            found.append(Noise(self.noise))
        return found


@dataclass(frozen=True)
class Copies(Changes):
    """Changed copies of training samples, made once and appended.

    Parameters
    ----------
    samples : int
        How many different samples to copy.
    """

    samples: int = field(kw_only=True)


@dataclass(frozen=True)
class AugmentOptions(Changes):
    """Changes of every training batch, anew each time, and copies that are made once.

    Parameters
    ----------
    append : tuple of dict
        For each set of copies the number of `samples`, and how they are changed.

    Examples
    --------
    >>> AugmentOptions(rotate=15.0, append=({"samples": 1000, "rotate": [90, 90]},)).transforms()
    [Rotate(fill=0.0, degrees=15.0)]
    """

    append: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.copies()

    def copies(self) -> list[tuple[int, Compose]]:
        """Return, for each set of copies, how many and how they are changed."""
        found = []
        for i, table in enumerate(self.append):
            copies = build(f"augment.append[{i}]", Copies, table, "augment.append")
            if not (change := Compose(copies.transforms())).steps:
                raise ConfigError(
                    f"augment.append[{i}] says of {copies.samples} copies no change, such as "
                    "rotate = [90, 90]"
                )
            found.append((copies.samples, change))
        return found

    def with_copies(self, data: DataSplits, seed: int) -> DataSplits:
        """Return the data with copies of training samples at the end of the training part."""
        if not self.append:
            return data
        return replace(data, train=append_copies(data.train, self.copies(), stream(seed, "append")))

    def cautions(self, train: Dataset, seed: int) -> list[str]:
        """Return in sentences where labels may be wrong after the changes."""
        found = cautions(self.transforms(), train, stream(seed, "augment"))
        for i, (_, change) in enumerate(self.copies(), 1):
            said = cautions(change, train, stream(seed, "append"))
            found += [f"copies {i}: {sentence}" for sentence in said]
        return found

    def examples(self) -> list[tuple[str, Transform]]:
        """Return what a picture should show: some draws of a training, one of each set of copies.

        Each has a name.
        """
        drawn = Compose(self.transforms())
        shown: list[tuple[str, Transform]] = [("in training", drawn)] * (5 if drawn.steps else 0)
        return shown + [(f"copies {i}", copy) for i, (_, copy) in enumerate(self.copies(), 1)]
