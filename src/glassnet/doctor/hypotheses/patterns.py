"""Patterns that show in the wrong gradient itself, whatever the layer computes."""

from __future__ import annotations

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.compare import along, entry_direction, witness
from glassnet.doctor.probes import LossProbe


def all_zero(case: Case) -> Verdict:
    """Predict: wrong = 0."""
    if case.gradient.any():
        return None
    if case.name in ("input", "output"):
        return "input-gradient-missing", "the gradient is 0 everywhere"
    return "parameter-without-gradient", "the gradient is 0 everywhere"


def upstream_ignored(case: Case) -> Verdict:
    """Predict: the same gradient for 2 dy as for dy."""
    if np.array_equal(case.layer_gradients(2 * case.upstream), case.gradient):
        return "upstream-ignored", "the gradient does not depend on dy"
    return None


def upstream_not_linear(case: Case) -> Verdict:
    """Predict: the gradients of two upstream gradients do not add up."""
    dy = case.upstream
    other = np.roll(dy, 1) * 1.7 - 0.3 * dy
    a, b, both = (case.layer_gradients(v) for v in (dy, other, dy + other))
    top = float(np.abs(a).max() + np.abs(b).max())
    if float(np.abs(a + b - both).max()) <= 1e-6 * top:
        return None
    if case.stochastic:
        return "dropout-mask-redrawn", "backward gives something else for the same dy"
    for rounded in (np.rint(dy), np.trunc(dy)):
        if np.array_equal(case.layer_gradients(rounded), a):
            return "integer-truncation", "backward makes whole numbers of dy"
    return "upstream-not-linear", "the gradient of dy₁ + dy₂ is not the sum of theirs"


def one_channel_for_all(case: Case) -> Verdict:
    """Predict: all slices along one axis are equal, as if the index were forgotten."""
    if case.name == "input":
        return None
    for axis, size in enumerate(case.value.shape):
        first = np.take(case.gradient, [0], axis=axis)
        if size > 1 and case.is_exactly(np.broadcast_to(first, case.value.shape)):
            what = "output channel" if axis == 0 else f"index of axis {axis}"
            return "output-channel-shared", f"every {what} has the same gradient"
    if case.value.ndim < 2:
        return None
    filled = [i for i in range(len(case.value)) if case.gradient[i].any()]
    if len(filled) == 1:
        cure = case.layer_gradients(_only(case.upstream, 1, filled[0]))
        if case.is_exactly(cure):
            return "output-channel-shared", f"only output channel {filled[0]} has a gradient"
    return None


def one_sample(case: Case) -> Verdict:
    """Predict: the gradient is that of one sample, as if the others had been overwritten."""
    dy = case.upstream
    if len(dy) < 2 or case.name == "input":
        return None
    for i in (len(dy) - 1, 0):
        if case.is_exactly(case.layer_gradients(_only(dy, 0, i))):
            return "only-one-sample", f"only sample {i} of the batch counts"
    return None


def one_sample_of_loss(case: Case) -> Verdict:
    """Predict: a loss's gradient is 0 but for one sample."""
    rows = [i for i in range(len(case.gradient)) if case.gradient[i].any()]
    if len(rows) == 1 < len(case.gradient):
        return "only-one-sample", f"only sample {rows[0]} of the batch has a gradient"
    return None


def one_position(case: Case) -> Verdict:
    """Predict: the gradient is that of one position of the window."""
    dy = case.upstream
    if dy.ndim < 3 or case.name == "input":
        return None
    for i in (-1, 0):
        alone = dy
        for axis in range(2, dy.ndim):
            alone = _only(alone, axis, i % dy.shape[axis])
        if case.is_exactly(case.layer_gradients(alone)):
            return "only-one-position", "only one position of the window counts"
    return None


def penalty_inside(case: Case) -> Verdict:
    """Predict: wrong = right + λ w, or right + λ sign(w)."""
    if case.name == "input" or case.layer_probe is None:
        return None
    for penalty, words in ((case.value, "w"), (np.sign(case.value), "sign(w)")):
        strength = _surplus(case, penalty)
        if strength and case.cured_by(case.gradient - strength * penalty):
            kind = "regularizer-on-bias" if case.is_bias() else "regularizer-in-layer"
            return kind, f"the gradient holds {strength:.3g} · {words} too much"
    return None


def shortcut(case: Case) -> Verdict:
    """Predict: dx lacks dy, which the short cut y = f(x) + x passes on (or has it twice)."""
    if case.name != "input" or case.upstream.shape != case.gradient.shape:
        return None
    part = _surplus(case, case.upstream)
    if part and case.cured_by(case.gradient - part * case.upstream):
        if part < 0:
            return "shortcut-missing", f"dx lacks {-part:.3g} · dy"
        return "wrong-gradient", f"dx holds {part:.3g} · dy too much"
    return None


def input_ignored(case: Case) -> Verdict:
    """Predict: a weight's gradient that is the same for another input."""
    probe = case.layer_probe
    if probe is None or case.name == "input":
        return None
    x = case.x
    with probe.unmoved():
        probe.place_at("input", x[::-1] * 1.3 + 0.1)
        other = case.layer_gradients(case.upstream)
    if np.array_equal(other, case.gradient):
        if case.value.ndim == 1:  # of a bias it is f′ that depends on the input
            return "activation-derivative-missing", "a bias's gradient ignores where f′ is taken"
        return "input-ignored", "the gradient does not depend on the layer's input"
    return None


def few_entries(case: Case) -> Verdict:
    """Predict: most entries are right, a few are not; find and name them."""
    if case.gradient.size < 5:
        return None
    probe, name = case.probe, case.name
    rng = np.random.default_rng(0)
    drawn = rng.choice(case.gradient.size, min(40, case.gradient.size), replace=False)
    wrong = []
    for index in drawn:
        found = witness(probe, entry_direction(probe, name, int(index)), case.upstream)
        if not found.agrees({name: case.gradient}):
            wrong.append(int(index))
    if len(wrong) > len(drawn) / 3:
        return None
    places = [tuple(int(k) for k in np.unravel_index(i, case.gradient.shape)) for i in wrong[:3]]
    words = f", such as {', '.join(map(str, places))}" if places else ""
    return "few-entries", f"{len(wrong)} of {len(drawn)} entries looked at are wrong{words}"


def _surplus(case: Case, pattern: Array) -> float:
    """Return s so that wrong − s · pattern fits the numeric slopes best."""
    over, size = [], []
    for w in case.exam.witnesses[case.name]:
        move = w.direction[case.name]
        over.append(float(along(case.gradient, move).sum()) - w.slope.value)
        size.append(float(along(pattern, move).sum()))
    below = float(np.dot(size, size))
    return float(np.dot(over, size)) / below if below else 0.0


def _only(array: Array, axis: int, index: int) -> Array:
    """Return the array with everything but one index of an axis set to 0."""
    kept = np.zeros_like(array)
    place = [slice(None)] * array.ndim
    place[axis] = slice(index, index + 1)
    kept[tuple(place)] = array[tuple(place)]
    return kept


def is_loss(case: Case) -> bool:
    """Whether the part is a loss."""
    return isinstance(case.probe, LossProbe)
