"""Batch and layer normalisation.

Both bring m values to mean 0 and variance 1, with s = √(σ² + ε):

    x̂_i = (x_i − μ) / s,    y_i = γ x̂_i + β

With δ̂_i = ∂L/∂x̂_i = γ ∂L/∂y_i, the loss depends on x_i in three ways: through its own x̂_i;
through the mean, ∂μ/∂x_i = 1/m; and through the spread, ∂s/∂x_i = (x_i − μ) / (m s) = x̂_i / m.
Since ∂x̂_j/∂μ = −1/s and ∂x̂_j/∂s = −x̂_j/s, the chain rule adds up to

    ∂L/∂x_i = (δ̂_i − (1/m) Σ_j δ̂_j − x̂_i (1/m) Σ_j δ̂_j x̂_j) / s

What is left of δ̂ has no part along a constant and none along x̂: shifting or stretching all m values
together changes nothing. The two layers differ in which m values belong together.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers.base import Layer
from glassnet.parameters import Buffer, Parameter
from glassnet.room import filled


class BatchNormCache(NamedTuple):
    """What the backward pass of batch normalisation needs."""

    normalized: Array
    """x̂, shape of the input."""
    variance: Array
    """σ² by which was divided, with 1 in place of the summed axes."""
    from_batch: bool
    """Whether mean and variance were the batch's own, and so depend on x."""


class BatchNorm(Layer):
    """Batch normalisation (Ioffe & Szegedy, 2015): what its one- and two-dimensional forms share.

        x̂ = (x − μ) / √(σ² + ε),    y = γ x̂ + β

    The m values of one feature (of one channel at all pixels) over the batch belong together. In
    training μ and σ² are theirs; a running mean of both is kept for evaluation, where they are
    constants and ∂L/∂x = δ̂ / s. With δ = ∂L/∂y and sums over the m values:

        ∂L/∂γ = Σ δ x̂,    ∂L/∂β = Σ δ,    δ̂ = γ δ,    ∂L/∂x = (δ̂ − mean(δ̂) − x̂ mean(δ̂ x̂)) / s

    A batch with a single value a channel has no variance; it is normalised as in evaluation and
    leaves the running statistics alone. So is every batch where γ and β are both frozen: a frozen
    layer does not change, nor does what it computes.

    Parameters
    ----------
    num_features : int
        Features, or channels.
    eps : float
    momentum : float
        Part of the batch's statistics in the running ones:
        running ← (1 − momentum) · running + momentum · batch.

    Attributes
    ----------
    weight, bias : Parameter, shape (num_features,)
        γ and β; neither decays.
    running_mean, running_var : Buffer, shape (num_features,)
        The running variance is the unbiased one, as in PyTorch.
    num_batches_tracked : Buffer, int64
    """

    axes: ClassVar[tuple[int, ...]]
    sample_axes: ClassVar[int]
    sample_kind: ClassVar[str]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        if num_features < 1:
            raise ConfigError(f"num_features must be at least 1, not {num_features}")
        self.num_features, self.eps, self.momentum = num_features, float(eps), float(momentum)
        self.weight = Parameter(filled((num_features,), 1.0))
        self.bias = Parameter(filled((num_features,)))
        self.running_mean = Buffer(filled((num_features,)))
        self.running_var = Buffer(filled((num_features,), 1.0))
        self.num_batches_tracked = Buffer(np.array(0, np.int64))

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, BatchNormCache]:
        """Return y, shape of x, and x̂ with its variance."""
        count = x.size // self.num_features
        frozen = not (self.weight.trainable or self.bias.trainable)
        from_batch = training and count > 1 and not frozen
        if from_batch:
            y, normalized, mean, variance = kernels.batch_norm_forward(
                x, self.weight.value, self.bias.value, self.axes, self.eps
            )
            self._track(mean.reshape(-1), variance.reshape(-1) * (count / (count - 1)))
        else:
            variance = self._along_channels(self.running_var.value.copy(), x)
            normalized = x - self._along_channels(self.running_mean.value, x)
            normalized /= np.sqrt(variance + self.eps)
            y = normalized * self._along_channels(self.weight.value, x)
            y += self._along_channels(self.bias.value, x)
        return y, BatchNormCache(normalized, variance, from_batch)

    def backward(self, dy: Array, cache: BatchNormCache) -> Array:
        """Write ∂L/∂γ and ∂L/∂β; return ∂L/∂x, shape of x."""
        if not cache.from_batch:
            self.backward_parameters(dy, cache)
            scale = 1 / np.sqrt(cache.variance + self.eps)
            return dy * (self._along_channels(self.weight.value, dy) * scale)
        dx, dweight, dbias = kernels.batch_norm_backward(
            dy, cache.normalized, cache.variance, self.weight.value, self.axes, self.eps
        )
        if self.weight.trainable:
            self.weight.grad = dweight
        if self.bias.trainable:
            self.bias.grad = dbias
        return dx

    def backward_parameters(self, dy: Array, cache: BatchNormCache) -> None:
        """Write ∂L/∂γ = Σ δ x̂ and ∂L/∂β = Σ δ."""
        if self.weight.trainable:
            self.weight.grad = (dy * cache.normalized).sum(axis=self.axes)
        if self.bias.trainable:
            self.bias.grad = dy.sum(axis=self.axes)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape."""
        if input_shape is None:
            return (self.num_features,) + (None,) * (self.sample_axes - 1)
        if len(input_shape) != self.sample_axes:
            raise ShapeError(
                f"takes samples of shape {self.sample_kind} but gets {input_shape}; "
                "use BatchNorm1d for flat features and BatchNorm2d for images"
            )
        features = input_shape[0]
        if features is not None and features != self.num_features:
            raise ShapeError(
                f"takes {self.num_features} features but gets {features}; "
                f"make it {type(self).__name__}({features})"
            )
        return input_shape

    def _track(self, mean: Array, variance: Array) -> None:
        for buffer, batch in ((self.running_mean, mean), (self.running_var, variance)):
            buffer.value = (1 - self.momentum) * buffer.value + self.momentum * batch
        self.num_batches_tracked.value = self.num_batches_tracked.value + 1

    def _along_channels(self, vector: Array, x: Array) -> Array:
        """See a vector of one value a channel so that it broadcasts against x."""
        return vector.reshape((1, -1) + (1,) * (x.ndim - 2))


class BatchNorm1d(BatchNorm):
    """Batch normalisation of features, (N, F): statistics over the batch. See `BatchNorm`.

    Examples
    --------
    >>> y, _ = gn.BatchNorm1d(1).forward(np.array([[1.0], [3.0]]), training=True)
    >>> y.round(3).ravel().tolist()
    [-1.0, 1.0]
    """

    axes = (0,)
    sample_axes = 1
    sample_kind = "(features,)"


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images, (N, C, H, W): statistics over batch and pixels.

    See `BatchNorm`.

    Examples
    --------
    >>> x = np.arange(8.0).reshape(2, 1, 2, 2)
    >>> y, _ = gn.BatchNorm2d(1).forward(x, training=True)
    >>> round(abs(float(y.mean())), 6), round(float(y.std()), 3)
    (0.0, 1.0)
    """

    axes = (0, 2, 3)
    sample_axes = 3
    sample_kind = "(channels, height, width)"


class LayerNormCache(NamedTuple):
    """What the backward pass of layer normalisation needs."""

    normalized: Array
    variance: Array


class LayerNorm(Layer):
    """Layer normalisation (Ba et al., 2016): each sample by its own mean and variance.

        x̂ = (x − μ_n) / √(σ²_n + ε),    y = γ x̂ + β

    The m values of one sample belong together, so it is the same in training and evaluation. γ and
    β have one value a feature; neither decays. With δ = ∂L/∂y, sums over the batch and means over
    the sample:

        ∂L/∂γ = Σ_n δ x̂,    ∂L/∂β = Σ_n δ,    δ̂ = γ δ,    ∂L/∂x = (δ̂ − mean(δ̂) − x̂ mean(δ̂ x̂)) / s

    Parameters
    ----------
    normalized_shape : int or sequence of int
        Shape of a sample: all its values are normalised together.
    eps : float

    Attributes
    ----------
    weight, bias : Parameter, shape normalized_shape

    Examples
    --------
    >>> y, _ = gn.LayerNorm(2).forward(np.array([[1.0, 3.0], [5.0, 9.0]]))
    >>> y.round(3).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5) -> None:
        super().__init__()
        single = isinstance(normalized_shape, (int, np.integer))
        shape: Any = (normalized_shape,) if single else tuple(normalized_shape)  # type: ignore[arg-type]
        self.normalized_shape: tuple[int, ...] = shape
        self.eps = float(eps)
        self.weight = Parameter(filled(self.normalized_shape, 1.0), decay=False)
        self.bias = Parameter(filled(self.normalized_shape), decay=False)

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, LayerNormCache]:
        """Return y, shape of x, and x̂ with its variance."""
        normalized, _, variance = kernels.normalize_forward(x, self._axes, self.eps)
        y = normalized * self.weight.value + self.bias.value
        return y, LayerNormCache(normalized, variance)

    def backward(self, dy: Array, cache: LayerNormCache) -> Array:
        """Write ∂L/∂γ = Σ_n δ x̂ and ∂L/∂β = Σ_n δ; return ∂L/∂x, shape of x."""
        self.backward_parameters(dy, cache)
        return kernels.normalize_backward(
            dy * self.weight.value, cache.normalized, cache.variance, self._axes, self.eps
        )

    def backward_parameters(self, dy: Array, cache: LayerNormCache) -> None:
        """Write ∂L/∂γ and ∂L/∂β."""
        if self.weight.trainable:
            self.weight.grad = (dy * cache.normalized).sum(axis=0)
        if self.bias.trainable:
            self.bias.grad = dy.sum(axis=0)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape, which must be `normalized_shape`."""
        if input_shape is not None and (
            len(input_shape) != len(self.normalized_shape)
            or any(
                got is not None and got != wanted
                for got, wanted in zip(input_shape, self.normalized_shape, strict=True)
            )
        ):
            raise ShapeError(
                f"normalises samples of shape {self.normalized_shape} but gets {input_shape}; "
                f"make it LayerNorm({input_shape})"
            )
        return self.normalized_shape

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(1, 1 + len(self.normalized_shape)))
