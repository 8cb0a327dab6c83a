"""What every loss is, and the checks and the mean that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array
from glassnet.errors import DataError, ShapeError

Kind = Literal["classification", "binary", "regression"]


@dataclass(frozen=True)
class Loss:
    """Base of all losses."""

    kind: ClassVar[Kind] = "regression"
    """What the loss makes of a network: it decides which metrics make sense."""

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the loss and its gradient.

        Parameters
        ----------
        output : ndarray, shape (N, ...)
            What the network gave.
        target : ndarray
            What it should have given; each loss says which shapes it takes.
        sample_weight : ndarray, shape (N,), optional
            s_n ≥ 0: the loss is Σ s_n ℓ_n / Σ s_n.

        Returns
        -------
        value : float
        gradient : ndarray, shape and dtype of `output`
            ∂value/∂output.

        Raises
        ------
        ShapeError, DataError
            If target or weights do not fit the output.
        """
        raise NotImplementedError

    def rows(self, target: Array, output: Array) -> Array:
        """Return what each output should have been, in shape and dtype of the outputs.

        Raises
        ------
        ShapeError, DataError
            If the targets do not fit.
        """
        return aligned(target, output)


def one_hot(labels: Array, classes: int, dtype: DTypeLike = np.float32) -> Array:
    """Return a row for each label, 1 at the label's class and 0 elsewhere.

    Examples
    --------
    >>> one_hot(np.array([1, 0]), 3)
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    rows = np.zeros((len(labels), classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def weighted_mean(loss: Array, gradient: Array, sample_weight: Array | None) -> tuple[float, Array]:
    """Take the (weighted) mean over samples, and over the outputs of each."""
    refuse_empty(loss)
    weights = checked_weights(sample_weight, loss)
    if weights is None:
        return float(loss.mean()), gradient * (1 / loss.size)
    total = float(weights.sum()) * (loss.size // len(loss))
    if not total > 0:
        raise DataError("all samples of a batch have weight zero; give some a positive weight")
    scale = (weights * (1 / total)).reshape(-1, *(1,) * (loss.ndim - 1))
    return float((loss * scale).sum()), gradient * scale


def refuse_empty(output: Array) -> None:
    """Raise `DataError` if there is nothing to take the mean of."""
    if not output.size:
        raise DataError(f"an empty batch, of shape {output.shape}, has no mean loss; leave it out")


def checked_labels(labels: Array, samples: int, classes: int) -> Array:
    """Return the labels, having made sure that they are classes of the network's outputs."""
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"class labels must be integers, not {labels.dtype}; "
            "convert them with labels.astype(int), or give rows of probabilities"
        )
    if len(labels) != samples:
        raise ShapeError(f"there are {len(labels)} labels for {samples} outputs")
    if samples and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise DataError(
            f"class label {wrong} is out of range: the network has {classes} outputs, for the "
            f"labels 0 to {classes - 1}; renumber the labels or widen the last layer"
        )
    return labels


def checked_rows(target: Array, output: Array) -> Array:
    """Return rows of probabilities in the dtype of the output, whose shape they must have."""
    if target.shape != output.shape:
        raise ShapeError(
            f"targets of shape {target.shape} do not fit outputs of shape {output.shape}; "
            "give integer labels (N,) or rows of probabilities (N, classes)"
        )
    return target.astype(output.dtype, copy=False)


def checked_weights(sample_weight: Array | None, output: Array) -> Array | None:
    """Return sample weights in the dtype of the output, one for each sample, none negative."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, output.dtype)
    if weights.shape != (len(output),):
        raise ShapeError(
            f"sample weights of shape {weights.shape} do not fit {len(output)} samples; "
            "give one number for each"
        )
    if weights.size and not weights.min() >= 0:
        raise DataError("sample weights must be at least 0")
    return weights


def aligned(target: Array, output: Array) -> Array:
    """Bring targets to the shape of the output; broadcasting (N,) against (N, 1) would not."""
    if target.shape == output.shape:
        return target.astype(output.dtype, copy=False)
    if output.shape == (*target.shape, 1):
        return target[..., None].astype(output.dtype)
    if target.ndim == 1 and output.ndim == 2 and np.issubdtype(target.dtype, np.integer):
        labels = checked_labels(target, *output.shape)
        return one_hot(labels, output.shape[1], output.dtype)
    raise ShapeError(
        f"targets of shape {target.shape} do not fit outputs of shape {output.shape}; "
        "they must be equal, or labels (N,) for one-hot rows"
    )
