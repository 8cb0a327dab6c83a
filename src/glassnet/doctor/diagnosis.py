"""From a wrong gradient to the name of the fault."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Hypothesis, Verdict
from glassnet.doctor.examine import Examination, examine_here
from glassnet.doctor.findings import Finding
from glassnet.doctor.hypotheses import FOR_LAYERS, FOR_LOSSES
from glassnet.doctor.hypotheses.factors import short_batch_only
from glassnet.doctor.probes import LossProbe, Probe

UNEXPLAINED = ("wrong-gradient", "none of the known faults explains it")


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
    cases = [Case(probe, name, exam, other, stochastic) for name in wrong]
    verdicts = [_first(hypotheses, case) for case in cases]
    cure = next((case.cure for case in cases if case.cure is not None), None)
    findings = []
    for case, first in zip(cases, verdicts, strict=True):
        second = None if first or cure is None else _behind(case, cure, hypotheses)
        kind, message = first or second or UNEXPLAINED
        findings.append(Finding(case.name, kind, message, sizes.get(case.name, 0.0)))
    return _as_one(findings)


def _first(hypotheses: tuple[Hypothesis, ...], case: Case) -> Verdict:
    """Return the verdict of the first hypothesis that explains the case."""
    for hypothesis in hypotheses:
        # A prediction that cannot be computed for this layer is no explanation.
        with contextlib.suppress(Exception):
            verdict = hypothesis(case)
            if verdict is not None:
                return verdict
    return None


def _behind(case: Case, cure: Array, hypotheses: tuple[Hypothesis, ...]) -> Verdict:
    """Explain a gradient with two faults, one of them (known from another gradient) cured."""
    cured = replace(case.exam, upstream=cure, gradients=case.probe.gradients(cure))
    return _first(hypotheses, replace(case, exam=cured, twin=None))


def _as_one(findings: list[Finding]) -> list[Finding]:
    """Give gradients that are wrong for one reason one name.

    Where weight and bias are wrong by the same N, it is the layer's mean, not the bias's.
    """
    kinds = {f.kind for f in findings}
    for bias, both in (("bias-mean", "batch-mean-twice"), ("bias-sum", "batch-mean-missing")):
        if both in kinds:
            findings = [replace(f, kind=both) if f.kind == bias else f for f in findings]
    reaching = ("activation-", "derivative-", "dropout-mask")
    explained = [f for f in findings if f.kind.startswith(reaching)]
    if explained:  # whatever is upstream of the missing derivative is wrong with it
        kind, text = explained[0].kind, f"as that of {explained[0].parameter}"
        findings = [
            replace(f, kind=kind, message=text) if f.kind == "wrong-gradient" else f
            for f in findings
        ]
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
    return _as_one(findings)
