"""Pooling: each window of an image becomes one value, channel by channel."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape, Shape, as_pair
from glassnet.errors import ConfigError
from glassnet.layers.base import Layer
from glassnet.layers.windows import image_shape, window_positions


class Pool2d(Layer):
    """What the pooling layers share: window, stride, padding and output shape.

    Parameters
    ----------
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        By default the window's size, so that windows do not overlap.
    padding : int or (int, int)
        At most half of the window.
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None:
        super().__init__()
        self.kernel_size = as_pair(kernel_size, "kernel_size")
        self.stride = as_pair(kernel_size if stride is None else stride, "stride")
        self.padding = as_pair(padding, "padding", minimum=0)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ConfigError(
                f"padding {self.padding} is more than half of the window {self.kernel_size}, "
                "so some windows would see nothing but padding; use less padding"
            )

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return (C, Ho, Wo) with Ho = (H + 2 pad − kh) // stride + 1."""
        channels, height, width = image_shape(input_shape)
        return (
            channels,
            *window_positions(height, width, self.kernel_size, self.stride, self.padding),
        )


class MaxPoolCache(NamedTuple):
    """What the backward pass of `MaxPool2d` needs."""

    winner: Array
    """Position inside its window of each output's maximum, shape (N, C, Ho, Wo)."""
    input_shape: Shape


class MaxPool2d(Pool2d):
    """The largest value of each window; its gradient goes to the one pixel that was largest.

    Among equals it is the first, in reading order. A pixel that is largest in several overlapping
    windows gets the sum of their gradients. See `Pool2d` for the parameters.

    Examples
    --------
    >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> gn.MaxPool2d(2).infer(x)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, MaxPoolCache]:
        """Return y, shape (N, C, Ho, Wo), and which pixels it came from."""
        y, winner = kernels.max_pool2d_forward(x, self.kernel_size, self.stride, self.padding)
        return y, MaxPoolCache(winner, x.shape[1:])

    def infer(self, x: Array) -> Array:
        """Return y alone, which is less work."""
        if type(self) is not MaxPool2d or "forward" in vars(self):  # it may do something else
            return super().infer(x)
        return kernels.max_pool2d_infer(x, self.kernel_size, self.stride, self.padding)

    def backward(self, dy: Array, cache: MaxPoolCache) -> Array:
        """Return ∂L/∂x, shape (N, C, H, W)."""
        return kernels.max_pool2d_backward(
            dy, cache.winner, cache.input_shape, self.kernel_size, self.stride, self.padding
        )

    def backward_rectified(self, dy: Array, cache: MaxPoolCache, below: Array) -> Array:
        """Return the gradient of the input of a ReLU before this layer, which made `below`."""
        windows = self.kernel_size, self.stride, self.padding
        return kernels.max_pool2d_backward(dy, cache.winner, cache.input_shape, *windows, below)


class AvgPool2d(Pool2d):
    """The mean of each window; its gradient is shared equally among the window's pixels.

    Zeros of the padding count in the mean. See `Pool2d` for the parameters.

    Examples
    --------
    >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> gn.AvgPool2d(2).infer(x)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Return y, shape (N, C, Ho, Wo), and the shape of the input samples."""
        y = kernels.avg_pool2d_forward(x, self.kernel_size, self.stride, self.padding)
        return y, x.shape[1:]

    def backward(self, dy: Array, cache: Shape) -> Array:
        """Return ∂L/∂x, shape (N, C, H, W)."""
        return kernels.avg_pool2d_backward(dy, cache, self.kernel_size, self.stride, self.padding)

    def backward_rectified(self, dy: Array, cache: Shape, below: Array) -> Array:
        """Return the gradient of the input of a ReLU before this layer, which made `below`."""
        windows = self.kernel_size, self.stride, self.padding
        return kernels.avg_pool2d_backward(dy, cache, *windows, below)


class GlobalAvgPool2d(Layer):
    """The mean of each channel over the whole image: (N, C, H, W) → (N, C).

    Each pixel has a part of 1/(H·W) in the mean, and gets that part of the gradient
    (Lin et al., 2014).

    Examples
    --------
    >>> gn.GlobalAvgPool2d().infer(np.ones((2, 3, 4, 4), np.float32)).shape
    (2, 3)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Return y, shape (N, C), and the shape of the input samples."""
        return x.mean(axis=(2, 3)), x.shape[1:]

    def backward(self, dy: Array, cache: Shape) -> Array:
        """Return ∂L/∂x, shape (N, C, H, W): dy / (H·W) at every pixel (a read-only view)."""
        _, height, width = cache
        share: Any = dy / (height * width)
        return np.broadcast_to(share[:, :, None, None], (len(dy), *cache))

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return (C,)."""
        return (image_shape(input_shape)[0],)
