"""Losses: (output, target) → (value, gradient by the output).

Every loss is a mean over the batch, and the gradient is that of the mean: the 1/N is here and
nowhere else. With sample weights s_n it is the weighted mean Σ s_n ℓ_n / Σ s_n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError, ShapeError


@dataclass(frozen=True)
class Loss:
    """Base of all losses."""

    kind: ClassVar[Literal["classification", "binary", "regression"]] = "regression"
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

    kind: ClassVar[Literal["classification", "binary", "regression"]] = "classification"
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
        _refuse_empty(output)
        samples, classes = output.shape
        log_p = kernels.log_softmax_forward(output)
        weights = _checked_weights(sample_weight, output)
        plain = self.label_smoothing == 0 and self.class_weight is None and weights is None
        if target.ndim == 1:
            labels = _checked_labels(target, samples, classes)
            if plain:  # the common case, without a matrix of targets
                rows = np.arange(samples)
                value = -float(log_p[rows, labels].mean())
                gradient: Array = np.exp(log_p)
                gradient[rows, labels] -= 1
                gradient *= 1 / samples
                return value, gradient
            q = one_hot(labels, classes, output.dtype)
        else:
            labels = None
            q = _checked_rows(target, output)
        if self.label_smoothing:
            q = (1 - self.label_smoothing) * q + self.label_smoothing / classes
        scale = np.ones(samples, output.dtype) if weights is None else weights
        total = float(scale.sum())
        if self.class_weight is not None:
            w = np.asarray(self.class_weight, output.dtype)
            if len(w) != classes:
                raise ConfigError(f"there are {len(w)} class weights for {classes} classes")
            q = q * w
            if labels is not None:
                total = float((scale * w[labels]).sum())
        if not total > 0:
            raise DataError("all samples of a batch have weight zero; give some a positive weight")
        scale = (scale * (1 / total))[:, None]
        value = -float((scale * q * log_p).sum())
        gradient = np.exp(log_p) * q.sum(axis=1, keepdims=True) - q
        gradient *= scale
        return value, gradient


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy of independent yes/no outputs, given as logits z.

        ℓ = −t log σ(z) − (1 − t) log(1 − σ(z)) = max(z, 0) − t z + log(1 + e^{−|z|})
        ∂ℓ/∂z = σ(z) − t

    The second form cannot overflow. The mean is over samples and outputs.

    Notes
    -----
    `target` holds numbers from 0 to 1 in the shape of the output; (N,) will do for (N, 1).

    Examples
    --------
    >>> value, dz = gn.BinaryCrossEntropy()(np.array([[0.0]]), np.array([1]))
    >>> round(value, 4), dz
    (0.6931, array([[-0.5]]))
    """

    kind: ClassVar[Literal["classification", "binary", "regression"]] = "binary"

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean cross-entropy and its gradient by the logits, shape of the output."""
        t = _aligned(target, output)
        if t.size and not (t.min() >= 0 and t.max() <= 1):
            raise DataError(
                f"BinaryCrossEntropy takes targets from 0 to 1, not {t.min()} to {t.max()}"
            )
        loss = np.maximum(output, 0) - t * output + np.log1p(np.exp(-np.abs(output)))
        return _mean(loss, kernels.sigmoid_forward(output) - t, sample_weight)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Squared distance: ℓ = (y − t)², ∂ℓ/∂y = 2 (y − t); mean over samples and outputs.

    Works on any output: behind a Softmax or Sigmoid layer that layer's Jacobian does the rest.

    Notes
    -----
    `target` has the shape of the output; (N,) will do for (N, 1). Integer labels (N,) beside
    outputs (N, K) stand for one-hot rows.

    Examples
    --------
    >>> gn.MeanSquaredError()(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]]))
    (0.5, array([[1., 0.]]))
    """

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean squared error and its gradient, shape of the output."""
        error = output - _aligned(target, output)
        return _mean(np.square(error), 2 * error, sample_weight)


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """Distance: ℓ = |y − t|, ∂ℓ/∂y = sign(y − t); mean over samples and outputs.

    Targets are those of `MeanSquaredError`.

    Examples
    --------
    >>> gn.MeanAbsoluteError()(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]]))
    (0.5, array([[0.5, 0. ]]))
    """

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean absolute error and its gradient, shape of the output."""
        error = output - _aligned(target, output)
        return _mean(np.abs(error), np.sign(error), sample_weight)


@dataclass(frozen=True)
class Huber(Loss):
    """Squared near zero, absolute far from it (Huber, 1964); mean over samples and outputs.

        ℓ = ½ e²  for |e| ≤ δ,  else δ (|e| − ½ δ);    ∂ℓ/∂y = e, cut off at ± δ;    e = y − t

    Targets are those of `MeanSquaredError`.

    Parameters
    ----------
    delta : float
        δ > 0, where one form passes into the other.

    Examples
    --------
    >>> gn.Huber()(np.array([[3.0]]), np.array([[0.0]]))
    (2.5, array([[1.]]))
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise ConfigError(f"Huber's delta must be above 0, not {self.delta}")

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean Huber loss and its gradient, shape of the output."""
        error = output - _aligned(target, output)
        clipped = np.clip(error, -self.delta, self.delta)
        return _mean(clipped * (error - 0.5 * clipped), clipped, sample_weight)


def one_hot(labels: Array, classes: int, dtype: np.typing.DTypeLike = np.float32) -> Array:
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


def _mean(loss: Array, gradient: Array, sample_weight: Array | None) -> tuple[float, Array]:
    """Take the (weighted) mean over samples, and over the outputs of each."""
    _refuse_empty(loss)
    weights = _checked_weights(sample_weight, loss)
    if weights is None:
        return float(loss.mean()), gradient * (1 / loss.size)
    total = float(weights.sum()) * (loss.size // len(loss))
    if not total > 0:
        raise DataError("all samples of a batch have weight zero; give some a positive weight")
    scale = (weights * (1 / total)).reshape(-1, *(1,) * (loss.ndim - 1))
    return float((loss * scale).sum()), gradient * scale


def _refuse_empty(output: Array) -> None:
    if not output.size:
        raise DataError(f"an empty batch, of shape {output.shape}, has no mean loss; leave it out")


def _checked_labels(labels: Array, samples: int, classes: int) -> Array:
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


def _checked_rows(target: Array, output: Array) -> Array:
    if target.shape != output.shape:
        raise ShapeError(
            f"targets of shape {target.shape} do not fit outputs of shape {output.shape}; "
            "give integer labels (N,) or rows of probabilities (N, classes)"
        )
    return target.astype(output.dtype, copy=False)


def _checked_weights(sample_weight: Array | None, output: Array) -> Array | None:
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


def _aligned(target: Array, output: Array) -> Array:
    """Bring targets to the shape of the output; broadcasting (N,) against (N, 1) would not."""
    if target.shape == output.shape:
        return target.astype(output.dtype, copy=False)
    if output.shape == (*target.shape, 1):
        return target[..., None].astype(output.dtype)
    if target.ndim == 1 and output.ndim == 2 and np.issubdtype(target.dtype, np.integer):
        labels = _checked_labels(target, *output.shape)
        return one_hot(labels, output.shape[1], output.dtype)
    raise ShapeError(
        f"targets of shape {target.shape} do not fit outputs of shape {output.shape}; "
        "they must be equal, or labels (N,) for one-hot rows"
    )
