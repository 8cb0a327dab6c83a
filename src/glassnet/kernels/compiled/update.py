"""Optimizer updates of flat vectors, in place, in one pass over memory by all threads (Numba).

Averages that have nearly died away would become denormal numbers, with which a processor computes
many times slower; they are set to zero on the way.
"""

import math
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import is_plain
from glassnet.kernels.compiled._loops import MEMORY, Inner, Loop, prange

__all__ = [
    "adagrad_update",
    "adam_update",
    "rmsprop_update",
    "sgd_update",
    "squared_norm",
]

BLOCK = 4_096
SMALL = 65_536  # numbers up to which a single thread of BLAS takes no longer to sum the squares


def sgd_update(
    value: Array,
    grad: Array,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    nesterov: bool,
) -> None:
    """Step down the gradient, with momentum if there is a velocity."""
    if not _are_vectors(value, grad, velocity):
        vectorised.sgd_update(value, grad, velocity, lr, momentum, dampening, nesterov)
    elif velocity is None:
        descend(4 * MEMORY * value.size, value, grad, value.dtype.type(lr))
    else:
        numbers = _numbers(value, lr, momentum, 1 - dampening)
        loop = descend_nesterov if nesterov else descend_with_momentum
        loop(4 * MEMORY * value.size, value, grad, velocity, *numbers)


def adagrad_update(value: Array, grad: Array, total: Array, lr: float, eps: float) -> None:
    """Divide each step by the root of all squared gradients so far."""
    if not _are_vectors(value, grad, total):
        vectorised.adagrad_update(value, grad, total, lr, eps)
    else:
        _adagrad(4 * MEMORY * value.size, value, grad, total, *_numbers(value, lr, eps))


def rmsprop_update(
    value: Array,
    grad: Array,
    mean_square: Array,
    velocity: Array | None,
    lr: float,
    decay: float,
    momentum: float,
    eps: float,
) -> None:
    """Divide each step by a running root mean square of the gradient."""
    if velocity is not None or not _are_vectors(value, grad, mean_square):
        vectorised.rmsprop_update(value, grad, mean_square, velocity, lr, decay, momentum, eps)
    else:
        numbers = _numbers(value, lr, decay, 1 - decay, eps)
        _rmsprop(4 * MEMORY * value.size, value, grad, mean_square, *numbers)


def adam_update(
    value: Array,
    grad: Array,
    mean: Array,
    mean_square: Array,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """Step by the running mean of the gradient over its running root mean square."""
    if not _are_vectors(value, grad, mean, mean_square):
        vectorised.adam_update(value, grad, mean, mean_square, step, lr, beta1, beta2, eps)
        return
    rate = lr / (1 - beta1**step)
    root_correction = 1 / math.sqrt(1 - beta2**step)
    numbers = _numbers(value, rate, root_correction, beta1, 1 - beta1, beta2, 1 - beta2, eps)
    adam(4 * MEMORY * value.size, value, grad, mean, mean_square, *numbers)


def squared_norm(vector: Array) -> float:
    """Return Σ v²: the square of the norm of a gradient."""
    if vector.size <= SMALL or not _are_vectors(vector):
        return vectorised.squared_norm(vector)
    parts = np.empty(-(-vector.size // BLOCK))
    _squares(MEMORY * vector.size, vector, parts)
    return float(parts.sum())


def _are_vectors(first: Array, *others: Array | None) -> bool:
    """Whether all are vectors of one length and of one dtype that is compiled, as they lie."""
    if not is_plain(first, *others):
        return False
    for v in (first, *others):
        if v is not None and not (v.shape == first.shape and v.flags.carray):
            return False
    return True


def _numbers(value: Array, *numbers: float) -> list[Any]:
    """Return hyperparameters in the dtype of the vector, and the smallest normal number of it."""
    as_type = value.dtype.type
    return [as_type(number) for number in (*numbers, _TINY[value.dtype.char])]


_TINY = {char: np.finfo(char).tiny for char in "fd"}


@Inner
def sum_of_squares(vector: Array) -> Any:
    total = vector[0] * 0
    for i in range(len(vector)):
        total += vector[i] * vector[i]
    return total


@Loop
def _squares(vector: Array, parts: Array) -> None:
    for block in prange(len(parts)):
        parts[block] = sum_of_squares(vector[block * BLOCK : (block + 1) * BLOCK])


@Inner
def _alive(number: Any, tiny: Any) -> Any:
    """Return the number, or zero if it is denormal; NaN stays."""
    # Not number · 0: times an integer a float32 is a float64 for Numba, and so is all that follows.
    return number - number if abs(number) < tiny else number


@Loop
def descend(value: Array, grad: Array, lr: float) -> None:
    for i in prange(len(value)):
        value[i] -= lr * grad[i]


@Loop
def descend_with_momentum(
    value: Array, grad: Array, velocity: Array, lr: float, momentum: float, part: float, tiny: float
) -> None:
    for i in prange(len(value)):
        velocity[i] = _alive(momentum * velocity[i] + part * grad[i], tiny)
        value[i] -= lr * velocity[i]


@Loop
def descend_nesterov(
    value: Array, grad: Array, velocity: Array, lr: float, momentum: float, part: float, tiny: float
) -> None:
    for i in prange(len(value)):
        velocity[i] = _alive(momentum * velocity[i] + part * grad[i], tiny)
        value[i] -= lr * (part * grad[i] + momentum * velocity[i])


@Loop
def _adagrad(value: Array, grad: Array, total: Array, lr: float, eps: float, tiny: float) -> None:
    for i in prange(len(value)):
        total[i] = _alive(total[i] + grad[i] * grad[i], tiny)
        value[i] -= lr * grad[i] / (np.sqrt(total[i]) + eps)


@Loop
def _rmsprop(
    value: Array,
    grad: Array,
    mean_square: Array,
    lr: float,
    decay: float,
    part: float,
    eps: float,
    tiny: float,
) -> None:
    for i in prange(len(value)):
        mean_square[i] = _alive(decay * mean_square[i] + part * (grad[i] * grad[i]), tiny)
        value[i] -= lr * grad[i] / (np.sqrt(mean_square[i]) + eps)


@Loop
def adam(
    value: Array,
    grad: Array,
    mean: Array,
    mean_square: Array,
    rate: float,
    root_correction: float,
    beta1: float,
    part1: float,
    beta2: float,
    part2: float,
    eps: float,
    tiny: float,
) -> None:
    for i in prange(len(value)):
        g = grad[i]
        m = _alive(beta1 * mean[i] + part1 * g, tiny)
        s = _alive(beta2 * mean_square[i] + part2 * (g * g), tiny)
        mean[i], mean_square[i] = m, s
        value[i] -= rate * (m / (np.sqrt(s) * root_correction + eps))
