"""The fully connected layer."""

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape, Shape, size_of
from glassnet.errors import ShapeError
from glassnet.layers.base import Layer
from glassnet.parameters import Parameter


class Linear(Layer):
    """Fully connected layer: y = x Wᵀ + b.

    With δ = ∂L/∂y, the chain rule gives

        ∂L/∂W = δᵀ x,    ∂L/∂b = Σ_n δ_n,    ∂L/∂x = δ W

    The sums run over the batch; the 1/N of the mean is in the loss, hence in δ, and nowhere else.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Whether there is a b.
    init, bias_init : str, optional
        Initializers (see `glassnet.initializers`). Without `init` the weight's is chosen by the
        activation that follows: He for the ReLU family, Xavier otherwise.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter, shape (out_features,), or None

    Examples
    --------
    >>> layer = gn.Linear(3, 2).initialize(seed=0)
    >>> y, x = layer.forward(np.ones((4, 3), np.float32))
    >>> layer.backward(np.ones_like(y), x).shape, layer.bias.grad
    ((4, 3), array([4., 4.], dtype=float32))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: str | None = None,
        bias_init: str = "zeros",
    ) -> None:
        super().__init__()
        if min(in_features, out_features) < 1:
            raise ShapeError(
                f"Linear({in_features}, {out_features}) needs at least 1 input and 1 output"
            )
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter.pending((out_features, in_features), init)
        self.bias = Parameter.pending((out_features,), bias_init) if bias else None

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, shape (N, out_features), and x."""
        bias = None if self.bias is None else self.bias.value
        return kernels.dense_forward(x, self.weight.value, bias), x

    def forward_rectified(self, x: Array) -> tuple[Array, Array]:
        """Return what a ReLU after this layer makes of y, and x."""
        bias = None if self.bias is None else self.bias.value
        return kernels.dense_forward(x, self.weight.value, bias, True), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Write ∂L/∂W and ∂L/∂b; return ∂L/∂x, shape (N, in_features)."""
        self.backward_parameters(dy, cache)
        return kernels.dense_input_gradient(dy, self.weight.value)

    def backward_rectified(self, dy: Array, cache: Array, below: Array) -> Array:
        """Write ∂L/∂W and ∂L/∂b; return the gradient of the input of a ReLU that made `below`."""
        self.backward_parameters(dy, cache)
        return kernels.dense_input_gradient(dy, self.weight.value, below)

    def backward_parameters(self, dy: Array, cache: Array) -> None:
        """Write ∂L/∂W = δᵀ x and ∂L/∂b = Σ_n δ_n."""
        bias = None if self.bias is None or not self.bias.trainable else self.bias
        if self.weight.trainable:
            kernels.dense_weight_gradient(
                dy,
                cache,
                out=self.weight.grad,
                bias_out=None if bias is None else bias.grad,
            )
        elif bias is not None:
            bias.grad = dy.sum(axis=0)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return (out_features,); the input must be flat and of in_features values."""
        if input_shape is not None:
            size = size_of(input_shape)
            if len(input_shape) != 1:
                flattened = f"Linear({size}, {self.out_features})" if size else "a Linear"
                raise ShapeError(
                    f"takes flat features but gets samples of shape {input_shape}; "
                    f"put gn.Flatten() before it, then {flattened}"
                )
            if size is not None and size != self.in_features:
                raise ShapeError(
                    f"takes {self.in_features} features but gets {size}; "
                    f"make it Linear({size}, {self.out_features})"
                )
        return (self.out_features,)

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return in_features · out_features."""
        return self.in_features * self.out_features
