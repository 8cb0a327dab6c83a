"""The affine map y = x Wᵀ + b and its gradients, in the threads of all other kernels (Numba).

Activations are batch-innermost here too: y of shape (N, out) lies in memory as (out, N). So each
of the three products has the form of one of the two loops as the arrays lie, but for a transpose
of a smaller one. Where the weights are few the product is BLAS's, in parts so small that it uses
one thread: its own threads would be in the way of the others.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import (
    batch_innermost,
    batch_outermost,
    flat,
    is_plain,
    require,
)
from glassnet.kernels.compiled._weights import packed, padded, pieces_of, tile_for

__all__ = [
    "dense_forward",
    "dense_input_gradient",
    "dense_weight_gradient",
]

FEW = 1 << 16  # weights up to which BLAS does well on one thread
ALONE = 1 << 18  # multiply-adds up to which BLAS uses one thread


def dense_forward(x: Array, weight: Array, bias: Array | None) -> Array:
    """Return y = x Wᵀ + b."""
    (samples, inputs), outputs = x.shape, len(weight)
    if samples * weight.size <= ALONE:
        y = weight @ x.T
        if bias is not None:
            y += bias[:, None]
        return y.T
    if not is_plain(x, weight, bias):
        return vectorised.dense_forward(x, weight, bias)
    require(weight.shape, (outputs, inputs), "weights")
    y = np.empty((outputs, samples), x.dtype)
    if weight.size < FEW:
        _multiply(weight, x.T, y)
        if bias is not None:
            y += bias[:, None]
        return y.T
    from glassnet.kernels.compiled._products import inner_products, weighted_sums

    if weight.size <= x.size and not x.flags.c_contiguous:
        tile = tile_for(outputs)
        weighted_sums(
            samples * weight.size, batch_innermost(x), np.arange(inputs) * samples,
            packed(weight.T, len(tile)), inputs * len(tile), len(tile),
            padded(bias, outputs, len(tile), x), y.reshape(-1), samples, outputs,
            pieces_of(samples, inputs), tile,
        )  # fmt: skip
        return y.T
    inner_products(
        samples * weight.size, flat(weight), inputs, outputs, batch_outermost(x),
        np.arange(samples) * inputs, 1, 0, 0, inputs, 1, padded(bias, outputs, 1, x),
        y.reshape(-1), samples, 1,
    )  # fmt: skip
    return y.T


def dense_input_gradient(dy: Array, weight: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · W: a sum of rows of errors, weighted."""
    (samples, outputs), inputs = dy.shape, weight.shape[1]
    if samples * weight.size <= ALONE:
        return (weight.T @ dy.T).T
    if not is_plain(dy, weight):
        return vectorised.dense_input_gradient(dy, weight)
    require(weight.shape, (outputs, inputs), "weights")
    dx = np.empty((inputs, samples), dy.dtype)
    if weight.size < FEW:
        _multiply(weight.T, dy.T, dx)
        return dx.T
    from glassnet.kernels.compiled._products import weighted_sums

    tile = tile_for(inputs)
    sums = len(tile)
    whole = inputs % sums == 0
    rows = flat(weight) if whole else packed(weight, sums)
    steps = (sums, inputs) if whole else (outputs * sums, sums)
    weighted_sums(
        samples * weight.size, batch_innermost(dy), np.arange(outputs) * samples, rows, *steps,
        padded(None, inputs, sums, dy), dx.reshape(-1), samples, inputs,
        pieces_of(samples, outputs), tile,
    )  # fmt: skip
    return dx.T


def dense_weight_gradient(dy: Array, x: Array, out: Array) -> None:
    """Write ∂L/∂W = (∂L/∂y)ᵀ x into `out`: a sum of samples, each times its errors."""
    (samples, outputs), inputs = dy.shape, x.shape[1]
    if samples * out.size <= ALONE or not is_plain(dy, x, out):
        vectorised.dense_weight_gradient(dy, x, out)
        return
    require(x.shape, (samples, inputs), "inputs")
    require(out.shape, (outputs, inputs), "weights")
    if out.size < FEW:
        _multiply(x.T, dy, out.T)
        return
    from glassnet.kernels.compiled._products import weighted_sums

    gradient = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    tile = tile_for(outputs)
    sums = len(tile)
    whole = outputs % sums == 0
    errors = batch_outermost(dy)
    rows = errors if whole else packed(errors.reshape(samples, outputs), sums)
    steps = (sums, outputs) if whole else (samples * sums, sums)
    weighted_sums(
        samples * out.size, batch_outermost(x), np.arange(samples) * inputs, rows, *steps,
        padded(None, outputs, sums, x), gradient.reshape(-1), inputs, outputs,
        pieces_of(inputs, samples), tile,
    )  # fmt: skip
    if gradient is not out:
        out[...] = gradient


def _multiply(a: Array, b: Array, out: Array) -> None:
    """Write a · b into `out`, some columns of b at a time."""
    step = max(1, (2 * ALONE - 1) // a.size)  # where two threads would have less than that each
    for start in range(0, b.shape[1], step):
        part = slice(start, start + step)
        np.matmul(a, b[:, part], out=out[:, part])
