"""What a classifier said of each test sample, kept beside the run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import CheckpointError


@dataclass(frozen=True)
class Predictions:
    """True and predicted classes, in the order of the test part.

    Parameters
    ----------
    true, predicted : ndarray of int, shape (N,)
    """

    true: Array
    predicted: Array

    def __post_init__(self) -> None:
        if self.true.shape != self.predicted.shape or self.true.ndim != 1 or not self.true.size:
            raise CheckpointError(
                f"predictions are two lists of equal length, not {self.true.shape} and "
                f"{self.predicted.shape}; train the run anew"
            )
        for classes in (self.true, self.predicted):
            if not np.issubdtype(classes.dtype, np.integer) or classes.min() < 0:
                raise CheckpointError("predictions are class numbers from 0; train the run anew")

    @property
    def right(self) -> Array:
        """Which samples were classified rightly."""
        right: Array = self.true == self.predicted
        return right

    @property
    def classes(self) -> int:
        """How many classes there are, judged by the largest number."""
        return int(max(self.true.max(), self.predicted.max())) + 1

    @property
    def confusion(self) -> Array:
        """How often each class (row) was taken for each (column), shape (K, K)."""
        pairs = self.true.astype(np.int64) * self.classes + self.predicted
        counts: Array = np.bincount(pairs, minlength=self.classes**2)
        return counts.reshape(self.classes, self.classes)

    def to_bytes(self) -> bytes:
        """Return a safetensors file, its numbers as small as they can be."""
        from safetensors.numpy import save

        small = np.min_scalar_type(self.classes)
        return save({"true": self.true.astype(small), "predicted": self.predicted.astype(small)})

    @classmethod
    def from_bytes(cls, content: bytes) -> Predictions:
        """Read what `to_bytes` gave.

        Raises
        ------
        CheckpointError
            If it is something else.

        Examples
        --------
        >>> said = Predictions(np.array([0, 1, 1]), np.array([0, 1, 0]))
        >>> Predictions.from_bytes(said.to_bytes()).right
        array([ True,  True, False])
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            tensors = load(content)
            return cls(tensors["true"], tensors["predicted"])
        except (SafetensorError, KeyError, ValueError) as error:
            raise CheckpointError(f"the predictions cannot be read: {error}") from error
