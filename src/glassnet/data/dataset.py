"""A data set: samples as they came, targets, and how the samples are scaled when drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike

from glassnet import kernels
from glassnet.arrays import Array, Shape
from glassnet.data._checks import checked_samples, checked_targets, checked_weights
from glassnet.data.scaling import Scaling

_UNSCALED = Scaling()


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
    >>> data = Dataset(np.array([[0, 255], [64, 0]], np.uint8), [0, 1], Scaling(1 / 256))
    >>> x, y = data.batch(np.array([1]))
    >>> x, y
    (array([[0.25, 0.  ]], dtype=float32), array([1]))
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
        return (
            f"Dataset({self.name!r}, {len(self)} samples {self.sample_shape} {self.raw.dtype}, "
            f"{self.target_kind})"
        )

    def _repr_html_(self) -> str:
        from glassnet.data.notebook import dataset_html

        return dataset_html(self)

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

    @property
    def target_kind(self) -> str:
        """What the targets are, in words."""
        if self.classes is not None:
            return f"{self.classes} classes"
        return f"{self.y.shape[1]} numbers each" if self.y.ndim == 2 else "one number each"

    def batch(
        self,
        indices: Array | Sequence[int] | slice,
        dtype: DTypeLike = np.float32,
        augment: Callable[[Array], Array] | None = None,
        as_rows: bool = False,
    ) -> tuple[Array, Array]:
        """Return the chosen samples, scaled and cast, and their targets.

        Parameters
        ----------
        indices : array of int, or slice
            Which samples, in which order.
        dtype : data type
            Of the samples, and of the targets where these are not labels.
        augment : callable, optional
            Given the chosen samples as they came, returns changed ones, of the same shape and type
            and in the same order.
        as_rows : bool
            Return each sample as one row of features, as `Flatten` would make it.

        Returns
        -------
        x : array, shape (n, ...), or (n, F) as rows
            Never a view of `raw`. Images lie in memory as the kernels in use want them.
        y : array, shape (n,) or (n, K)
            The targets.
        """
        chosen = (
            np.arange(len(self))[indices] if isinstance(indices, slice) else np.asarray(indices)
        )
        y = self.y[indices]
        y = y if y.dtype == np.int64 else y.astype(dtype, copy=False)
        scaling = self.scaling or _UNSCALED
        samples = self.raw
        if augment is not None:
            samples, chosen = augment(samples[chosen]), np.arange(len(chosen))
        scale, offset = scaling.scale, scaling.offset
        if as_rows and samples.ndim > 2:
            scale, offset = (_as_row(number, samples.shape[1:]) for number in (scale, offset))
            samples = samples.reshape(len(samples), -1)
        return kernels.gather(samples, chosen, scale, offset, dtype), y

    @cached_property
    def x(self) -> Array:
        """All samples, scaled, as one read-only float32 array.

        Made when first asked for and then kept: four times the memory of byte images. Training
        never asks for it; it draws batches.
        """
        x = (self.scaling or _UNSCALED).apply(self.raw)
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


def _as_row(number: float | Array, shape: Shape) -> float | Array:
    """Return a number for each value of a sample as a row; a single one as it is."""
    return np.broadcast_to(number, shape).reshape(-1) if np.ndim(number) else number
