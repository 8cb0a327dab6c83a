"""Everything that is checked of one layer."""

from __future__ import annotations

import contextlib

import numpy as np

from glassnet.doctor.compare import Witness, check_of, witness
from glassnet.doctor.conduct import watch
from glassnet.doctor.diagnosis import diagnose, diagnose_short_batch
from glassnet.doctor.examine import Examination, examine, examine_here
from glassnet.doctor.findings import Conduct, Finding
from glassnet.doctor.layer_probes import LayerProbe
from glassnet.doctor.precision import watch_precision
from glassnet.doctor.probes import Direction, resized, spread
from glassnet.doctor.report import Check
from glassnet.doctor.thorough import examine_thoroughly

EXPLAINED = frozenset(
    ("parameter-without-gradient", "partly-written", "wrong-shape", "integer-truncation")
)
"""Faults after which a wrong gradient of the same array is no news."""


LARGE = 8.0
"""Inputs, or outputs given to a loss, above this size saturate what can be saturated."""


def check_layer(
    probe: LayerProbe,
    rng: np.random.Generator,
    *,
    thorough: bool = False,
    container: bool = False,
) -> tuple[list[Check], list[Finding]]:
    """Watch a layer at work, compare its gradients with slopes, and explain what is wrong."""
    conduct = watch(probe, rng)
    if conduct.usable and not container:
        watch_precision(probe, conduct, rng)
    if not conduct.usable:
        return [], conduct.findings
    exam = examine(probe, rng)
    if not exam.wrong:
        exam = _softened(probe, rng, exam)
    checks, findings = list(exam.checks), list(conduct.findings)
    twin = _other_batch(probe, rng)
    known = {f.parameter for f in findings if f.kind in EXPLAINED}
    wrong = sorted(exam.wrong - known)
    if wrong:
        sizes = {name: exam.error_of(name) for name in wrong}
        findings += diagnose(probe, wrong, sizes, rng, twin=twin, stochastic=conduct.stochastic)
        return checks, findings
    if twin is not None and not conduct.has("stale-cache"):
        findings += _short_batch(twin, known, rng)
    if not container and not findings:
        tied, finding = _ties(probe, rng)
        checks += tied
        findings += finding
    if thorough and not findings and not container:
        more, found = examine_thoroughly(probe, rng)
        checks += more
        findings += found
    return checks, findings


def _softened(probe: LayerProbe, rng: np.random.Generator, exam: Examination) -> Examination:
    """Examine again with a smaller input where it is large: what is saturated shows no fault."""
    x = probe.point["input"]
    if spread(x) <= LARGE:
        return exam
    with contextlib.suppress(Exception):
        probe.place_at("input", x / spread(x))
        again = examine(probe, rng, directions=1, entries=2)
        if again.wrong:
            return again
        exam.checks += again.checks
    probe.place_at("input", x)
    return exam


def _other_batch(probe: LayerProbe, rng: np.random.Generator) -> LayerProbe | None:
    """Return a probe of the same layer (not a copy) with another number of samples."""
    x = probe.point["input"]
    samples = len(x) - 1 if len(x) > 2 else len(x) + 1
    other = resized(x, samples)
    other = other * (1 + 0.1 * rng.standard_normal(other.shape))
    twin = probe.with_input(other)
    try:
        y = twin.output()
        if len(y) != samples:
            return None
        twin.gradients(np.ones_like(y))
    except Exception:  # the layer's own code may raise anything; then there is no twin to ask
        return None
    return twin


def _short_batch(twin: LayerProbe, known: set[str], rng: np.random.Generator) -> list[Finding]:
    exam = examine(twin, rng, directions=1, entries=0)
    wrong = sorted(exam.wrong - known)
    if not wrong:
        return []
    sizes = {name: exam.error_of(name) for name in wrong}
    return diagnose_short_batch(twin, wrong, sizes, rng)


def _ties(probe: LayerProbe, rng: np.random.Generator) -> tuple[list[Check], list[Finding]]:
    """Try a layer without parameters at an input with many equal values.

    A maximum of equal values has no gradient, but if equal values move together it has a slope, and
    any choice among them, or a fair share, gives it. The gradient sent to each of them does not.
    """
    x = probe.point["input"]
    if len(probe.point) > 1 or x[0].size < 2:
        return [], []
    levels = np.array([0.5, 1.2, 2.1]) if x.min() >= 0 else np.array([-1.3, 0.4, 1.7])
    place = rng.integers(3, size=x.shape)
    tied = probe.with_input(levels[place] * spread(x))
    direction: Direction = {"input": (spread(x) * rng.uniform(0.5, 1.5, 3))[place]}
    with contextlib.suppress(Exception):
        upstream = rng.standard_normal(tied.output().shape)
        gradients = tied.gradients(upstream)
        if "input" not in gradients:
            return [], []
        found: Witness = witness(tied, direction, upstream)
        check = check_of(tied, "equal values move together", found, gradients, 1e-5)
        if check.verdict == "wrong":
            text = "where several values are equal, their gradients add up to too much"
            return [check], [Finding("input", "pool-ties", text, check.error)]
        return [check] if check.verdict == "ok" else [], []
    return [], []


__all__ = ["Conduct", "Examination", "check_layer", "examine_here"]
