"""The affine map y = x Wᵀ + b and its gradients, in the threads of all other kernels (Numba).

Activations are batch-innermost here too: y of shape (N, out) lies in memory as (out, N). Then each
of the three products is one loop over rows as they lie: an output is a sum of rows of inputs, the
gradient of an input a sum of rows of errors, the gradient of a weight a sum of samples.

Small products are BLAS's, on one thread: its own threads would be in the way of the others.
"""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from glassnet import threads
from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, flat, is_plain, require, vector
from glassnet.kernels.compiled._loops import MEMORY
from glassnet.kernels.compiled.activation import relu_backward, relu_forward

__all__ = [
    "dense_forward",
    "dense_input_gradient",
    "dense_weight_gradient",
]

ALONE = 1 << 18  # multiply-adds up to which BLAS is as fast, and uses one thread
FEW = 8  # samples below which memory sets the pace
SEVERAL = 1 << 15  # weights up to which BLAS is as fast for more than one of them
TILE = (0,) * 8  # outputs in a tile of sums
WIDE = 128  # bytes of each output in it, at most


def dense_forward(x: Array, weight: Array, bias: Array | None, rectify: bool = False) -> Array:
    """Return y = x Wᵀ + b, or what a ReLU makes of it."""
    (samples, inputs), outputs = x.shape, len(weight)
    much = ALONE if samples == 1 else SEVERAL
    if samples < FEW and weight.size > much and is_plain(x, weight, bias):
        return _of_few(x, weight, bias, rectify)
    if samples < FEW or samples * weight.size <= ALONE:
        y: Array = np.dot(weight, x.T)  # asks less of Python than matmul
        if bias is not None:
            y += bias[:, None]
        return relu_forward(y.T) if rectify else y.T
    if outputs < len(TILE) or not is_plain(x, weight, bias):
        return vectorised.dense_forward(x, weight, bias, rectify)
    require(weight.shape, (outputs, inputs), "weights")
    floor = 0 if rectify else -np.inf
    return _sums(x.T, weight, bias, floor=floor, by_outputs=weight.size > x.size).T


def _of_few(x: Array, weight: Array, bias: Array | None, rectify: bool) -> Array:
    """Return y = x Wᵀ + b; each weight is fetched once, for all samples, and all threads fetch."""
    (samples, inputs), outputs = x.shape, len(weight)
    require(weight.shape, (outputs, inputs), "weights")
    y = np.empty((samples, outputs), x.dtype)
    start = _filled(outputs, 0, x.dtype) if bias is None else flat(bias)
    _loop_of_few()(
        MEMORY * weight.size, flat(x), flat(weight), start, y.reshape(-1), samples, inputs,
        outputs, 4 * threads.threads(),
    )  # fmt: skip
    return relu_forward(y) if rectify else y


def dense_input_gradient(dy: Array, weight: Array, below: Array | None = None) -> Array:
    """Return ∂L/∂x = ∂L/∂y · W: a sum of rows of errors, each times a weight."""
    (samples, outputs), inputs = dy.shape, weight.shape[1]
    if samples == 1 or samples * weight.size <= ALONE:
        dx: Array = np.dot(weight.T, dy.T).T
        return dx if below is None else relu_backward(dx, below)
    if inputs < len(TILE) or not is_plain(dy, weight, below):
        return vectorised.dense_input_gradient(dy, weight, below)
    require(weight.shape, (outputs, inputs), "weights")
    if below is not None:
        require(below.shape, (samples, inputs), "outputs of a rectifier")
        below = batch_innermost(below)
    return _sums(dy.T, weight.T, None, below=below, by_outputs=weight.size > dy.size).T


def dense_weight_gradient(dy: Array, x: Array, out: Array, bias_out: Array | None = None) -> None:
    """Write ∂L/∂W = (∂L/∂y)ᵀ x into `out`: a sum of samples, each times its errors; and ∂L/∂b."""
    (samples, outputs), inputs = dy.shape, x.shape[1]
    if samples * out.size <= ALONE or outputs < len(TILE) or not is_plain(dy, x, out):
        vectorised.dense_weight_gradient(dy, x, out)
    else:
        require(x.shape, (samples, inputs), "inputs")
        require(out.shape, (outputs, inputs), "weights")
        if out.flags.carray:
            _sums(x, dy.T, None, out=out, by_outputs=out.size > x.size)
        else:
            out[...] = _sums(x, dy.T, None, by_outputs=out.size > x.size)
    if bias_out is not None:
        # BLAS adds up faster than NumPy.
        bias_out[...] = np.dot(dy.T, _filled(samples, 1, dy.dtype))


@lru_cache(maxsize=64)
def _filled(count: int, number: int, dtype: Any) -> Array:
    """Return a vector that is only read."""
    return np.full(count, number, dtype)


def _sums(
    rows: Array,
    weight: Array,
    bias: Array | None,
    *,
    by_outputs: bool,
    floor: float = -np.inf,
    below: Array | None = None,
    out: Array | None = None,
) -> Array:
    """Return weight · rows + bias: the sums of rows (T, R), by weights (K, T)."""
    outputs, terms, length = *weight.shape, rows.shape[1]
    dtype = rows.dtype
    y = vector(outputs * length, dtype) if out is None else flat(out)
    x, *steps = _as_it_lies(rows)
    w, *weight_steps = _as_it_lies(weight)
    wide = WIDE // rows.itemsize
    strips = -(-length // wide)
    shares = threads.threads() if by_outputs or strips < threads.threads() else 1
    _loop()(
        y.size * terms, x, *steps, length, terms, w, *weight_steps,
        _filled(outputs, 0, dtype) if bias is None else flat(bias), y, outputs, shares,
        dtype.type(floor), y[:0] if below is None else below, TILE,
    )  # fmt: skip
    return y.reshape(outputs, length)


@cache
def _loop() -> Any:
    from glassnet.kernels.compiled._matrices import sums_of_rows

    return sums_of_rows


def _as_it_lies(matrix: Array) -> tuple[Array, int, int]:
    """Return a matrix as a vector, and the steps from row to row and from column to column."""
    if matrix.flags.fnc:  # in Fortran's order, and not in C's
        return flat(matrix.T), 1, len(matrix)
    return flat(matrix), matrix.shape[1], 1


@cache
def _loop_of_few() -> Any:
    from glassnet.kernels.compiled._affine import affine_of_few

    return affine_of_few
