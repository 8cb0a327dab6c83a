"""Optimizer updates of flat vectors, in place (NumPy).

A vector of half a million numbers does not fit the cache, and each NumPy operation walks through
all of it. So the updates with several operations run block by block: a block stays in the cache
from the first operation to the last.
"""

import math
from collections.abc import Iterator

import numpy as np

from glassnet.arrays import Array

__all__ = [
    "adagrad_update",
    "adam_update",
    "rmsprop_update",
    "sgd_update",
    "squared_norm",
]

BLOCK = 16_384  # float32: 64 KiB a vector, so that the four of Adam share a 512 KiB cache


def sgd_update(
    value: Array,
    grad: Array,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    nesterov: bool,
) -> None:
    """Step down the gradient, with momentum if there is a velocity.

        v ← μ v + (1 − dampening) g
        w ← w − lr · v              (classical; Polyak, 1964)
        w ← w − lr · (g + μ v)      (Nesterov; as in Sutskever et al., 2013)

    Parameters
    ----------
    value, velocity : ndarray, shape (P,)
        Written. Without velocity: w ← w − lr · g.
    grad : ndarray, shape (P,)
    lr, momentum, dampening : float
    nesterov : bool
    """
    for part in _blocks(value):
        g = grad[part]
        if velocity is not None:
            v = velocity[part]
            v *= momentum
            v += g if dampening == 0 else g * (1 - dampening)
            g = g + momentum * v if nesterov else v
        value[part] -= lr * g


def adagrad_update(value: Array, grad: Array, total: Array, lr: float, eps: float) -> None:
    """Divide each step by the root of all squared gradients so far (Duchi et al., 2011).

        s ← s + g²,   w ← w − lr · g / (√s + ε)

    Parameters
    ----------
    value, total : ndarray, shape (P,)
        Written.
    grad : ndarray, shape (P,)
    lr, eps : float
    """
    for part in _blocks(value):
        g, s = grad[part], total[part]
        s += g * g
        value[part] -= lr * g / (np.sqrt(s) + eps)


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
    """Divide each step by a running root mean square of the gradient (Tieleman & Hinton, 2012).

        s ← ρ s + (1 − ρ) g²
        w ← w − lr · g / (√s + ε),   or   v ← μ v + g / (√s + ε),  w ← w − lr · v

    Parameters
    ----------
    value, mean_square, velocity : ndarray, shape (P,)
        Written. Velocity may be None: no momentum.
    grad : ndarray, shape (P,)
    lr, decay, momentum, eps : float
    """
    for part in _blocks(value):
        g, s = grad[part], mean_square[part]
        s *= decay
        s += (1 - decay) * (g * g)
        step = g / (np.sqrt(s) + eps)
        if velocity is not None:
            v = velocity[part]
            v *= momentum
            v += step
            step = v
        value[part] -= lr * step


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
    """Step by the running mean of the gradient over its running root mean square.

        m ← β₁ m + (1 − β₁) g,   s ← β₂ s + (1 − β₂) g²
        w ← w − lr · m̂ / (√ŝ + ε),   m̂ = m / (1 − β₁ᵗ),   ŝ = s / (1 − β₂ᵗ)

    (Kingma & Ba, 2015.) Both averages start at zero; dividing by 1 − βᵗ undoes the bias of that.

    Parameters
    ----------
    value, mean, mean_square : ndarray, shape (P,)
        Written.
    grad : ndarray, shape (P,)
    step : int
        t, counted from 1.
    lr, beta1, beta2, eps : float
    """
    rate = lr / (1 - beta1**step)
    root_correction = 1 / math.sqrt(1 - beta2**step)
    for part in _blocks(value):
        g, m, s = grad[part], mean[part], mean_square[part]
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        g = g * g
        g *= 1 - beta2
        s += g
        root = np.sqrt(s)
        root *= root_correction
        root += eps
        np.divide(m, root, out=root)
        root *= rate
        value[part] -= root


def squared_norm(vector: Array) -> float:
    """Return Σ v²: the square of the norm of a gradient."""
    return float(np.dot(vector, vector))


def _blocks(vector: Array) -> Iterator[slice]:
    for start in range(0, vector.size, BLOCK):
        yield slice(start, start + BLOCK)
