"""An activation, or a mask, in the middle of a layer that is a whole network.

Its input cannot be seen. But of one sample every unit of it has one f′(z), whatever dy is: the
bias's gradient is wrong by a factor of its own in every unit, the same for all dy. How that factor
changes when the bias is moved tells the function, and what was put in the place of its derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.compare import entry_direction, witness

UNITS = 5
SHIFTS = (0.0, 0.45, -0.7)
Scalar = Callable[[Array], Array]


def hidden_factor(case: Case) -> Verdict:
    """Predict: f′ of a hidden unit left out, or taken in the wrong place; a mask left out."""
    if case.layer_probe is None or case.name == "input":
        return None
    if sum(size > 1 for size in case.value.shape) > 1:
        return _hidden_behind_weight(case)
    units = _spread_indices(case.value.size)
    samples = range(min(len(case.upstream), 3))
    ratios = [_ratios(case, sample, units) for sample in samples]
    known = [r for r in ratios if r is not None]
    if len(known) < len(ratios) or np.ptp(known) < 1e-4:
        return None
    return _by_levels(case, np.array(known)) or _by_shifts(case, units, known[0])


def _by_levels(case: Case, ratios: Array) -> Verdict:
    """Explain factors of which there are two only: a mask, or a ReLU's derivative."""
    levels = np.unique(ratios.round(6))
    if len(levels) != 2:
        return None
    if case.stochastic and levels[0] == 0:
        return "dropout-mask-missing", "hidden units are dropped forward, and not backward"
    words = "backward leaves out the derivative of a hidden unit"
    return "activation-derivative-missing", words


def _by_shifts(case: Case, units: list[int], ratio: Array) -> Verdict:
    """Explain factors by a function of z that moves as they do when the bias is moved."""
    moved = [ratio]
    for shift in SHIFTS[1:]:
        there = _ratios(case, 0, units, shift)
        if there is None:
            return None
        moved.append(there)
    for kind, words, quotient in _quotients():
        if _explains(quotient, np.array(moved)):
            return kind, f"{words}, of a hidden unit"
    return None


def _hidden_behind_weight(case: Case) -> Verdict:
    """Predict the same of a network without biases, where z cannot be moved by a known amount."""
    if case.value.ndim != 2 or min(case.value.shape) < 2:
        return None
    for name, value in case.probe.point.items():  # a bias knows more, if it is wrong as well
        if name != "input" and sum(size > 1 for size in value.shape) <= 1:
            verdict = hidden_factor(replace(case, name=name))
            if verdict:
                return verdict
    rows, columns = (_spread_indices(n)[:3] for n in case.value.shape)
    places = [int(i * case.value.shape[1] + j) for i in rows for j in columns]
    ratio = _ratios(case, 0, places)
    if ratio is None:
        return None
    block = ratio.reshape(len(rows), len(columns))
    if np.ptp(block) < 1e-4 or block.min() < -1e-6 or block.max() > 1 + 1e-6:
        return None
    if any(np.ptp(block, axis=axis).max() < 1e-5 * block.max() for axis in (0, 1)):
        text = "each hidden unit is wrong by its own factor: f′ is left out, or taken elsewhere"
        return "activation-derivative-missing", text
    return None


def _ratios(case: Case, sample: int, places: list[int], shift: float = 0.0) -> Array | None:
    """Return right / wrong of some entries for one sample, None if they depend on dy."""
    probe, found = case.probe, []
    with probe.unmoved():
        if shift:
            probe.place_at(case.name, case.value + shift)
        for upstream in (case.upstream, np.roll(case.upstream, 1, axis=-1) * 1.3 + 0.2):
            alone = np.zeros_like(upstream)
            alone[sample] = upstream[sample]
            wrong = case.layer_gradients(alone).ravel()[places]
            if not wrong.all():
                return None
            slopes = []
            for place in places:
                move = entry_direction(probe, case.name, place)
                slopes.append(witness(probe, move, alone).slope.value / move[case.name].size)
            found.append(np.array(slopes) / wrong)
    return found[0] if np.allclose(found[0], found[1], rtol=1e-4, atol=1e-6) else None


def _quotients() -> Iterator[tuple[str, str, Scalar]]:
    """Yield right / wrong as a function of z, for functions f and mistakes about f′."""
    functions: tuple[tuple[str, Scalar, Scalar, Scalar], ...] = (
        ("sigmoid", _sigmoid, _sigmoid_slope, lambda z: z * (1 - z)),
        ("tanh", np.tanh, _tanh_slope, lambda z: 1 - z * z),
        ("softplus", _softplus, _sigmoid, lambda z: 1 - np.exp(-z)),
    )
    for name, f, slope, of_output in functions:
        yield "activation-derivative-missing", f"f′ ({name}) is left out", slope
        wrong: tuple[tuple[str, str, Callable[[Scalar, Scalar, Array], Array]], ...] = (
            ("derivative-at-output", "is taken at the output", lambda f, d, z: d(f(z))),
            ("activation-derivative-twice", "is taken twice", lambda f, d, z: d(z) ** 2),
            ("activation-value-as-derivative", "was mistaken for f", lambda f, d, z: f(z)),
        )
        for kind, words, e in wrong:
            yield kind, f"f′ ({name}) {words}", partial(_quotient, slope, partial(e, f, slope))
        words = f"the formula of the output ({name}) is given the input"
        yield "derivative-at-input", words, partial(_quotient, slope, of_output)


def _quotient(right: Scalar, wrong: Scalar, z: Array) -> Array:
    result: Array = right(z) / wrong(z)
    return result


def _explains(quotient: Scalar, moved: Array) -> bool:
    """Whether for each unit there is a z so that the quotient at z + shift is what was seen."""
    for seen in moved.T:
        z, width = np.linspace(-8, 8, 4001), 16 / 4000
        error = np.inf
        for _ in range(6):
            values = np.array([quotient(z + shift) for shift in SHIFTS])
            off = np.abs(values - seen[:, None]) / (np.abs(values) + np.abs(seen[:, None]))
            worst = np.where(np.isfinite(off), off, np.inf).max(axis=0)
            best = int(worst.argmin())
            error = float(worst[best])
            z, width = np.linspace(z[best] - width, z[best] + width, 201), width / 100
        if error > 1e-5:
            return False
    return True


def _sigmoid(z: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-z))
    return result


def _sigmoid_slope(z: Array) -> Array:
    result: Array = _sigmoid(z) * _sigmoid(-z)
    return result


def _tanh_slope(z: Array) -> Array:
    result: Array = 1 - np.square(np.tanh(z))
    return result


def _softplus(z: Array) -> Array:
    result: Array = np.logaddexp(0, z)
    return result


def _spread_indices(size: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, size - 1, UNITS)})
