"""Two-dimensional convolution."""

from collections.abc import Sequence

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape, Shape, as_pair
from glassnet.errors import ShapeError
from glassnet.layers.base import Layer
from glassnet.layers.windows import image_shape, window_positions
from glassnet.parameters import Parameter


class Conv2d(Layer):
    """Two-dimensional convolution (a cross-correlation: the kernel is not flipped).

        y[n, o, i, j] = b[o] + Σ_{c,p,q} W[o, c, p, q] · x[n, c, i·s + p − pad, j·s + q − pad]

    Every weight is used at every position of the picture, so its gradient is a sum over them; every
    pixel is seen by several outputs, so its gradient is a sum over those. With δ = ∂L/∂y:

        ∂L/∂W[o, c, p, q] = Σ_{n,i,j} δ[n, o, i, j] · x[n, c, i·s + p − pad, j·s + q − pad]
        ∂L/∂b[o]          = Σ_{n,i,j} δ[n, o, i, j]
        ∂L/∂x[n, c, k, l] = Σ_{o,i,j} δ[n, o, i, j] · W[o, c, k − i·s + pad, l − j·s + pad]

    the last over those i, j for which the indices lie inside the kernel (LeCun et al., 1989).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding : int or (int, int)
        Height and width; padding adds that many rows or columns of zeros on both sides.
    bias : bool
    init, bias_init : str, optional
        Initializers, as in `Linear`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels, kh, kw)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> layer = gn.Conv2d(1, 4, 5, stride=2, padding=1).initialize(seed=0)
    >>> layer.output_shape((1, 28, 28))
    (4, 13, 13)
    >>> y, x = layer.forward(np.ones((2, 1, 28, 28), np.float32))
    >>> y.shape, layer.backward(y, x).shape
    ((2, 4, 13, 13), (2, 1, 28, 28))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        bias: bool = True,
        *,
        init: str | None = None,
        bias_init: str = "zeros",
    ) -> None:
        super().__init__()
        if min(in_channels, out_channels) < 1:
            raise ShapeError(
                f"Conv2d({in_channels}, {out_channels}, ...) needs at least 1 channel in and out"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = as_pair(kernel_size, "kernel_size")
        self.stride = as_pair(stride, "stride")
        self.padding = as_pair(padding, "padding", minimum=0)
        self.weight = Parameter.pending((out_channels, in_channels, *self.kernel_size), init)
        self.bias = Parameter.pending((out_channels,), bias_init) if bias else None

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y, shape (N, out_channels, Ho, Wo), and x."""
        bias = None if self.bias is None else self.bias.value
        return kernels.conv2d_forward(x, self.weight.value, bias, self.stride, self.padding), x

    def forward_rectified(self, x: Array) -> tuple[Array, Array]:
        """Return what a ReLU after this layer makes of y, and x."""
        bias = None if self.bias is None else self.bias.value
        weight = self.weight.value
        return kernels.conv2d_forward(x, weight, bias, self.stride, self.padding, True), x

    def backward(self, dy: Array, cache: Array) -> Array:
        """Write ∂L/∂W and ∂L/∂b; return ∂L/∂x, shape (N, in_channels, H, W)."""
        self.backward_parameters(dy, cache)
        return kernels.conv2d_input_gradient(
            dy, self.weight.value, cache.shape[1:], self.stride, self.padding
        )

    def backward_rectified(self, dy: Array, cache: Array, below: Array) -> Array:
        """Write ∂L/∂W and ∂L/∂b; return the gradient of the input of a ReLU that made `below`."""
        self.backward_parameters(dy, cache)
        return kernels.conv2d_input_gradient(
            dy, self.weight.value, cache.shape[1:], self.stride, self.padding, below
        )

    def backward_parameters(self, dy: Array, cache: Array) -> None:
        """Write ∂L/∂W and ∂L/∂b."""
        bias = None if self.bias is None or not self.bias.trainable else self.bias
        if self.weight.trainable:
            kernels.conv2d_weight_gradient(
                dy, cache, self.stride, self.padding, out=self.weight.grad,
                bias_out=None if bias is None else bias.grad,
            )  # fmt: skip
        elif bias is not None:
            bias.grad = dy.sum(axis=(0, 2, 3))

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return (out_channels, Ho, Wo) with Ho = (H + 2 pad − kh) // stride + 1."""
        channels, height, width = image_shape(input_shape)
        if channels is not None and channels != self.in_channels:
            kernel = self.kernel_size
            raise ShapeError(
                f"takes {self.in_channels} channels but gets {channels}; "
                f"make it Conv2d({channels}, {self.out_channels}, {kernel}, ...)"
            )
        return (
            self.out_channels,
            *window_positions(height, width, self.kernel_size, self.stride, self.padding),
        )

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return the size of the kernels times the number of positions."""
        shape = self.output_shape(input_shape)
        positions = [size or 0 for size in shape[1:]] if shape else []
        return self.weight.size * int(np.prod(positions))
