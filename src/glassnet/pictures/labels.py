"""Classes and their probabilities, from what a model and a data set give."""

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.layers import Layer


def as_labels(y: Array) -> Array:
    """Return class numbers (N,): labels as they are, of rows of probabilities the largest."""
    if y.ndim == 2 and y.shape[1] > 1:
        y = y.argmax(axis=1)
    return y.reshape(-1).astype(np.int64, copy=False)


def probabilities_of(outputs: Array, model: Layer) -> Array:
    """Return class probabilities (N, K), K ≥ 2, from a model's outputs."""
    if model.gives_probabilities:
        return both_columns(outputs)
    if outputs.shape[1] == 1:
        return both_columns(kernels.sigmoid_forward(outputs))
    return kernels.softmax_forward(outputs)


def both_columns(probabilities: Array) -> Array:
    """Return (N, K) as it is, and (N, 1), the probability of class 1, with that of class 0."""
    if probabilities.shape[1] > 1:
        return probabilities
    return np.concatenate([1 - probabilities, probabilities], axis=1)
