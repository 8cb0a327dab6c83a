"""The training, validation and test part of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.arrays import Shape
from glassnet.data.dataset import Dataset
from glassnet.errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class DataSplits:
    """The parts of a data set; `valid` and `test` may be absent.

    Parameters
    ----------
    train, valid, test : Dataset
    options : mapping
        With which `load` makes these very parts, defaults and what was found out in a file
        written out; empty where they were not loaded by name.
    feature_names : tuple of str, optional
        Of a table with a header, the names of its columns but the target's.

    Raises
    ------
    DataError
        If the parts differ in the shape of a sample or in the kind of their targets.

    Examples
    --------
    >>> import numpy as np
    >>> part = Dataset(np.eye(4), [0, 1, 2, 1], name="small")
    >>> DataSplits(part, None, part)
    DataSplits('small', train 4, valid 0, test 4, samples (4,), 3 classes)
    """

    train: Dataset
    valid: Dataset | None = None
    test: Dataset | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    feature_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        first = self.train
        for part, data in (("validation", self.valid), ("test", self.test)):
            if data is None:
                continue
            if data.sample_shape != first.sample_shape:
                raise DataError(
                    f"{self.name}: the {part} samples have shape {data.sample_shape}, "
                    f"the training samples {first.sample_shape}; they must be alike"
                )
            if (data.y.dtype, data.y.shape[1:]) != (first.y.dtype, first.y.shape[1:]):
                raise DataError(
                    f"{self.name}: the {part} targets are {data.target_kind}, "
                    f"the training targets {first.target_kind}; they must be alike"
                )

    def __repr__(self) -> str:
        sizes = (("train", self.train), ("valid", self.valid), ("test", self.test))
        parts = ", ".join(f"{part} {len(data) if data is not None else 0}" for part, data in sizes)
        kind = f"{self.classes} classes" if self.classes else self.train.target_kind
        return f"DataSplits({self.name!r}, {parts}, samples {self.sample_shape}, {kind})"

    def _repr_html_(self) -> str:
        from glassnet.data.notebook import splits_html

        return splits_html(self)

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.train.name

    @property
    def sample_shape(self) -> Shape:
        """The shape of one sample."""
        return self.train.sample_shape

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The name of class 0, 1, …, where there are names."""
        return tuple(self.train.class_names) if self.train.class_names else None

    @property
    def classes(self) -> int | None:
        """The number of classes in all parts together, or `None` for other targets."""
        parts = (part for part in (self.train, self.valid, self.test) if part is not None)
        return max((part.classes for part in parts if part.classes), default=None)
