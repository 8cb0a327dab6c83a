"""Average and maximum over windows, and their gradients, window by window.

The window of output (i, j) has its corner at (i·s − pad, j·s − pad). Nothing is padded here: what
is outside the picture is passed over. Shapes are as in the NumPy edition. `below` is the output of
a ReLU that made the picture; the gradient of that one's input is then returned.
"""

import math

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.reference.activation import relu_backward

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_infer",
]


def max_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> tuple[Array, Array]:
    """Return the largest value of each window, and which position p·kw + q of the window held it.

    The first one among equals wins; NaN counts as larger than everything, so that it is not lost.
    """
    _, _, height, width = x.shape
    shape = _output_shape(x, kernel, stride, padding)
    y = np.zeros(shape, x.dtype)
    winner = np.zeros(shape, np.uint16)
    for n, c, i, j in np.ndindex(shape):
        best = None
        for p in range(kernel[0]):
            for q in range(kernel[1]):
                row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                if 0 <= row < height and 0 <= column < width:
                    value = x[n, c, row, column]
                    if best is None or value > best or math.isnan(value):
                        best = value
                        y[n, c, i, j] = value
                        winner[n, c, i, j] = p * kernel[1] + q
    return y, winner


def max_pool2d_infer(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the largest value of each window."""
    return max_pool2d_forward(x, kernel, stride, padding)[0]


def max_pool2d_backward(
    dy: Array,
    winner: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window sends its error to the pixel that won it.

    A small change of the winner changes the maximum by as much, ∂y/∂x = 1; a small change of any
    other pixel does not change it, ∂y/∂x = 0.
    """
    dx = np.zeros((len(dy), *input_shape))
    for n, c, i, j in np.ndindex(dy.shape):
        p, q = divmod(int(winner[n, c, i, j]), kernel[1])
        row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
        dx[n, c, row, column] += dy[n, c, i, j]
    dx = dx.astype(dy.dtype)
    return dx if below is None else relu_backward(dx, below)


def avg_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return y = Σ_{p,q} x[n, c, i·s + p − pad, j·s + q − pad] / (kh · kw).

    Outside the picture x is zero, and counts: every window is divided by its full size.
    """
    _, _, height, width = x.shape
    y = np.zeros(_output_shape(x, kernel, stride, padding))
    for n, c, i, j in np.ndindex(y.shape):
        total = 0.0
        for p in range(kernel[0]):
            for q in range(kernel[1]):
                row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                if 0 <= row < height and 0 <= column < width:
                    total += float(x[n, c, row, column])
        y[n, c, i, j] = total / (kernel[0] * kernel[1])
    return y.astype(np.result_type(x, np.float32))


def avg_pool2d_backward(
    dy: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window sends every pixel of it ∂y/∂x = 1 / (kh · kw) of its error."""
    _, height, width = input_shape
    dx = np.zeros((len(dy), *input_shape))
    for n, c, i, j in np.ndindex(dy.shape):
        for p in range(kernel[0]):
            for q in range(kernel[1]):
                row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                if 0 <= row < height and 0 <= column < width:
                    dx[n, c, row, column] += float(dy[n, c, i, j]) / (kernel[0] * kernel[1])
    dx = dx.astype(dy.dtype)
    return dx if below is None else relu_backward(dx, below)


def _output_shape(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Shape:
    samples, channels, height, width = x.shape
    out_h = (height + 2 * padding[0] - kernel[0]) // stride[0] + 1
    out_w = (width + 2 * padding[1] - kernel[1]) // stride[1] + 1
    return samples, channels, out_h, out_w
