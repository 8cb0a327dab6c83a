"""Non-linearities: each acts on every value alone, except softmax, which acts on a row.

For an element-wise y = f(x) the chain rule is ∂L/∂x = ∂L/∂y · f′(x). Where f′ can be had from y,
the cache is y, which the next layer keeps anyway.
"""

from typing import ClassVar

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape
from glassnet.errors import ShapeError
from glassnet.layers.base import Layer


class Activation(Layer):
    """What non-linearities share: they keep the shape, and have no parameters."""

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape."""
        return input_shape


class ReLU(Activation):
    """y = max(x, 0);  y′ = 1 where y > 0, else 0 (Nair & Hinton, 2010).

    Examples
    --------
    >>> gn.ReLU().infer(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    preferred_initializer: ClassVar[str | None] = "he_normal"

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, and y again as the cache."""
        y = kernels.relu_forward(x)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y where y > 0, else 0."""
        return kernels.relu_backward(dy, cache)


class LeakyReLU(Activation):
    """y = x for x > 0, else slope · x: a unit that is off still learns (Maas et al., 2013).

    Parameters
    ----------
    negative_slope : float

    Examples
    --------
    >>> gn.LeakyReLU(0.1).infer(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    preferred_initializer: ClassVar[str | None] = "he_normal"

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = float(negative_slope)

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y and x."""
        return kernels.leaky_relu_forward(x, self.negative_slope), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y for x > 0, else slope · ∂L/∂y."""
        return kernels.leaky_relu_backward(dy, cache, self.negative_slope)


class ELU(Activation):
    """y = x for x > 0, else α (eˣ − 1);  y′ = 1, or α eˣ (Clevert et al., 2016).

    Parameters
    ----------
    alpha : float

    Examples
    --------
    >>> gn.ELU().infer(np.array([[-100.0, 2.0]]))
    array([[-1.,  2.]])
    """

    preferred_initializer: ClassVar[str | None] = "he_normal"

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = float(alpha)

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y and x."""
        return kernels.elu_forward(x, self.alpha), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y for x > 0, else ∂L/∂y · α eˣ."""
        return kernels.elu_backward(dy, cache, self.alpha)


class GELU(Activation):
    """y = x Φ(x), Φ the normal distribution function;  y′ = Φ + x φ (Hendrycks & Gimpel, 2016).

    Examples
    --------
    >>> gn.GELU().infer(np.array([[0.0, 10.0]]))
    array([[ 0., 10.]])
    """

    preferred_initializer: ClassVar[str | None] = "he_normal"

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y and x."""
        return kernels.gelu_forward(x), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y · (Φ(x) + x φ(x))."""
        return kernels.gelu_backward(dy, cache)


class SiLU(Activation):
    """y = x σ(x), also called swish;  y′ = σ (1 + x (1 − σ)) (Elfwing et al., 2018).

    Examples
    --------
    >>> gn.SiLU().infer(np.array([[0.0, 100.0]]))
    array([[  0., 100.]])
    """

    preferred_initializer: ClassVar[str | None] = "he_normal"

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y and x."""
        return kernels.silu_forward(x), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y · σ(x) (1 + x (1 − σ(x)))."""
        return kernels.silu_backward(dy, cache)


class Sigmoid(Activation):
    """y = 1 / (1 + e^{−x});  y′ = y (1 − y).

    Examples
    --------
    >>> gn.Sigmoid().infer(np.array([[0.0, 1000.0]]))
    array([[0.5, 1. ]])
    """

    preferred_initializer: ClassVar[str | None] = "xavier_uniform"
    gives_probabilities = True

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, and y again as the cache."""
        y = kernels.sigmoid_forward(x)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y · y (1 − y)."""
        return kernels.sigmoid_backward(dy, cache)


class Tanh(Activation):
    """y = tanh x;  y′ = 1 − y².

    Examples
    --------
    >>> gn.Tanh().infer(np.array([[0.0, 1000.0]]))
    array([[0., 1.]])
    """

    preferred_initializer: ClassVar[str | None] = "xavier_uniform"

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, and y again as the cache."""
        y = kernels.tanh_forward(x)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = ∂L/∂y · (1 − y²)."""
        return kernels.tanh_backward(dy, cache)


class Softmax(Activation):
    """y_k = e^{x_k} / Σ_j e^{x_j}: the outputs are positive and 1 in sum.

    Every output depends on every input of its row, so the derivative is a matrix,
    ∂y_k/∂x_j = y_k (δ_kj − y_j), and ∂L/∂x = y · (∂L/∂y − Σ_j y_j ∂L/∂y_j). Before a cross-entropy
    leave this layer out: `SoftmaxCrossEntropy` takes logits and is exact where this would round.

    Examples
    --------
    >>> gn.Softmax().infer(np.array([[0.0, 1000.0]]))
    array([[0., 1.]])
    """

    preferred_initializer: ClassVar[str | None] = "xavier_uniform"
    gives_probabilities = True

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, and y again as the cache."""
        y = kernels.softmax_forward(x)
        return y, y

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return ∂L/∂x = y · (∂L/∂y − Σ_j y_j ∂L/∂y_j)."""
        return kernels.softmax_backward(dy, cache)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape, which needs an axis of classes."""
        if input_shape == ():
            raise ShapeError("takes a row of values for each sample but gets a single number")
        return input_shape
