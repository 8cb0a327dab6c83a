"""Softmax and its logarithm along axis 1, and their gradients (NumPy).

The largest logit is subtracted first, which changes nothing in the quotient and keeps every
exponential at most 1: nothing overflows, and no ε is added inside a logarithm.
"""

import numpy as np

from glassnet.arrays import Array

__all__ = [
    "log_softmax_forward",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_forward",
]


def softmax_forward(x: Array) -> Array:
    """Return p_k = e^{x_k} / Σ_j e^{x_j} along axis 1.

    Parameters
    ----------
    x : ndarray, shape (N, K, ...)

    Returns
    -------
    ndarray, shape of x; positive, and 1 in sum along axis 1
    """
    y: Array = np.exp(x - x.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = y · (∂L/∂y − Σ_j y_j ∂L/∂y_j): the Jacobian diag(y) − y yᵀ, applied.

    Parameters
    ----------
    dy : ndarray, shape (N, K, ...)
    y : ndarray, shape of dy
        The probabilities that `softmax_forward` returned.
    """
    dx: Array = y * (dy - (dy * y).sum(axis=1, keepdims=True))
    return dx


def log_softmax_forward(x: Array) -> Array:
    """Return log p_k = x_k − log Σ_j e^{x_j} along axis 1.

    Parameters
    ----------
    x : ndarray, shape (N, K, ...)

    Returns
    -------
    ndarray, shape of x
    """
    shifted: Array = x - x.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def softmax_cross_entropy(logits: Array, labels: Array, smoothing: float) -> tuple[float, Array]:
    """Return the mean cross-entropy of softmax(z) against classes, and its gradient by z.

        L = −(1/N) Σ_n Σ_k q_nk log p_nk,    ∂L/∂z_nk = (p_nk − q_nk) / N,
        q_nk = (1 − ε) [k = y_n] + ε / K

    Parameters
    ----------
    logits : ndarray, shape (N, K)
    labels : ndarray of int64, shape (N,)
        y_n, from 0 to K − 1.
    smoothing : float
        ε: the part of a target that is spread over all classes (Szegedy et al., 2016).

    Raises
    ------
    IndexError
        If a label is out of range.
    """
    samples, classes = logits.shape
    if labels.min() < 0:
        raise IndexError("a label is below 0")
    rows = np.arange(samples)
    log_p = log_softmax_forward(logits)
    loss = (1 - smoothing) * log_p[rows, labels].sum()
    gradient: Array = np.exp(log_p)
    gradient[rows, labels] -= 1 - smoothing
    if smoothing:
        loss += smoothing / classes * log_p.sum()
        gradient -= smoothing / classes
    gradient *= 1 / samples
    return -float(loss) / samples, gradient
