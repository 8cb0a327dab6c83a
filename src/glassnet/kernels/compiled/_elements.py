"""Non-linearities, their slopes and losses inside a compiled loop, by their numbers in `codes`."""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, LOSSES
from glassnet.kernels.compiled._exponentials import exp, log
from glassnet.kernels.compiled._functions import (
    elu,
    elu_slope,
    sigmoid,
    sigmoid_slope,
    silu,
    silu_slope,
    tanh,
    tanh_slope,
)
from glassnet.kernels.compiled._loops import Inner
from glassnet.kernels.compiled._normal import gelu, gelu_slope

_RELU, _LEAKY, _SIGMOID, _TANH, _ELU, _SILU, _GELU = range(1, len(ACTIVATIONS))
_CROSS_ENTROPY, _SQUARED, _BINARY = range(len(LOSSES))
_ZERO, _ONE, _TWO, _NAN = (np.float32(n) for n in (0, 1, 2, np.nan))


@Inner
def activate(kind: int, slope: Any, z: Array, y: Array) -> None:  # noqa: PLR0912 — one each
    """Write y = f(z)."""
    if kind == _TANH:
        for i in range(len(z)):
            y[i] = tanh(z[i])
    elif kind == _SIGMOID:
        for i in range(len(z)):
            y[i] = sigmoid(z[i])
    elif kind == _SILU:
        for i in range(len(z)):
            y[i] = silu(z[i])
    elif kind == _GELU:
        for i in range(len(z)):
            y[i] = gelu(z[i])
    elif kind == _ELU:
        for i in range(len(z)):
            y[i] = elu(z[i], slope)
    else:
        if kind == _RELU:
            slope = _ZERO
        elif kind != _LEAKY:
            slope = _ONE
        for i in range(len(z)):
            y[i] = z[i] if z[i] > 0 else slope * z[i]


@Inner
def differentiate(kind: int, slope: Any, z: Array, y: Array, dy: Array) -> None:  # noqa: PLR0912
    """Multiply dy by f′(z), in place; a ReLU's z is not looked at."""
    if kind == _TANH:
        for i in range(len(z)):
            dy[i] *= tanh_slope(y[i])
    elif kind == _SIGMOID:
        for i in range(len(z)):
            dy[i] *= sigmoid_slope(y[i])
    elif kind == _SILU:
        for i in range(len(z)):
            dy[i] *= silu_slope(z[i])
    elif kind == _GELU:
        for i in range(len(z)):
            dy[i] *= gelu_slope(z[i])
    elif kind == _ELU:
        for i in range(len(z)):
            dy[i] *= elu_slope(z[i], slope)
    elif kind in (_RELU, _LEAKY):
        if kind == _RELU:
            slope, z = _ZERO, y
        for i in range(len(z)):
            dy[i] *= _ONE if z[i] > 0 else slope


@Inner
def loss(kind: int, z: Array, t: Array, samples: int, dz: Array, unit_by_unit: bool) -> Any:
    """Return the mean loss; write its gradient by the outputs."""
    if kind == _CROSS_ENTROPY:
        return _cross_entropy(z, t, samples, dz, unit_by_unit)
    value, part = 0.0, _ONE / np.float32(len(z))
    if kind == _SQUARED:
        for i in range(len(z)):
            error = z[i] - t[i]
            value += error * error
            dz[i] = _TWO * part * error
    else:
        for i in range(len(z)):
            e = exp(-abs(z[i]))
            value += max(z[i], _ZERO) - t[i] * z[i] + np.log1p(e)
            dz[i] = part * (sigmoid(z[i]) - t[i])
    return value / len(z)


@Inner
def _cross_entropy(z: Array, t: Array, samples: int, dz: Array, unit_by_unit: bool) -> Any:
    """Return −(1/N) Σ_n Σ_k t log p; write (p Σ_k t − t) / N."""
    classes = len(z) // samples
    unit, sample = (samples, 1) if unit_by_unit else (1, classes)
    largest, total = np.empty(samples, np.float32), np.empty(samples, np.float32)
    mass, inner = np.empty(samples, np.float32), np.empty(samples, np.float32)
    for n in range(samples):
        largest[n], total[n], mass[n], inner[n] = z[n * sample], _ZERO, _ZERO, _ZERO
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            largest[n] = max(largest[n], z[i])
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            shifted = z[i] - largest[n]
            dz[i] = exp(shifted)
            total[n] += dz[i]
            mass[n] += t[i]
            inner[n] += t[i] * shifted
    value, part = 0.0, _ONE / np.float32(samples)
    for n in range(samples):
        value += mass[n] * log(total[n]) - inner[n]
        mass[n] *= part / total[n]
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            dz[i] = dz[i] * mass[n] - part * t[i]
    return value / samples


@Inner
def ask_for_labels(
    labels: Array, low: Any, high: Any, t: Array, classes: int, unit_by_unit: bool
) -> None:
    """Write what labels ask of each output; NaN where a label is none of the classes."""
    samples = len(labels)
    unit, sample = (samples, 1) if unit_by_unit else (1, classes)
    for n in range(samples):
        known = 0 <= labels[n] < classes
        for k in range(classes):
            t[k * unit + n * sample] = low if known else _NAN
        if known:
            t[labels[n] * unit + n * sample] = high
