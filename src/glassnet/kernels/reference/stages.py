"""The convolutions of a network, one after the other; arguments are those of the NumPy edition."""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS, WITH_SLOPE
from glassnet.kernels.reference import activation
from glassnet.kernels.reference.conv import conv2d_forward
from glassnet.kernels.reference.pool import avg_pool2d_forward, max_pool2d_infer
from glassnet.kernels.stage import Stage, stages_of

__all__ = ["conv_stages_forward"]

_POOLS = {"largest": max_pool2d_infer, "mean": avg_pool2d_forward}


def conv_stages_forward(x: Array, stages: Array, slopes: Array, value: Array) -> Array:
    """Return what comes out of the last stage, image by image."""
    return np.concatenate([_forward(image[None], stages, slopes, value) for image in x])


def _forward(image: Array, stages: Array, slopes: Array, value: Array) -> Array:
    for stage, slope in zip(stages_of(stages), slopes.tolist(), strict=True):
        sums = conv2d_forward(image, *stage.parameters(value), stage.stride, stage.padding)
        image = _pooled(stage, _activated(ACTIVATIONS[stage.activation], slope, sums))
    return image


def _activated(name: str, slope: float, x: Array) -> Array:
    if name == "identity":
        return x
    y: Array = getattr(activation, f"{name}_forward")(x, *[slope] * (name in WITH_SLOPE))
    return y


def _pooled(stage: Stage, x: Array) -> Array:
    if POOLINGS[stage.pooling] == "none":
        return x
    return _POOLS[POOLINGS[stage.pooling]](x, stage.window, stage.step, stage.border)
