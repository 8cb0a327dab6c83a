"""Normalisation to mean 0 and variance 1 over some axes, and its gradient (NumPy).

Batch normalisation takes the statistics over the batch (and the image), layer normalisation over
the features of each sample; the formula is the same.
"""

import numpy as np

from glassnet.arrays import Array

__all__ = [
    "batch_norm_backward",
    "batch_norm_forward",
    "normalize_backward",
    "normalize_forward",
]


def normalize_forward(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """Return x̂ = (x − μ) / √(σ² + ε) with μ and σ² over `axes`.

    Parameters
    ----------
    x : ndarray
    axes : tuple of int
        The m values along them are brought to mean 0 and variance 1 together.
    eps : float
        Keeps the division harmless where all values are equal.

    Returns
    -------
    normalized : ndarray, shape of x
    mean, variance : ndarray, shape of x with 1 in place of each of `axes`
        The variance is the biased one: the sum of squares is divided by m.
    """
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    variance = np.square(centred).mean(axis=axes, keepdims=True)
    centred *= 1 / np.sqrt(variance + eps)
    return centred, mean, variance


def normalize_backward(
    dy: Array, normalized: Array, variance: Array, axes: tuple[int, ...], eps: float
) -> Array:
    """Return ∂L/∂x for x̂ = (x − μ) / √(σ² + ε).

    Every x moves its own x̂, the mean and the variance, hence three terms (Ioffe & Szegedy, 2015,
    section 3, collected):

        ∂L/∂x = (∂L/∂x̂ − mean(∂L/∂x̂) − x̂ · mean(∂L/∂x̂ · x̂)) / √(σ² + ε)

    Parameters
    ----------
    dy : ndarray
        ∂L/∂x̂.
    normalized, variance : ndarray
        As `normalize_forward` returned them.
    axes, eps
        As given to `normalize_forward`.

    Returns
    -------
    ndarray, shape of dy
    """
    dx: Array = dy - dy.mean(axis=axes, keepdims=True)
    dx -= normalized * (dy * normalized).mean(axis=axes, keepdims=True)
    dx *= 1 / np.sqrt(variance + eps)
    return dx


def batch_norm_forward(
    x: Array, weight: Array, bias: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array, Array]:
    """Return y = γ x̂ + β, and what `normalize_forward` returns.

    Parameters
    ----------
    x, axes, eps
        As `normalize_forward` takes them.
    weight, bias : ndarray, shape (groups,)
        γ and β, one of each for every mean.

    Returns
    -------
    y, normalized : ndarray, shape of x
    mean, variance : ndarray, shape of x with 1 in place of each of `axes`
    """
    normalized, mean, variance = normalize_forward(x, axes, eps)
    y = normalized * weight.reshape(mean.shape)
    y += bias.reshape(mean.shape)
    return y, normalized, mean, variance


def batch_norm_backward(
    dy: Array, normalized: Array, variance: Array, weight: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    """Return ∂L/∂x, ∂L/∂γ = Σ ∂L/∂y · x̂ and ∂L/∂β = Σ ∂L/∂y for y = γ x̂ + β.

    The two means that `normalize_backward` takes of ∂L/∂x̂ = γ ∂L/∂y are these sums times γ / m:

        ∂L/∂x = (∂L/∂y − ∂L/∂β / m − x̂ · ∂L/∂γ / m) · γ / √(σ² + ε)

    Parameters
    ----------
    dy : ndarray
        ∂L/∂y.
    normalized, variance, weight, axes, eps
        As `batch_norm_forward` took and returned them.

    Returns
    -------
    dx : ndarray, shape of dy
    dweight, dbias : ndarray, shape (groups,)
    """
    dbias = dy.sum(axis=axes, keepdims=True)
    dweight = (dy * normalized).sum(axis=axes, keepdims=True)
    count = dy.size / variance.size
    dx: Array = dy - dbias / count
    dx -= normalized * (dweight / count)
    dx *= weight.reshape(variance.shape) / np.sqrt(variance + eps)
    return dx, dweight.reshape(-1), dbias.reshape(-1)
