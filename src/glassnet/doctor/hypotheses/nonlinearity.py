"""Derivatives of non-linearities: missing, twice, or taken in the wrong place.

Let the end of a layer be y = f(z), and D = f′(z). If backward uses E where D belongs, then giving
it dy · D/E instead of dy gives the right gradients: so each hypothesis is a pair (D, E), and is
tried on input and parameters alike, whatever comes before z.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.hypotheses.masks import slopes_of


def activation(case: Case) -> Verdict:
    """Predict: backward uses 1, f′(y), the formula of y given z, or f′ twice, instead of f′(z)."""
    if case.layer_probe is None:
        return None
    y = case.output
    for name, d, others in _slopes(case, y):
        if case.stochastic and case.cured_by_upstream(case.upstream * d):
            return "dropout-mask-missing", "backward leaves out the mask"
        if np.allclose(d, d.flat[0]):
            continue  # a linear layer: f′ = 1 would explain nothing
        if case.cured_by_upstream(case.upstream * d):
            return "activation-derivative-missing", f"backward leaves out the derivative ({name})"
        for kind, e, words in others:
            if case.cured_by_upstream(_ratio(case.upstream * d, e)):
                return kind, f"{words} ({name})"
        if case.cured_by_upstream(_ratio(case.upstream, d)):
            return "activation-derivative-twice", f"the derivative ({name}) is taken twice"
    return _input_formula(case, y)


def _slopes(case: Case, y: Array) -> Iterator[tuple[str, Array, list[tuple[str, Array, str]]]]:
    """Yield candidates of D = f′(z), each with the E that could stand in its place."""
    at_y, at_z = "derivative-at-output", "derivative-at-input"
    words_y, words_z = "f′ is taken at the output", "the formula of the output is given the input"
    low, high = float(y.min()), float(y.max())
    if 0 < low and high < 1:
        s = 1 / (1 + np.exp(-y))
        z = np.log(y / (1 - y))
        others = [(at_y, s * (1 - s), words_y), (at_z, z * (1 - z), words_z)]
        yield "sigmoid", y * (1 - y), [*others, ("activation-value-as-derivative", y, "y for f′")]
    if -1 < low and high < 1:
        t, z = np.tanh(y), np.arctanh(y)
        others = [(at_y, 1 - t * t, words_y), (at_z, 1 - z * z, words_z)]
        yield "tanh", 1 - y * y, [*others, ("activation-value-as-derivative", y, "y for f′")]
    if low >= 0 and (y == 0).any():
        yield "ReLU", (y > 0).astype(float), []
    if case.x.shape == y.shape:
        d = slopes_of(case, case.x)
        yield "of this layer", d, [(at_y, slopes_of(case, y), words_y)]
    d_bias = slope_by_bias(case)
    if d_bias is not None:
        yield "of the layer's end", d_bias, []


def slope_by_bias(case: Case) -> Array | None:
    """Return dy/dz where z = … + b: every output moves with its own bias."""
    probe = case.layer_probe
    assert probe is not None
    for name, value in probe.point.items():
        if name != "input" and sum(n > 1 for n in value.shape) <= 1:
            with probe.unmoved():
                probe.place_at(name, value + 1e-6)
                up = probe.output()
                probe.place_at(name, value - 1e-6)
                slopes: Array = (up - probe.output()) / 2e-6
                return slopes
    return None


def _input_formula(case: Case, y: Array) -> Verdict:
    """Predict, of an element-wise layer: given f(x) as input, backward is right for x."""
    if case.name != "input" or case.x.shape != y.shape:
        return None
    d = slopes_of(case, case.x)
    with case.probe.unmoved():
        case.probe.place_at("input", y)
        candidate = case.layer_gradients(case.upstream)
    if case.cured_by(candidate) and not np.allclose(d, d.flat[0]):
        return "derivative-at-input", "f′ is right for the input f(x): the formula is one of y"
    return None


def elementwise_value(case: Case) -> Verdict:
    """Predict: dx = dy · f(x), the value in place of the derivative, or dx = dy · x."""
    if case.name != "input" or case.x.shape != case.output.shape:
        return None
    for array, words in ((case.output, "f(x)"), (case.x, "x")):
        if case.is_exactly(case.upstream * array):
            return "activation-value-as-derivative", f"dx = dy · {words}"
    if case.is_exactly(_ratio(case.upstream * case.output, case.x)):
        return "product-rule-half", "dx = dy · f(x) / x"
    return None


def softmax_jacobian(case: Case) -> Verdict:
    """Predict, where rows of the output are positive and 1 in sum: dz = dy, or the diagonal only.

    Right is dz = A dy with A = diag(y) − y yᵀ. A backward that takes B in its place is right when
    it is given B⁻¹ A dy.
    """
    if case.layer_probe is None:
        return None
    y, dy = case.output, case.upstream
    if y.ndim < 2 or y.min() <= 0 or y.shape[1] < 2:
        return None
    for axis in {1, y.ndim - 1}:
        if not np.allclose(y.sum(axis=axis), 1):
            continue
        right = y * (dy - (dy * y).sum(axis=axis, keepdims=True))
        for instead, words in (
            (np.ones_like(y), "backward passes dy on, as if y were x"),
            (y, "backward multiplies by y only"),
            (y * (1 - y), "only the diagonal, y (1 − y), of the Jacobian"),
            (-y * y, "backward multiplies by −y² only"),
        ):
            if case.cured_by_upstream(right / instead):
                return "softmax-jacobian-missing", words
    return None


def _ratio(above: Array, below: Array) -> Array:
    """Divide; where both are 0 nothing flows, and 0 is as good as any."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
