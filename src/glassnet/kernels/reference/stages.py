"""The convolutions of a network, one after the other; arguments are those of the NumPy edition."""

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS, WITH_SLOPE
from glassnet.kernels.reference import activation
from glassnet.kernels.reference.conv import conv2d_forward
from glassnet.kernels.reference.pool import avg_pool2d_forward, max_pool2d_infer

__all__ = ["conv_stages_forward"]


def conv_stages_forward(x: Array, stages: Array, slopes: Array, value: Array) -> Array:
    """Return what comes out of the last stage."""
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
