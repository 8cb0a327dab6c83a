"""Two-dimensional convolution and its gradients, pixel by pixel.

    y[n, o, i, j] = b[o] + Σ_{c,p,q} W[o, c, p, q] · x[n, c, i·s + p − pad, j·s + q − pad]

The output (i, j) looks at the window whose corner is (i·s − pad, j·s − pad). Nothing is padded
here: where the window reaches outside the picture, it sees zero. The two gradients are the same
product, read from the weight's side and from the pixel's side. Shapes are as in the NumPy edition;
sums are float64, rounded once at the end.
"""

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.reference.activation import relu_backward, relu_forward

__all__ = ["conv2d_forward", "conv2d_input_gradient", "conv2d_weight_gradient"]


def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Pair,
    padding: Pair,
    rectify: bool = False,
) -> Array:
    """Return the convolution: each output weighs the pixels of its window, in all channels.

    With `rectify` a ReLU follows, whose output is returned.
    """
    samples, channels, height, width = x.shape
    outputs, _, kh, kw = weight.shape
    out_h = (height + 2 * padding[0] - kh) // stride[0] + 1
    out_w = (width + 2 * padding[1] - kw) // stride[1] + 1
    y = np.zeros((samples, outputs, out_h, out_w))
    for n, o, i, j in np.ndindex(y.shape):
        total = 0.0 if bias is None else float(bias[o])
        for c in range(channels):
            for p in range(kh):
                for q in range(kw):
                    row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                    if 0 <= row < height and 0 <= column < width:
                        total += float(weight[o, c, p, q]) * float(x[n, c, row, column])
        y[n, o, i, j] = total
    y = y.astype(np.result_type(x, weight))
    return relu_forward(y) if rectify else y


def conv2d_weight_gradient(
    dy: Array, x: Array, stride: Pair, padding: Pair, out: Array, bias_out: Array | None = None
) -> None:
    """Write ∂L/∂W[o, c, p, q] = Σ_{n,i,j} ∂L/∂y[n, o, i, j] · x[n, c, i·s + p − pad, …] into `out`.

    The weight is used once for every output (n, i, j) of channel o, and ∂y/∂W is there the pixel it
    multiplied; the chain rule adds up all its uses. Those of the bias, if `bias_out` is given, are
    each times 1.
    """
    samples, _, height, width = x.shape
    _, _, out_h, out_w = dy.shape
    for o, c, p, q in np.ndindex(out.shape):
        total = 0.0
        for n in range(samples):
            for i in range(out_h):
                for j in range(out_w):
                    row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                    if 0 <= row < height and 0 <= column < width:
                        total += float(dy[n, o, i, j]) * float(x[n, c, row, column])
        out[o, c, p, q] = total
    if bias_out is not None:
        bias_out[...] = dy.sum(axis=(0, 2, 3), dtype=np.float64)


def conv2d_input_gradient(
    dy: Array,
    weight: Array,
    input_shape: Shape,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: every output scatters its error over its window, times the weights.

    The output y[n, o, i, j] depends on each pixel of its window with ∂y/∂x = W[o, c, p, q]. Windows
    overlap, and a pixel adds up what all of them send; one that no window saw keeps zero. Where the
    input is the output of a ReLU, `below`, the gradient of that one's input is returned.
    """
    samples, outputs, out_h, out_w = dy.shape
    channels, height, width = input_shape
    kh, kw = weight.shape[2:]
    dx = np.zeros((samples, channels, height, width))
    for n, o, i, j in np.ndindex(samples, outputs, out_h, out_w):
        for c in range(channels):
            for p in range(kh):
                for q in range(kw):
                    row, column = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
                    if 0 <= row < height and 0 <= column < width:
                        dx[n, c, row, column] += float(dy[n, o, i, j]) * float(weight[o, c, p, q])
    dx = dx.astype(np.result_type(dy, weight))
    return dx if below is None else relu_backward(dx, below)
