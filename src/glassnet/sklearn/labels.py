"""What a classifier's targets are: one class for each sample, or several labels at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError, ShapeError


@dataclass(frozen=True)
class Labels:
    """The classes, and whether a sample may have several of them.

    Attributes
    ----------
    classes : ndarray, shape (K,)
    several : bool
    """

    classes: Array
    several: bool

    @classmethod
    def of(cls, y: Any, classes: Array | None = None) -> Self:
        """Return what the targets are, whose classes may be known beforehand.

        Raises
        ------
        ValueError
            If they are no classes, or fewer than two.

        Examples
        --------
        >>> Labels.of(np.array(["b", "a", "b"])).classes
        array(['a', 'b'], dtype='<U1')
        """
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multiclass-multioutput":
            raise DataError("y has several columns of classes; use a MultiOutputClassifier")
        several = kind == "multilabel-indicator"
        if classes is None:
            classes = np.arange(y.shape[1]) if several else np.unique(y)
        if len(classes) < 2 and not several:
            raise DataError(f"y holds only 1 class, {classes[0]}; bring samples of another")
        return cls(classes, several)

    def require_same(self, classes: Array) -> None:
        """Raise `ConfigError` if these are other classes than those of the first call."""
        if not np.array_equal(classes, self.classes):
            raise ConfigError(
                f"classes are {classes} but were {self.classes} in the first call of partial_fit"
            )

    def targets(self, y: Any) -> Array:
        """Return class numbers (N,), or rows of 0 and 1 (N, K), which losses take.

        Raises
        ------
        DataError, ShapeError
            If there is a class that was not there at first.

        Examples
        --------
        >>> Labels(np.array(["a", "b"]), several=False).targets(np.array(["b", "a"]))
        array([1, 0])
        """
        if self.several:
            rows: Array = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
            if rows.shape[1:] != self.classes.shape:
                raise ShapeError(
                    f"y has shape {rows.shape}, but {len(self.classes)} labels need as many "
                    "columns of 0 and 1"
                )
            return rows.astype(np.float32)
        flat = column_or_1d(y, warn=True)
        strange = flat[~np.isin(flat, self.classes)]
        if strange.size:
            raise DataError(
                f"y holds {strange[0]}, which is none of the classes of the first fit, "
                f"{', '.join(map(str, self.classes))}; give them all to it"
            )
        labels: Array = np.searchsorted(self.classes, flat)
        return labels

    def probabilities(self, output: Array, *, binary: bool, already: bool) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        output : ndarray, shape (N, K) or (N, 1)
            Of the network.
        binary : bool
            Whether its loss takes each output by itself, as `BinaryCrossEntropy` does.
        already : bool
            Whether the outputs are probabilities.

        Examples
        --------
        >>> labels = Labels(np.array(["a", "b"]), several=False)
        >>> labels.probabilities(np.zeros((1, 2)), binary=False, already=False)
        array([[0.5, 0.5]])
        """
        single = not self.several and output.shape[1] == 1
        if not already:
            each_alone = self.several or single or binary
            function = kernels.sigmoid_forward if each_alone else kernels.softmax_forward
            output = function(output)
        if single:
            return np.hstack([1 - output, output])
        if binary and not self.several:
            output /= np.maximum(output.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return output
