"""Softmax and its logarithm along axis 1, and the gradient of softmax, sample by sample.

An array (N, K, ...) holds K logits for each sample, or for each pixel of each sample; such K
numbers are called a row here. Shapes are as in the NumPy edition.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from glassnet.arrays import Array

__all__ = [
    "log_softmax_forward",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_forward",
]


def softmax_forward(x: Array) -> Array:
    """Return p_k = e^{x_k} / Σ_j e^{x_j}.

    Subtracting the largest logit from all divides numerator and denominator by the same number.
    """
    y = np.empty_like(x)
    for row in _rows(x):
        logits = [float(value) for value in x[row]]
        powers = [math.exp(logit - max(logits)) for logit in logits]
        y[row] = [power / sum(powers) for power in powers]
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x_k = Σ_j ∂L/∂y_j · J_jk with the Jacobian J_jk = ∂y_j/∂x_k = y_j ([j = k] − y_k).

    Logit k acts on its own probability through the numerator, and on all of them through the
    denominator; the quotient rule gives the two terms.
    """
    dx = np.empty(dy.shape, np.result_type(dy, y))
    for row in _rows(dy):
        probabilities = [float(value) for value in y[row]]
        classes = range(len(probabilities))
        jacobian = np.zeros((len(classes), len(classes)))
        for j in classes:
            for k in classes:
                own = 1.0 if j == k else 0.0
                jacobian[j, k] = probabilities[j] * (own - probabilities[k])
        errors = [float(error) for error in dy[row]]
        dx[row] = [sum(errors[j] * jacobian[j, k] for j in classes) for k in classes]
    return dx


def log_softmax_forward(x: Array) -> Array:
    """Return log p_k = x_k − log Σ_j e^{x_j}, the sum being e^{max} Σ_j e^{x_j − max}."""
    y = np.empty_like(x)
    for row in _rows(x):
        logits = [float(value) for value in x[row]]
        total = sum(math.exp(logit - max(logits)) for logit in logits)
        y[row] = [logit - (max(logits) + math.log(total)) for logit in logits]
    return y


def softmax_cross_entropy(logits: Array, labels: Array, smoothing: float) -> tuple[float, Array]:
    """Return L = −(1/N) Σ_n Σ_k q_nk log p_nk and ∂L/∂z_nk = (p_nk − q_nk) / N.

    q is what is wanted of sample n: 1 for its class and 0 for the others, smoothed by ε.
    """
    samples, classes = logits.shape
    p, log_p = softmax_forward(logits), log_softmax_forward(logits)
    loss, gradient = 0.0, np.empty_like(logits)
    for n, label in enumerate(labels):
        if not 0 <= label < classes:
            raise IndexError(f"label {label} is not one of {classes} classes")
        for k in range(classes):
            q = (1 - smoothing) * (k == label) + smoothing / classes
            loss -= q * float(log_p[n, k]) / samples
            gradient[n, k] = (p[n, k] - q) / samples
    return loss, gradient


def _rows(x: Array) -> Iterator[Any]:
    """For each sample, and each place in it: the index of its K numbers."""
    for n in range(len(x)):
        for place in np.ndindex(x.shape[2:]):
            yield (n, slice(None), *place)
