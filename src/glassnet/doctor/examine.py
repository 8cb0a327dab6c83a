"""A part's gradients against numeric slopes: along random directions, and entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.compare import (
    RTOL,
    Witness,
    check_of,
    entry_direction,
    random_direction,
    typical_size,
    witness,
)
from glassnet.doctor.probes import Gradients, Probe, spread
from glassnet.doctor.report import Check

NUDGES = (0.0, 0.02, 0.3)
"""How far the input is moved, relative to its size, when the first point is at a kink."""


@dataclass
class Examination:
    """The comparisons of one part at one point.

    Attributes
    ----------
    upstream : ndarray
    gradients : dict of str to ndarray
        As the part claims them.
    witnesses : dict of str to list of Witness
        The numeric slopes, for the diagnosis to use again.
    checks : list of Check
    """

    probe: Probe
    upstream: Array
    gradients: Gradients
    witnesses: dict[str, list[Witness]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    @property
    def wrong(self) -> set[str]:
        """The names whose gradient is wrong."""
        return {c.parameter for c in self.checks if c.verdict == "wrong"}

    @property
    def vague(self) -> set[str]:
        """The names for which there was a comparison that says nothing."""
        return {c.parameter for c in self.checks if c.verdict == "kink"}

    def error_of(self, name: str) -> float:
        """Return the largest relative error of a gradient."""
        return max((c.error for c in self.checks if c.parameter == name), default=0.0)


def examine(
    probe: Probe,
    rng: np.random.Generator,
    *,
    directions: int = 2,
    entries: int = 4,
    rtol: float = RTOL,
    confirm: bool = True,
) -> Examination:
    """Compare all gradients of a part; move the point where it is at a kink.

    A gradient counts as wrong if it is wrong at two points: a kink that the fit did not notice
    will not be there again.
    """
    best: Examination | None = None
    for nudge in NUDGES:
        _nudge(probe, nudge, rng)
        found = examine_here(probe, rng, directions, entries, rtol)
        if best is None or len(found.vague) <= len(best.vague):
            best = found
        if not found.vague:
            break
    assert best is not None
    if best.wrong and confirm:
        _nudge(probe, 0.05, rng)
        second = examine_here(probe, rng, directions, entries, rtol)
        doubtful = best.wrong - second.wrong
        if not doubtful:
            return second
        best.checks = [c for c in second.checks if c.parameter not in best.wrong] + [
            c for c in second.checks if c.parameter in best.wrong
        ]
        best.probe, best.upstream, best.gradients = second.probe, second.upstream, second.gradients
        best.witnesses = second.witnesses
    return best


def examine_here(
    probe: Probe, rng: np.random.Generator, directions: int, entries: int, rtol: float = RTOL
) -> Examination:
    """Compare all gradients of a part at its present point."""
    y = probe.output()
    upstream = np.ones(1) if y.shape == (1,) else rng.standard_normal(y.shape)
    gradients = probe.gradients(upstream)
    result = Examination(probe, upstream, gradients)
    for name, gradient in gradients.items():
        moves = [
            (f"direction {i + 1}", random_direction(probe, [name], rng)) for i in range(directions)
        ]
        for index in chosen_entries(gradient, entries, rng):
            place = [int(i) for i in np.unravel_index(index, gradient.shape)]
            moves.append((f"entry {place}", entry_direction(probe, name, index)))
        floor = 1e-2 * spread(gradient) if gradient.any() else 0.0
        for what, move in moves:
            size = typical_size(gradients, move)
            found = witness(probe, move, upstream, max(size, floor * _size(move[name])))
            result.witnesses.setdefault(name, []).append(found)
            result.checks.append(check_of(probe, what, found, gradients, rtol))
    return result


def examine_together(probe: Probe, rng: np.random.Generator, directions: int) -> list[Check]:
    """Compare along directions over all parameters and the input at once."""
    upstream = np.ones(1)
    checks: list[Check] = []
    for nudge in NUDGES:
        _nudge(probe, nudge, rng)
        gradients = probe.gradients(upstream)
        checks = []
        for i in range(directions):
            move = random_direction(probe, list(gradients), rng)
            found = witness(probe, move, upstream, typical_size(gradients, move))
            checks.append(check_of(probe, f"direction {i + 1}", found, gradients, RTOL))
        if not any(c.verdict != "ok" for c in checks):
            break
    return checks


def chosen_entries(gradient: Array, count: int, rng: np.random.Generator) -> list[int]:
    """Return the entry with the largest gradient, first and last one, and some at random."""
    if gradient.size <= count:
        return list(range(gradient.size))
    fixed = [int(np.abs(gradient).argmax()), 0, gradient.size - 1][: max(1, count - 1)]
    drawn = rng.integers(gradient.size, size=count).tolist()
    return list(dict.fromkeys(fixed + drawn))[:count]


def _size(move: object) -> float:
    return float(getattr(move, "size", 1.0)) if not isinstance(move, np.ndarray) else spread(move)


def _nudge(probe: Probe, amount: float, rng: np.random.Generator) -> None:
    """Move input, output or weights away from where they are, by a part of their size.

    What is not negative stays so: it may go into a logarithm or a root.
    """
    if not amount:
        return
    for name in ("input", "output", "weights"):
        if name in probe.point:
            value = probe.point[name]
            noise = amount * rng.standard_normal(value.shape)
            if value.size and value.min() > 0 and value.max() < 1:  # probabilities stay so
                moved = value / (value + (1 - value) * np.exp(-noise))
            elif value.size and value.min() >= 0:
                moved = value * np.exp(noise) + (value == 0) * np.abs(noise) * spread(value)
            else:
                moved = value + noise * spread(value)
            probe.place_at(name, moved)
