"""From a wrong gradient to the name of the fault."""

from __future__ import annotations

import contextlib

import numpy as np

from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.conduct import Finding
from glassnet.doctor.examine import Examination, examine_here
from glassnet.doctor.hypotheses import FOR_LAYERS, FOR_LOSSES
from glassnet.doctor.hypotheses.factors import short_batch_only
from glassnet.doctor.probes import LossProbe, Probe


def diagnose(
    probe: Probe,
    wrong: list[str],
    sizes: dict[str, float],
    rng: np.random.Generator,
    *,
    twin: Probe | None = None,
    stochastic: bool = False,
) -> list[Finding]:
    """Return the most likely fault of each wrong gradient of a part, at its present point."""
    exam = examine_here(probe, rng, 4, 5)
    other: Examination | None = None
    if twin is not None:
        with contextlib.suppress(Exception):
            other = examine_here(twin, rng, 3, 3)
    hypotheses = FOR_LOSSES if isinstance(probe, LossProbe) else FOR_LAYERS
    findings = []
    for name in wrong:
        case = Case(probe, name, exam, other, stochastic)
        verdict: Verdict = None
        for hypothesis in hypotheses:
            # A prediction that cannot be computed for this layer is no explanation.
            with contextlib.suppress(Exception):
                verdict = hypothesis(case)
            if verdict is not None:
                break
        kind, message = verdict or ("wrong-gradient", "none of the known faults explains it")
        findings.append(Finding(name, kind, message, sizes.get(name, 0.0)))
    return findings


def diagnose_short_batch(
    twin: Probe, wrong: list[str], sizes: dict[str, float], rng: np.random.Generator
) -> list[Finding]:
    """Explain gradients that are wrong for a batch of another size only."""
    exam = examine_here(twin, rng, 4, 4)
    findings = []
    for name in wrong:
        verdict = short_batch_only(Case(twin, name, exam))
        text = "the gradient is wrong for a batch of another size only"
        kind, message = verdict or ("batch-mean-wrong-n", text)
        findings.append(Finding(name, kind, message, sizes.get(name, 0.0)))
    return findings
