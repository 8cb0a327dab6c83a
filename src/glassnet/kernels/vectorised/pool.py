"""Average and maximum over windows, and their gradients (NumPy).

The window is small and the image large, so the loop runs over the kh·kw positions inside the
window and everything else is one array operation. Positions of one such step are distinct pixels
even where windows overlap, so adding into them loses nothing.
"""

from collections.abc import Iterator
from functools import reduce

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.vectorised.activation import relu_backward

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_infer",
]


def max_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> tuple[Array, Array]:
    """Return the largest value of each window, and which position of the window held it.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel, stride, padding : (int, int)
        Padding is never the largest; it is at most half the kernel, so every window sees a pixel.

    Returns
    -------
    y : ndarray, shape (N, C, Ho, Wo), batch-innermost in memory
    winner : ndarray of uint16, same shape
        p·kw + q of the largest value; the first one among equals. NaN is larger than all.
    """
    lowest = _lowest(x)
    image = _padded(x, padding, lowest)
    out = _output_size(image, kernel, stride)
    y = np.full((x.shape[1], *out, x.shape[0]), lowest, x.dtype)
    winner = np.empty(y.shape, np.uint16)
    winner[...] = _first_pixels(kernel, stride, padding, out)
    for position, window in enumerate(_positions(kernel, stride, out)):
        value = image[window]
        larger = (value > y) | np.isnan(value)
        # Positions only grow, so a maximum is an assignment where `larger`, and ten times as fast.
        np.maximum(winner, larger * np.uint16(position), out=winner)
        np.maximum(y, value, out=y)
    return y.transpose(3, 0, 1, 2), winner.transpose(3, 0, 1, 2)


def max_pool2d_infer(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the largest value of each window, y of `max_pool2d_forward`.

    The largest of each row of a window comes first, and then of these: kh + kw steps, where it
    takes kh·kw to say which position it was.
    """
    image = _padded(x, padding, _lowest(x))
    height, width = _output_size(image, kernel, stride)
    rows = [image[:, :, q : q + stride[1] * width : stride[1]] for q in range(kernel[1])]
    largest = reduce(np.maximum, rows)
    tops = [largest[:, p : p + stride[0] * height : stride[0]] for p in range(kernel[0])]
    y = reduce(np.maximum, tops)
    return (y.copy() if kernel[0] == 1 else y).transpose(3, 0, 1, 2)  # never a view of x


def max_pool2d_backward(
    dy: Array,
    winner: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window sends its error to the one pixel that won it.

    Parameters
    ----------
    dy, winner : ndarray, shape (N, C, Ho, Wo)
    input_shape : (C, H, W)
    kernel, stride, padding : (int, int)
    below : ndarray, shape (N, C, H, W), optional
        The input, if it is the output of a ReLU, the gradient of whose input is then returned.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        A pixel that won several overlapping windows gets the sum of their errors.
    """
    dy, winner = _batch_innermost(dy), _batch_innermost(winner)
    dx = _zeros(input_shape, dy, padding)
    for position, window in enumerate(_positions(kernel, stride, dy.shape[1:3])):
        dx[window] += dy * (winner == position)
    dx = _cropped(dx, input_shape, padding)
    return dx if below is None else relu_backward(dx, below)


def avg_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the mean of each window; zeros of the padding count.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel, stride, padding : (int, int)

    Returns
    -------
    ndarray, shape (N, C, Ho, Wo), batch-innermost in memory
    """
    image = _padded(x, padding, 0.0)
    out = _output_size(image, kernel, stride)
    y = np.zeros((x.shape[1], *out, x.shape[0]), np.result_type(x, np.float32))
    for window in _positions(kernel, stride, out):
        y += image[window]
    y *= 1 / (kernel[0] * kernel[1])
    return y.transpose(3, 0, 1, 2)


def avg_pool2d_backward(
    dy: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window shares its error equally among its pixels.

    Parameters
    ----------
    dy : ndarray, shape (N, C, Ho, Wo)
    input_shape : (C, H, W)
    kernel, stride, padding : (int, int)
    below : ndarray, shape (N, C, H, W), optional
        The input, if it is the output of a ReLU, the gradient of whose input is then returned.

    Returns
    -------
    ndarray, shape (N, C, H, W)
    """
    share = _batch_innermost(dy) * (1 / (kernel[0] * kernel[1]))
    dx = _zeros(input_shape, share, padding)
    for window in _positions(kernel, stride, share.shape[1:3]):
        dx[window] += share
    dx = _cropped(dx, input_shape, padding)
    return dx if below is None else relu_backward(dx, below)


def _positions(kernel: Pair, stride: Pair, out: Shape) -> Iterator[tuple[slice, slice, slice]]:
    """For each position inside the window: the pixels there, of all windows, in (C, H, W, N)."""
    for p in range(kernel[0]):
        for q in range(kernel[1]):
            yield (
                slice(None),
                slice(p, p + stride[0] * out[0], stride[0]),
                slice(q, q + stride[1] * out[1], stride[1]),
            )


def _first_pixels(kernel: Pair, stride: Pair, padding: Pair, out: Shape) -> Array:
    """Return the first position of each window that is not padding, shape (Ho, Wo, 1)."""
    p, q = (
        np.maximum(pad - step * np.arange(size), 0)
        for pad, step, size in zip(padding, stride, out, strict=True)
    )
    first: Array = p[:, None, None] * kernel[1] + q[:, None]
    return first


def _batch_innermost(x: Array) -> Array:
    """Return x as (C, H, W, N); a copy only if it is in another order."""
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0))


def _padded(x: Array, padding: Pair, fill: float) -> Array:
    """Return x as (C, H, W, N), with a border where there is padding."""
    image = _batch_innermost(x)
    if padding == (0, 0):
        return image
    border = [(0, 0), (padding[0], padding[0]), (padding[1], padding[1]), (0, 0)]
    return np.pad(image, border, constant_values=fill)


def _output_size(image: Array, kernel: Pair, stride: Pair) -> Pair:
    _, height, width, _ = image.shape
    return (height - kernel[0]) // stride[0] + 1, (width - kernel[1]) // stride[1] + 1


def _lowest(x: Array) -> float:
    """Return what is never the largest."""
    return -np.inf if np.issubdtype(x.dtype, np.floating) else int(np.iinfo(x.dtype).min)


def _zeros(input_shape: Shape, like: Array, padding: Pair) -> Array:
    channels, height, width = input_shape
    samples = like.shape[-1]
    return np.zeros(
        (channels, height + 2 * padding[0], width + 2 * padding[1], samples), like.dtype
    )


def _cropped(dx: Array, input_shape: Shape, padding: Pair) -> Array:
    """Cut the border off and return to (N, C, H, W)."""
    _, height, width = input_shape
    (ph, pw) = padding
    return dx[:, ph : ph + height, pw : pw + width].transpose(3, 0, 1, 2)
