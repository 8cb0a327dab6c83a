"""Losses for classes: cross-entropy of logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError, ShapeError
from glassnet.losses.base import (
    Kind,
    Loss,
    aligned,
    checked_labels,
    checked_rows,
    checked_weights,
    one_hot,
    refuse_empty,
    weighted_mean,
)


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of the softmax of logits z against a class, or a distribution q over classes.

        ℓ = − Σ_k w_k q_k log p_k,    p = softmax(z),    ∂ℓ/∂z_k = p_k Σ_j w_j q_j − w_k q_k

    For one class y, unweighted: ℓ = −log p_y and ∂ℓ/∂z = p − onehot(y).

    The mean is over Σ_n s_n w_{y_n} for class labels and over Σ_n s_n for distributions, as in
    PyTorch, so class weights change what counts, not the size of the loss.

    Parameters
    ----------
    label_smoothing : float
        ε: the target becomes (1 − ε) q + ε / K (Szegedy et al., 2016).
    class_weight : tuple of float, optional
        w_k ≥ 0, one for each class.

    Notes
    -----
    `target` is an integer array of shape (N,), or rows of probabilities of shape (N, K).

    Examples
    --------
    >>> value, dz = gn.SoftmaxCrossEntropy()(np.zeros((1, 2)), np.array([1]))
    >>> round(value, 4), dz
    (0.6931, array([[ 0.5, -0.5]]))
    """

    kind: ClassVar[Kind] = "classification"
    label_smoothing: float = 0.0
    class_weight: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must lie in [0, 1), not {self.label_smoothing}")
        if self.class_weight is not None and not (
            min(self.class_weight, default=0) >= 0 and max(self.class_weight, default=0) > 0
        ):
            raise ConfigError(
                f"class weights must be at least 0, and one above it, not {self.class_weight}"
            )

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean cross-entropy and its gradient by the logits, shape (N, K)."""
        if output.ndim != 2:
            raise ShapeError(
                f"SoftmaxCrossEntropy takes logits of shape (N, classes), not {output.shape}; "
                "end the network with gn.Flatten() and gn.Linear(..., classes)"
            )
        refuse_empty(output)
        samples, classes = output.shape
        if classes < 2:
            raise ShapeError(
                "SoftmaxCrossEntropy needs at least two outputs, one for each class; "
                "a single logit goes with BinaryCrossEntropy"
            )
        if target.ndim == 1 and self.class_weight is None and sample_weight is None:
            return self._of_classes(output, target)
        log_p = kernels.log_softmax_forward(output)
        weights = checked_weights(sample_weight, output)
        q = self.rows(target, output)
        scale = np.ones(samples, output.dtype) if weights is None else weights
        total = float(scale.sum())
        if self.class_weight is not None:
            w = np.asarray(self.class_weight, output.dtype)
            if len(w) != classes:
                raise ConfigError(f"there are {len(w)} class weights for {classes} classes")
            q = q * w
            if target.ndim == 1:
                total = float((scale * w[target]).sum())
        if not total > 0:
            raise DataError("all samples of a batch have weight zero; give some a positive weight")
        scale = (scale * (1 / total))[:, None]
        value = -float((scale * q * log_p).sum())
        gradient = np.exp(log_p) * q.sum(axis=1, keepdims=True) - q
        gradient *= scale
        return value, gradient

    def rows(self, target: Array, output: Array) -> Array:
        """Return the distribution q over the classes for each sample, smoothed."""
        if target.ndim == 1:
            q = one_hot(checked_labels(target, *output.shape), output.shape[1], output.dtype)
        else:
            q = checked_rows(target, output)
        if self.label_smoothing:
            q = (1 - self.label_smoothing) * q + self.label_smoothing / output.shape[1]
        return q

    def _of_classes(self, output: Array, labels: Array) -> tuple[float, Array]:
        """Return value and gradient in the common case, without a matrix of targets."""
        if labels.dtype == np.int64 and len(labels) == len(output):
            try:
                return kernels.softmax_cross_entropy(output, labels, self.label_smoothing)
            except IndexError:
                pass  # the check below says which label it is
        labels = checked_labels(labels, *output.shape).astype(np.int64, copy=False)
        return kernels.softmax_cross_entropy(output, labels, self.label_smoothing)


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of independent yes/no outputs, given as logits z.

        ℓ = −t log σ(z) − (1 − t) log(1 − σ(z)) = max(z, 0) − t z + log(1 + e^{−|z|})
        ∂ℓ/∂z = σ(z) − t

    The second form cannot overflow. The mean is over samples and outputs.

    Notes
    -----
    `target` holds numbers from 0 to 1 in the shape of the output; (N,) will do for (N, 1). Integer
    labels (N,) beside outputs (N, K) stand for one-hot rows.

    Examples
    --------
    >>> value, dz = gn.BinaryCrossEntropy()(np.array([[0.0]]), np.array([1]))
    >>> round(value, 4), dz
    (0.6931, array([[-0.5]]))
    """

    kind: ClassVar[Kind] = "binary"

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean cross-entropy and its gradient by the logits, shape of the output."""
        t = self.rows(target, output)
        loss = np.maximum(output, 0) - t * output + np.log1p(np.exp(-np.abs(output)))
        return weighted_mean(loss, kernels.sigmoid_forward(output) - t, sample_weight)

    def rows(self, target: Array, output: Array) -> Array:
        """Return t for each output."""
        t = aligned(target, output)
        if t.size and not (t.min() >= 0 and t.max() <= 1):
            raise DataError(
                f"BinaryCrossEntropy takes targets from 0 to 1, not {t.min()} to {t.max()}"
            )
        return t
