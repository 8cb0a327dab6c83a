"""Two-dimensional convolution and its gradients, as matrix products (NumPy).

As in every network library, "convolution" is a cross-correlation: the kernel is not flipped.

    y[n, o, i, j] = b[o] + Σ_{c,p,q} W[o, c, p, q] · x[n, c, i·s + p − pad, j·s + q − pad]

All three functions work on arrays of axes (C, H, W, N), the batch innermost, and hand out the
usual (N, C, H, W) as a transposed view. The patches that the kernel sees are then rows of a matrix
whose columns (i, j, n) are already in the order of the output, and one product with the kernels,
(O, C·kh·kw) · (C·kh·kw, Ho·Wo·N), *is* the result.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.vectorised.activation import relu_backward, relu_forward

__all__ = [
    "conv2d_forward",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
]


def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Pair,
    padding: Pair,
    rectify: bool = False,
) -> Array:
    """Return the convolution of a batch of images.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    weight : ndarray, shape (O, C, kh, kw)
    bias : ndarray, shape (O,), or None
    stride, padding : (int, int)
        Vertical and horizontal; padding is by zeros on both sides.
    rectify : bool
        Whether a ReLU follows, whose output is then returned.

    Returns
    -------
    ndarray, shape (N, O, Ho, Wo), batch-innermost in memory
        Ho = (H + 2 pad − kh) // stride + 1, and Wo likewise.
    """
    columns, (height, width) = _patches(x, weight.shape[2:], stride, padding)
    y = weight.reshape(len(weight), -1) @ columns
    if bias is not None:
        y += bias[:, None]
    if rectify:
        y = relu_forward(y)
    return y.reshape(len(weight), height, width, len(x)).transpose(3, 0, 1, 2)


def conv2d_weight_gradient(
    dy: Array, x: Array, stride: Pair, padding: Pair, out: Array, bias_out: Array | None = None
) -> None:
    """Write ∂L/∂W into `out`: each weight collects error times the pixel it multiplied.

        ∂L/∂W[o, c, p, q] = Σ_{n,i,j} ∂L/∂y[n, o, i, j] · x[n, c, i·s + p − pad, j·s + q − pad]

    Parameters
    ----------
    dy : ndarray, shape (N, O, Ho, Wo)
    x : ndarray, shape (N, C, H, W)
    stride, padding : (int, int)
    out : ndarray, shape (O, C, kh, kw)
        Written.
    bias_out : ndarray, shape (O,), optional
        Written, if given, with ∂L/∂b[o] = Σ_{n,i,j} ∂L/∂y[n, o, i, j], for which the errors need
        not be read again.
    """
    columns, _ = _patches(x, out.shape[2:], stride, padding)
    rows = _rows(dy)
    out[...] = (rows @ columns.T).reshape(out.shape)
    if bias_out is not None:
        bias_out[...] = rows.sum(axis=1)


def conv2d_input_gradient(
    dy: Array,
    weight: Array,
    input_shape: Shape,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each pixel collects, from every output that saw it, error times weight.

    The errors of all patches are one matrix product, Wᵀ · ∂L/∂y; then patches are added up where
    they overlap, one kernel position at a time, for which the pixels are distinct.

    Parameters
    ----------
    dy : ndarray, shape (N, O, Ho, Wo)
    weight : ndarray, shape (O, C, kh, kw)
    input_shape : (C, H, W)
        Shape of the sample; rows that the stride never reached get a zero gradient.
    stride, padding : (int, int)
    below : ndarray, shape (N, C, H, W), optional
        The input, if it is the output of a ReLU, the gradient of whose input is then returned.

    Returns
    -------
    ndarray, shape (N, C, H, W)
    """
    (samples, _, out_h, out_w), (channels, height, width) = dy.shape, input_shape
    kh, kw = weight.shape[2:]
    (sh, sw), (ph, pw) = stride, padding
    columns = weight.reshape(len(weight), -1).T @ _rows(dy)
    patches = columns.reshape(channels, kh, kw, out_h, out_w, samples)
    dx = np.zeros((channels, height + 2 * ph, width + 2 * pw, samples), columns.dtype)
    for p in range(kh):
        for q in range(kw):
            dx[:, p : p + sh * out_h : sh, q : q + sw * out_w : sw] += patches[:, p, q]
    dx = dx[:, ph : ph + height, pw : pw + width].transpose(3, 0, 1, 2)
    return dx if below is None else relu_backward(dx, below)


def _rows(dy: Array) -> Array:
    """See dy of axes (N, O, Ho, Wo) as a matrix (O, Ho·Wo·N); no copy if batch-innermost."""
    return dy.transpose(1, 2, 3, 0).reshape(dy.shape[1], -1)


def _patches(x: Array, kernel: Shape, stride: Pair, padding: Pair) -> tuple[Array, Pair]:
    """Copy what the kernel sees into a matrix (C·kh·kw, Ho·Wo·N); also return (Ho, Wo)."""
    (samples, channels, height, width), (kh, kw) = x.shape, kernel
    (sh, sw), (ph, pw) = stride, padding
    image = np.zeros((channels, height + 2 * ph, width + 2 * pw, samples), x.dtype)
    image[:, ph : ph + height, pw : pw + width] = x.transpose(1, 2, 3, 0)
    out_h = (height + 2 * ph - kh) // sh + 1
    out_w = (width + 2 * pw - kw) // sw + 1
    step_c, step_h, step_w, step_n = image.strides
    windows = as_strided(  # overlapping, therefore only ever read
        image,
        (channels, kh, kw, out_h, out_w, samples),
        (step_c, step_h, step_w, step_h * sh, step_w * sw, step_n),
        writeable=False,
    )
    return windows.reshape(channels * kh * kw, out_h * out_w * samples), (out_h, out_w)
