"""The convolutions of a network, in one call (NumPy).

The parameters lie in one flat vector. `stages` has a row for each convolution with the
non-linearity and the pooling behind it:

    channels in and out, kernel (2), stride (2), padding (2), where the weights begin in the vector,
    where the biases begin (below 0: there are none), the number of the non-linearity in
    `codes.ACTIVATIONS`, that of the pooling in `codes.POOLINGS`, its window (2), stride (2) and
    padding (2); without a pooling the window is 1, 1, the stride too, and the padding nothing.
"""

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS, WITH_SLOPE
from glassnet.kernels.vectorised import activation
from glassnet.kernels.vectorised.conv import conv2d_forward
from glassnet.kernels.vectorised.pool import avg_pool2d_forward, max_pool2d_infer

__all__ = ["conv_stages_forward"]


def conv_stages_forward(x: Array, stages: Array, slopes: Array, value: Array) -> Array:
    """Return what comes out of the last stage.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    stages : ndarray of int64, shape (S, 18)
    slopes : ndarray of float64, shape (S,)
        The negative slope of a leaky ReLU, the α of an ELU.
    value : ndarray, shape (P,)
        The parameters.

    Returns
    -------
    ndarray, shape (N, O, Ho, Wo)
    """
    for stage, slope in zip(stages.tolist(), slopes.tolist(), strict=True):
        channels, outputs, kh, kw, sh, sw, ph, pw, w, b, kind, pooling, *windows = stage
        size = outputs * channels * kh * kw
        weight = value[w : w + size].reshape(outputs, channels, kh, kw)
        bias = value[b : b + outputs] if b >= 0 else None
        x = _activated(kind, slope, conv2d_forward(x, weight, bias, (sh, sw), (ph, pw)))
        pairs = tuple(windows[:2]), tuple(windows[2:4]), tuple(windows[4:])
        if POOLINGS[pooling] == "largest":
            x = max_pool2d_infer(x, *pairs)
        elif POOLINGS[pooling] == "mean":
            x = avg_pool2d_forward(x, *pairs)
    return x


def _activated(kind: int, slope: float, x: Array) -> Array:
    name = ACTIVATIONS[kind]
    if name == "identity":
        return x
    y: Array = getattr(activation, f"{name}_forward")(x, *(slope,) * (name in WITH_SLOPE))
    return y
