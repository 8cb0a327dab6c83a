"""Finding one wrong entry among a million.

A single weight whose gradient is wrong by a part δ changes the slope along a random direction by
δ |g d| of its own, while the slope itself has the size √P |g d|: of P = 10⁶ entries and δ = 1e-4,
that is one part in 10⁷. The usual comparison (10⁻⁶) cannot see it, but float64 can. A layer alone
is mostly linear in its weights, so its slope can be had to some 10⁻¹³ with a large step; where it
is not, extrapolation gives 10⁻¹². What spoils the accuracy elsewhere, kinks and zeros of the data,
is avoided: the layer is examined at a dense random input. Four rounds, each with its own input,
upstream gradient and direction, leave no entry out by chance.

A wrong tensor is then halved, and the wrong half again: 20 slopes for a million entries. The cost
is some 40 forward passes of each layer a round and tensor, whatever the number of parameters.
"""

from __future__ import annotations

import contextlib

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.compare import TRUST, along, entry_direction, random_direction
from glassnet.doctor.findings import Finding
from glassnet.doctor.layer_probes import LayerProbe
from glassnet.doctor.report import Check
from glassnet.doctor.slopes import Slope, fine_slope

ROUNDS = 4
TOLERANCE = 1e-9
"""Relative to the typical slope; one entry of a million, wrong by 1e-4, makes 1e-7."""


def examine_thoroughly(
    probe: LayerProbe, rng: np.random.Generator
) -> tuple[list[Check], list[Finding]]:
    """Compare all gradients of a layer as exactly as float64 allows, and locate what is wrong."""
    checks: list[Check] = []
    findings: list[Finding] = []
    for number in range(ROUNDS):
        at = _dense(probe, rng)
        upstream = rng.standard_normal(at.output().shape)
        gradients = at.gradients(upstream)
        for name in gradients:
            if any(f.parameter == name for f in findings):
                continue
            move = random_direction(at, [name], rng)[name]
            assert isinstance(move, np.ndarray)
            found, analytic, scale, excess = _compare(at, name, move, upstream, gradients[name])
            wrong = excess > 0
            checks.append(
                Check(
                    probe.place, name, f"fine direction {number + 1}", analytic, found.value,
                    abs(analytic - found.value) / scale, TOLERANCE + TRUST * found.error / scale,
                    "wrong" if wrong else "ok",
                )
            )  # fmt: skip
            if wrong:
                findings += _located(at, name, move, upstream, gradients[name])
    return checks, findings


def _dense(probe: LayerProbe, rng: np.random.Generator) -> LayerProbe:
    """Return a probe of the same layer at an input without zeros, where it takes one."""
    x = probe.point["input"]
    low = 0.2 if x.min() >= 0 else -2.0
    dense = probe.with_input(rng.uniform(low, 2.0, x.shape))
    with contextlib.suppress(Exception):
        if np.isfinite(dense.output()).all():
            return dense
    return probe.with_input(x)


def _compare(
    probe: LayerProbe, name: str, move: Array, upstream: Array, gradient: Array
) -> tuple[Slope, float, float, float]:
    """Return numeric and analytic slope, typical size, and by how much they differ too much."""
    with probe.unmoved():
        found = fine_slope(probe.curve({name: move}), upstream)
    terms = gradient * move
    analytic = float(terms.sum())
    scale = max(float(np.linalg.norm(terms)), abs(found.value), 1e-300)
    rounding = 1e-15 * float(np.abs(terms).sum())
    rounding += 1e-15 * float(np.linalg.norm(upstream)) * float(np.linalg.norm(move))
    excess = abs(analytic - found.value) - TOLERANCE * scale - TRUST * found.error - rounding
    return found, analytic, scale, excess if np.isfinite(found.error) else -1.0


def _located(
    probe: LayerProbe, name: str, move: Array, upstream: Array, gradient: Array
) -> list[Finding]:
    """Halve the direction until one entry is left; confirm it alone."""
    low, high = 0, move.size
    while high - low > 1:
        middle = (low + high) // 2
        worst = []
        for start, stop in ((low, middle), (middle, high)):
            part = np.zeros(move.size)
            part[start:stop] = move.ravel()[start:stop]
            found, analytic, _, _ = _compare(
                probe, name, part.reshape(move.shape), upstream, gradient
            )
            worst.append(abs(analytic - found.value) / (TRUST * found.error + 1e-300))
        low, high = (low, middle) if worst[0] >= worst[1] else (middle, high)
    entry = entry_direction(probe, name, low)
    with probe.unmoved():
        found = fine_slope(probe.curve(entry), upstream)
    analytic = float(along(gradient, entry[name])[0])
    off = abs(analytic - found.value)
    place = tuple(int(i) for i in np.unravel_index(low, gradient.shape))
    if off <= TRUST * found.error + 1e-8 * abs(found.value):
        return []  # not confirmed: some entry had an unlucky kink
    size = off / max(abs(analytic), abs(found.value))
    text = f"entry {place} is {analytic / (found.value or np.nan):.6g} times what it should be"
    return [Finding(name, "few-entries", text, size)]
