"""Analytic against numeric: one comparison, its tolerance, and what to do about kinks.

The tolerance of a comparison is

    RTOL · scale + TRUST · (error of the slope as measured) + UNDERFLOW · |upstream| · |direction|,

`scale` being the largest of |analytic|, |numeric| and the typical size √Σ (g_i d_i)² of a slope
along a random direction d. So a slope that cannot be had exactly (a noisy function, a kink nearby)
never accuses; and if it cannot be had at all, the point is moved (see `examine`). The last term is
for saturated functions, which gain less than a rounding error: 1 − (1 − 1e-20) is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.probes import Direction, Entry, Gradients, Probe, spread
from glassnet.doctor.report import Check
from glassnet.doctor.slopes import Slope, slope

RTOL = 1e-6
"""Relative error above which a gradient is wrong: float64 gives 1e-9 or better where smooth."""
TRUST = 20.0
"""How many times its own estimate the error of a slope may be."""
UNDERFLOW = 1e-15
"""The smallest gain, |slope| / (|upstream| · |direction|), that float64 can tell from 0."""
VAGUE = 1e-4
"""A slope whose relative error is above this compares with nothing."""


@dataclass(frozen=True)
class Witness:
    """A numeric slope along a direction: any candidate gradient can be held against it."""

    direction: Direction
    slope: Slope
    floor: float = 0.0

    def against(self, gradients: Gradients, rtol: float = RTOL) -> tuple[float, float, float]:
        """Return analytic slope, difference and tolerance."""
        terms = [along(gradients[name], move) for name, move in self.direction.items()]
        analytic = float(sum(t.sum() for t in terms))
        typical = float(np.sqrt(sum(np.square(t).sum() for t in terms)))
        rounding = 1e-15 * float(sum(np.abs(t).sum() for t in terms))
        scale = max(abs(analytic), abs(self.slope.value), typical)
        tolerance = rtol * scale + TRUST * self.slope.error + rounding + self.floor
        return analytic, abs(analytic - self.slope.value), tolerance

    def agrees(self, gradients: Gradients, rtol: float = 1e-5) -> bool:
        """Whether candidate gradients explain the slope; for the diagnosis."""
        _, difference, tolerance = self.against(gradients, rtol)
        return bool(difference <= tolerance)

    def is_vague(self, gradients: Gradients) -> bool:
        """Whether the slope could not be found, for instance because of a kink."""
        analytic, _, _ = self.against(gradients)
        size = max(abs(analytic), abs(self.slope.value), 1e-300)
        return not self.slope.error <= VAGUE * size


def along(gradient: Array, move: Array | Entry) -> Array:
    """Return the terms of the slope ⟨gradient, move⟩, not yet summed."""
    if isinstance(move, Entry):
        terms: Array = np.array([gradient.flat[move.index] * move.size])
    else:
        terms = gradient * move
    return terms


def witness(probe: Probe, direction: Direction, upstream: Array, scale: float = 0.0) -> Witness:
    """Measure the slope of a probe along a direction."""
    with probe.unmoved():
        found = slope(probe.curve(direction), upstream, scale)
    moved = np.sqrt(sum(float(np.square(_amount(move)).sum()) for move in direction.values()))
    return Witness(direction, found, UNDERFLOW * float(np.linalg.norm(upstream)) * float(moved))


def _amount(move: Array | Entry) -> Array:
    return np.array([move.size]) if isinstance(move, Entry) else move


def random_direction(probe: Probe, names: list[str], rng: np.random.Generator) -> Direction:
    """Return ± the size of each array's entries, at random: no entry is left out by chance."""
    return {
        name: natural_size(probe.point[name]) * rng.choice((-1.0, 1.0), probe.point[name].shape)
        for name in names
    }


def natural_size(values: Array) -> Array:
    """Return by how much each entry moves at most: its array's size.

    Where all are positive, each by its own size, so that none turns negative; and probabilities
    no further than to 0 and 1.
    """
    if not values.size or values.min() <= 0:
        return np.full(values.shape, spread(values))
    return np.minimum(values, 1 - values) if values.max() < 1 else values


def entry_direction(probe: Probe, name: str, index: int) -> Direction:
    """Return the direction that moves a single entry."""
    values = probe.point[name]
    size = float(natural_size(values).flat[index])
    if values.size and values.min() <= 0:
        size = max(size, abs(float(values.flat[index])))
    return {name: Entry(index, size)}


def typical_size(gradients: Gradients, direction: Direction) -> float:
    """Return √Σ (g_i d_i)²: the size of a slope along such a direction."""
    return float(
        np.sqrt(sum(np.square(along(gradients[n], d)).sum() for n, d in direction.items()))
    )


def check_of(probe: Probe, what: str, found: Witness, gradients: Gradients, rtol: float) -> Check:
    """Make a row of the report of a comparison."""
    analytic, difference, tolerance = found.against(gradients, rtol)
    numeric = found.slope.value
    typical = typical_size(gradients, found.direction)
    scale = max(abs(analytic), abs(numeric), typical) or 1.0
    wrong = not difference <= tolerance
    if wrong and not np.isfinite(found.slope.error):
        wrong = False
    verdict = "wrong" if wrong else "kink" if found.is_vague(gradients) and scale > 0 else "ok"
    if verdict == "kink" and difference <= max(10 * rtol * scale, found.floor):
        verdict = "ok"
    parameter = ", ".join(found.direction) if len(found.direction) == 1 else "all together"
    return Check(
        probe.place,
        parameter,
        what,
        analytic,
        numeric,
        difference / scale,
        tolerance / scale,
        verdict,
    )
