"""The right numbers in the wrong places, or a weight used the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict


def rearranged(case: Case) -> Verdict:
    """Predict: wrong = right with axes exchanged, or a kernel turned by 180°."""
    if case.name == "input" and case.value.ndim < 3:
        return None  # the axes are batch and features
    first = 1 if case.name == "input" else 0
    for turned, kind, words in _turned(case.gradient, first):
        if case.cured_by(turned):
            return kind, f"the gradient is right, but {words}"
    return None


def weight_turned(case: Case) -> Verdict:
    """Predict: the gradient was made with another weight transposed, or its kernel flipped.

    Given the weight turned the other way, the layer's own backward then gives the right answer.
    """
    probe = case.layer_probe
    if probe is None:
        return None
    for name, p in probe.parameters.items():
        if p.value.ndim < 2 or name == case.name:
            continue
        for turned, kind, words in _turned(p.value, 0):
            candidate = probe.gradient_with(name, turned.copy(), case.upstream, case.name)
            if case.cured_by(candidate):
                return kind, f"backward uses {name} as if it were {words}"
    return None


def _turned(array: Array, first: int) -> Iterator[tuple[Array, str, str]]:
    """Yield every rearrangement of the same shape, with the fault it would mean."""
    axes = tuple(range(array.ndim))
    for order in permutations(axes[first:]):
        whole = axes[:first] + order
        turned = array.transpose(whole)
        if whole != axes and turned.shape == array.shape:
            yield turned, "weight-transposed", f"transposed, axes {whole}"
    if array.ndim == 2 and array.shape[0] != array.shape[1]:
        yield array.reshape(array.shape[::-1]).T, "weight-transposed", "reshaped, not transposed"
    if array.ndim >= 2:
        yield (
            array.reshape(array.shape, order="C").ravel(order="C").reshape(array.shape, order="F"),
            "weight-permuted",
            "in column order",
        )
    if array.ndim >= 3:
        yield np.flip(array, (-1, -2)), "kernel-not-flipped", "turned by 180°"
        yield np.flip(array, -1), "kernel-not-flipped", "mirrored"
        yield np.flip(array, -2), "kernel-not-flipped", "upside down"
