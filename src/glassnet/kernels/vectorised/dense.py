"""The affine map y = x Wᵀ + b, one row a sample, and its gradients (NumPy)."""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.vectorised.activation import relu_backward, relu_forward

__all__ = [
    "dense_forward",
    "dense_input_gradient",
    "dense_weight_gradient",
]


def dense_forward(x: Array, weight: Array, bias: Array | None, rectify: bool = False) -> Array:
    """Return y = x Wᵀ + b.

    Parameters
    ----------
    x : ndarray, shape (N, in)
    weight : ndarray, shape (out, in)
    bias : ndarray, shape (out,), or None
    rectify : bool
        Whether a ReLU follows, whose output is then returned.

    Returns
    -------
    ndarray, shape (N, out)
    """
    y = x @ weight.T
    if bias is not None:
        y += bias
    return relu_forward(y) if rectify else y


def dense_input_gradient(dy: Array, weight: Array, below: Array | None = None) -> Array:
    """Return ∂L/∂x = ∂L/∂y · W: each output sends its error back along its weights.

    Parameters
    ----------
    dy : ndarray, shape (N, out)
    weight : ndarray, shape (out, in)
    below : ndarray, shape (N, in), optional
        The input, if it is the output of a ReLU, the gradient of whose input is then returned.

    Returns
    -------
    ndarray, shape (N, in)
    """
    dx: Array = dy @ weight
    return dx if below is None else relu_backward(dx, below)


def dense_weight_gradient(dy: Array, x: Array, out: Array, bias_out: Array | None = None) -> None:
    """Write ∂L/∂W = (∂L/∂y)ᵀ x into `out`: error at the output times activity at the input.

    Parameters
    ----------
    dy : ndarray, shape (N, out)
    x : ndarray, shape (N, in)
    out : ndarray, shape (out, in)
        Written. The sum runs over the batch; a mean, if any, is already in `dy`.
    bias_out : ndarray, shape (out,), optional
        ∂L/∂b = Σ_n ∂L/∂y_n, written.
    """
    if out.flags.c_contiguous and out.dtype == dy.dtype == x.dtype:
        np.dot(dy.T, x, out=out)  # of a single sample, ten times as fast as matmul
    else:
        np.matmul(dy.T, x, out=out)
    if bias_out is not None:
        bias_out[...] = dy.sum(axis=0)
