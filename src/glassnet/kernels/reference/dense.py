"""The affine map y = x Wᵀ + b, one row a sample, and its gradients, number by number.

Everything is summed in float64 and rounded once, at the end, to the dtype the NumPy edition has.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.reference.activation import relu_backward, relu_forward

__all__ = ["dense_forward", "dense_input_gradient", "dense_weight_gradient"]


def dense_forward(x: Array, weight: Array, bias: Array | None, rectify: bool = False) -> Array:
    """Return y[n, o] = b[o] + Σ_i W[o, i] · x[n, i]: each output weighs all inputs.

    With `rectify` a ReLU follows, whose output is returned. Shapes as in the NumPy edition.
    """
    samples, inputs = x.shape
    outputs = len(weight)
    y = np.zeros((samples, outputs))
    for n in range(samples):
        for o in range(outputs):
            if bias is not None:
                y[n, o] = bias[o]
            for i in range(inputs):
                y[n, o] += float(weight[o, i]) * float(x[n, i])
    y = y.astype(np.result_type(x, weight))
    return relu_forward(y) if rectify else y


def dense_input_gradient(dy: Array, weight: Array, below: Array | None = None) -> Array:
    """Return ∂L/∂x[n, i] = Σ_o ∂L/∂y[n, o] · W[o, i].

    The input x[n, i] acts on every output of its sample, and ∂y[n, o]/∂x[n, i] = W[o, i]; the
    chain rule adds up what it causes along all these ways. If `below`, the input, is the output of
    a ReLU, the gradient of the ReLU's input is returned.
    """
    samples, outputs = dy.shape
    inputs = weight.shape[1]
    dx = np.zeros((samples, inputs))
    for n in range(samples):
        for i in range(inputs):
            for o in range(outputs):
                dx[n, i] += float(dy[n, o]) * float(weight[o, i])
    dx = dx.astype(np.result_type(dy, weight))
    return dx if below is None else relu_backward(dx, below)


def dense_weight_gradient(dy: Array, x: Array, out: Array, bias_out: Array | None = None) -> None:
    """Write ∂L/∂W[o, i] = Σ_n ∂L/∂y[n, o] · x[n, i] into `out`.

    The weight W[o, i] acts on output o alone, but in every sample, and ∂y[n, o]/∂W[o, i] = x[n, i].
    The bias acts likewise, times 1; its gradient is written if `bias_out` is given.
    """
    for o, i in np.ndindex(out.shape):
        total = 0.0
        for n in range(len(x)):
            total += float(dy[n, o]) * float(x[n, i])
        out[o, i] = total
    if bias_out is not None:
        bias_out[...] = dy.sum(axis=0, dtype=np.float64)
