"""A data set: samples as they came, targets, and how the samples are scaled when drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array, Shape
from glassnet.data._checks import checked_samples, checked_targets, checked_weights
from glassnet.data.scaling import Scaling
from glassnet.errors import DataError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Samples and targets; batches are gathered, scaled and cast as they are drawn.

    Images stay bytes in memory, a quarter of what they would take as float32. The arrays are not
    copied where they already have the right type, so they should not be changed afterwards.

    Parameters
    ----------
    raw : array, shape (N, ...)
        The samples as they came: uint8 is kept (images, (N, C, H, W)), every other real type
        becomes float32 (tables, (N, F)).
    y : array
        Class labels, integers from 0, (N,), kept as int64; or float targets, (N,) or (N, K),
        kept as float32 (values to regress on, or rows of class probabilities).
    scaling : Scaling, optional
        Applied to every batch; without it samples are only cast.
    sample_weight : array, shape (N,), optional
        How much each sample counts in the loss; float32.
    name : str
        What messages and pictures call it.
    class_names : sequence of str, optional
        The name of class 0, 1, …

    Raises
    ------
    DataError
        If lengths differ, there is no sample, a value is not finite, a label is negative or has
        no name, or the arrays are not numbers.

    Examples
    --------
    >>> data = Dataset(np.array([[0, 255], [51, 0]], np.uint8), [0, 1], Scaling(1 / 255))
    >>> x, y = data.batch(np.array([1]))
    >>> x, y
    (array([[0.2, 0. ]], dtype=float32), array([1]))
    """

    raw: Array
    y: Array
    scaling: Scaling | None = None
    sample_weight: Array | None = None
    name: str = ""
    class_names: Sequence[str] | None = None

    def __post_init__(self) -> None:
        where = self.name or "the data"
        names = None if self.class_names is None else tuple(map(str, self.class_names))
        raw = checked_samples(self.raw, where)
        checked = {
            "raw": raw,
            "y": checked_targets(self.y, len(raw), names, where),
            "sample_weight": checked_weights(self.sample_weight, len(raw), where),
            "class_names": names,
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.raw)

    def __repr__(self) -> str:
        kind = f"{self.classes} classes" if self.classes else f"targets {self.y.shape[1:] or 'y'}"
        return f"Dataset({self.name!r}, {len(self)} × {self.sample_shape} {self.raw.dtype}, {kind})"

    @property
    def sample_shape(self) -> Shape:
        """The shape of one sample."""
        return self.raw.shape[1:]

    @cached_property
    def classes(self) -> int | None:
        """The number of classes, or `None` where the targets are not class labels.

        As many as have names; without names, one more than the largest label seen here.
        """
        if self.y.dtype != np.int64:
            return None
        return len(self.class_names) if self.class_names else int(self.y.max()) + 1

    def batch(
        self, indices: Array | Sequence[int] | slice, dtype: DTypeLike = np.float32
    ) -> tuple[Array, Array]:
        """Return the chosen samples, scaled and cast, and their targets.

        Parameters
        ----------
        indices : array of int, or slice
            Which samples, in which order.
        dtype : data type
            Of the samples, and of the targets where these are not labels.

        Returns
        -------
        x : array, shape (n, ...)
            C-contiguous, and never a view of `raw`.
        y : array, shape (n,) or (n, K)
            The targets.
        """
        samples, y = self.raw[indices], self.y[indices]
        if self.scaling is None:
            # Choosing by index has copied already; a slice has not.
            x = samples.astype(dtype, order="C", copy=isinstance(indices, slice))
        else:
            x = self.scaling.apply(samples, dtype=dtype)
        return x, y if y.dtype == np.int64 else y.astype(dtype, copy=False)

    @cached_property
    def x(self) -> Array:
        """All samples, scaled, as one read-only float32 array.

        Made when first asked for and then kept: four times the memory of byte images. Training
        never asks for it; it draws batches.
        """
        x, _ = self.batch(slice(None))
        x.flags.writeable = False
        return x

    def take(self, indices: Array | Sequence[int] | slice) -> "Dataset":
        """Return the data set of the chosen samples, scaled alike.

        Examples
        --------
        >>> data = Dataset(np.eye(3), [0, 1, 2])
        >>> data.take([0, 2]).y
        array([0, 2])
        """
        weight = None if self.sample_weight is None else self.sample_weight[indices]
        return Dataset(
            self.raw[indices], self.y[indices], self.scaling, weight, self.name, self.class_names
        )


@dataclass(frozen=True, eq=False, repr=False)
class DataSplits:
    """The parts of a data set; `valid` and `test` may be absent.

    Raises
    ------
    DataError
        If the parts differ in the shape of a sample or in the kind of their targets.

    Examples
    --------
    >>> part = Dataset(np.eye(4), [0, 1, 2, 1], name="small")
    >>> DataSplits(part, None, part)
    DataSplits('small', train 4, valid 0, test 4, samples (4,), 3 classes)
    """

    train: Dataset
    valid: Dataset | None = None
    test: Dataset | None = None

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
                    f"{self.name}: the {part} targets are {_kind(data)}, "
                    f"the training targets {_kind(first)}; they must be alike"
                )

    def __repr__(self) -> str:
        sizes = (("train", self.train), ("valid", self.valid), ("test", self.test))
        parts = ", ".join(f"{part} {len(data) if data is not None else 0}" for part, data in sizes)
        kind = f"{self.classes} classes" if self.classes else _kind(self.train)
        return f"DataSplits({self.name!r}, {parts}, samples {self.sample_shape}, {kind})"

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


def _kind(data: Dataset) -> str:
    return "class labels" if data.classes else f"numbers of shape {data.y.shape[1:]}"
