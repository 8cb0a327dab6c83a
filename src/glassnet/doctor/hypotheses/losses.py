"""Losses: a softmax or sigmoid that the gradient forgot, or counted twice; a forgotten target."""

from __future__ import annotations

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.probes import LossProbe


def softmax_inside(case: Case) -> Verdict:
    """Predict: the gradient by p = softmax(z) where the one by z is wanted, A = diag(p) − p pᵀ."""
    z = case.value
    if z.ndim < 2:
        return None
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    cure = _jacobian(p, case.gradient)
    if case.cured_by(cure) or case.cured_by(2 * cure):
        return "softmax-jacobian-missing", "the gradient is by the probabilities, not the logits"
    diagonal = p * (1 - p)
    if case.is_exactly(_unscaled(case, diagonal)):
        return "softmax-jacobian-missing", "only the diagonal of the Jacobian"
    return None


def softmax_twice(case: Case) -> Verdict:
    """Predict, where the loss is given probabilities: the gradient by the logits."""
    p = case.value
    if p.ndim < 2 or p.shape[1] < 2 or p.min() < 0 or p.max() > 1.5:
        return None
    # The numeric gradient by p, entry by entry: outputs of losses are small.
    right = numeric_gradient(case)
    if right is None:
        return None
    if case.is_exactly(_jacobian(p, right), 1e-5):
        return "softmax-jacobian-twice", "the loss takes probabilities, its gradient is by logits"
    rows = p / p.sum(axis=1, keepdims=True)
    if case.is_exactly(_jacobian(rows, right), 1e-5):
        return "softmax-jacobian-twice", "the loss takes probabilities, its gradient is by logits"
    wrong, target = case.gradient, _one_hot(case)
    if target is not None:
        logit = p - target
        scale = float((wrong * logit).sum() / (logit * logit).sum())
        if scale > 0 and np.allclose(wrong, scale * logit, atol=1e-9):
            return "softmax-jacobian-twice", "the gradient is p − t, that by the logits"
    return None


def sigmoid_inside(case: Case) -> Verdict:
    """Predict: the gradient by s = σ(z) where the one by z = s (1 − s) times it is wanted."""
    s = 1 / (1 + np.exp(-case.value))
    if case.cured_by(case.gradient * s * (1 - s)):
        return "activation-derivative-missing", "the gradient lacks s (1 − s) of the sigmoid inside"
    if case.cured_by(case.gradient / (s * (1 - s))):
        return "activation-derivative-twice", "the gradient has s (1 − s) once too often"
    p = case.value
    if p.min() > 0 and p.max() < 1 and case.cured_by(case.gradient / (p * (1 - p))):
        return "activation-derivative-twice", "the gradient is by the logits, its value by s"
    return None


def whole_numbers(case: Case) -> Verdict:
    """Predict: a gradient that goes in steps, which a small move of the output does not change."""
    with case.probe.unmoved():
        case.probe.place_at(case.name, case.value * (1 + 1e-9))
        near = case.layer_gradients(case.upstream)
        case.probe.place_at(case.name, 1.1 * case.value + 1.0)
        far = case.layer_gradients(case.upstream)
    if np.array_equal(near, case.gradient) and not np.allclose(far, near):
        return "integer-truncation", "the gradient goes in steps, as if through whole numbers"
    return None


def target_forgotten(case: Case) -> Verdict:
    """Predict: wrong − right is a multiple of the target."""
    target = _one_hot(case)
    right = numeric_gradient(case)
    if target is None or right is None or target.shape != right.shape:
        return None
    left = case.gradient - right
    scale = float((left * target).sum() / max(float((target * target).sum()), 1e-300))
    if scale and np.allclose(left, scale * target, atol=1e-5 * float(np.abs(left).max())):
        return "target-missing", f"the gradient lacks −{scale:.3g} · target"
    return None


def numeric_gradient(case: Case) -> Array | None:
    """Return the loss's gradient by central differences, entry by entry, if there are few."""
    value = case.value
    if value.size > 2000:
        return None
    gradient = np.zeros(value.shape)
    with case.probe.unmoved():
        for i in range(value.size):
            h = 1e-5 * max(abs(value.flat[i]), 1e-3)
            outputs = []
            for sign in (1, -1):
                moved = value.copy()
                moved.flat[i] += sign * h
                case.probe.place_at(case.name, moved)
                outputs.append(float(case.probe.output()[0]))
            gradient.flat[i] = (outputs[0] - outputs[1]) / (2 * h)
    return gradient


def _jacobian(p: Array, v: Array) -> Array:
    product: Array = p * (v - (p * v).sum(axis=1, keepdims=True))
    return product


def _unscaled(case: Case, diagonal: Array) -> Array:
    """Return the gradient if it is that of p times the diagonal of the Jacobian, else nan."""
    v = case.gradient / diagonal
    cure = _jacobian(np.exp(case.value) / np.exp(case.value).sum(axis=1, keepdims=True), v)
    return case.gradient if case.cured_by(cure) else np.full_like(diagonal, np.nan)


def _one_hot(case: Case) -> Array | None:
    assert isinstance(case.probe, LossProbe)
    target, shape = case.probe.target, case.value.shape
    if target.shape == shape:
        return np.asarray(target, np.float64)
    labels = target.ndim == 1 and target.dtype.kind in "iu"
    if labels and len(shape) == 2 and len(target) == shape[0]:
        return np.asarray(np.arange(shape[1]) == target[:, None], np.float64)
    return None
