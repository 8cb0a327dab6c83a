"""Optimizer updates, one weight at a time, in place.

Every weight w has its own gradient g and its own state; no weight knows of another. Shapes, and
what is written, are as in the NumPy edition.
"""

import math

from glassnet.arrays import Array

__all__ = ["adagrad_update", "adam_update", "rmsprop_update", "sgd_update", "squared_norm"]


def sgd_update(
    value: Array,
    grad: Array,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    nesterov: bool,
) -> None:
    """Go down the gradient: w ← w − lr · g.

    With momentum μ the weight rolls like a ball with friction, v ← μ v + (1 − dampening) g, and
    w ← w − lr · v. Nesterov's form looks one step ahead, w ← w − lr · (g + μ v).
    """
    for k in range(len(value)):
        w, g = float(value[k]), float(grad[k])
        step = g
        if velocity is not None:
            v = momentum * float(velocity[k]) + (1 - dampening) * g
            velocity[k] = v
            step = g + momentum * v if nesterov else v
        value[k] = w - lr * step


def adagrad_update(value: Array, grad: Array, total: Array, lr: float, eps: float) -> None:
    """Step less where gradients were large so far: s ← s + g², w ← w − lr · g / (√s + ε)."""
    for k in range(len(value)):
        w, g = float(value[k]), float(grad[k])
        s = float(total[k]) + g * g
        total[k] = s
        value[k] = w - lr * g / (math.sqrt(s) + eps)


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
    """Divide the gradient by its recent size: s ← ρ s + (1 − ρ) g², w ← w − lr · g / (√s + ε).

    With momentum, v ← μ v + g / (√s + ε) and w ← w − lr · v.
    """
    for k in range(len(value)):
        w, g = float(value[k]), float(grad[k])
        s = decay * float(mean_square[k]) + (1 - decay) * g * g
        mean_square[k] = s
        step = g / (math.sqrt(s) + eps)
        if velocity is not None:
            step = momentum * float(velocity[k]) + step
            velocity[k] = step
        value[k] = w - lr * step


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
    """Step by the mean gradient over its root mean square: w ← w − lr · m̂ / (√ŝ + ε).

    m ← β₁ m + (1 − β₁) g and s ← β₂ s + (1 − β₂) g² start at zero. After t steps the factors of all
    gradients in m add up to 1 − β₁ᵗ only; m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ) are true means.
    """
    for k in range(len(value)):
        w, g = float(value[k]), float(grad[k])
        m = beta1 * float(mean[k]) + (1 - beta1) * g
        s = beta2 * float(mean_square[k]) + (1 - beta2) * g * g
        mean[k], mean_square[k] = m, s
        m_hat = m / (1 - beta1**step)
        s_hat = s / (1 - beta2**step)
        value[k] = w - lr * m_hat / (math.sqrt(s_hat) + eps)


def squared_norm(vector: Array) -> float:
    """Return Σ v²: the square of the norm of a gradient."""
    return float(sum(float(v) ** 2 for v in vector))
