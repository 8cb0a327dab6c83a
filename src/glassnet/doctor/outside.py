"""Everything that is checked of a loss, and of a regularizer."""

from __future__ import annotations

import numpy as np

from glassnet.doctor.case import Case
from glassnet.doctor.diagnosis import diagnose, diagnose_short_batch
from glassnet.doctor.equality import same
from glassnet.doctor.examine import examine, examine_here
from glassnet.doctor.exceptions import words
from glassnet.doctor.findings import Conduct, Finding
from glassnet.doctor.probes import LossProbe, RegularizerProbe, spread
from glassnet.doctor.report import Check

LARGE = 8.0
"""Outputs above this size saturate a loss: it is examined at smaller ones."""


def check_loss(probe: LossProbe, rng: np.random.Generator) -> tuple[list[Check], list[Finding]]:
    """Check a loss at the model's output, and for a shorter batch."""
    conduct = watch_loss(probe)
    findings = list(conduct.findings)
    if not conduct.usable:
        return [], findings
    output = probe.point["output"]
    twin: LossProbe | None = None
    if probe.target.ndim and len(probe.target) == len(output):
        twin = probe.sized(len(output) - 1 if len(output) > 2 else len(output) + 1, rng)
        if not np.isfinite(twin.output()).all():
            twin = None
    exam = examine(probe, rng, directions=2, entries=6)
    if spread(output) > LARGE and not exam.wrong:
        probe.place_at("output", output * (2 / spread(output)))
        exam = examine(probe, rng, directions=2, entries=6)
    wrong = sorted(exam.wrong)
    if wrong:
        sizes = {name: exam.error_of(name) for name in wrong}
        return exam.checks, findings + diagnose(probe, wrong, sizes, rng, twin=twin)
    if twin is not None:
        short = examine(twin, rng, directions=2, entries=0)
        if short.wrong:
            sizes = {name: short.error_of(name) for name in short.wrong}
            findings += diagnose_short_batch(twin, sorted(short.wrong), sizes, rng)
    return exam.checks, findings


def check_regularizer(
    probe: RegularizerProbe, rng: np.random.Generator
) -> tuple[list[Check], list[Finding]]:
    """Check a regularizer at the weights, and that it adds to what is there."""
    weights = probe.point["weights"]
    if weights.size and np.ptp(weights) == 0:
        probe.place_at("weights", weights + 0.1 * rng.standard_normal(weights.shape))
        weights = probe.point["weights"]
    try:
        plain = probe.gradients(np.ones(1))["weights"]
        before = rng.standard_normal(weights.shape)
        grad, given = before.copy(), weights.copy()
        probe.regularizer.add_gradient(given, grad)
    except Exception as error:
        text = f"the regularizer raised {words(error)}"
        return [], [Finding("weights", "raises", text)]
    findings = []
    if not np.array_equal(given, weights):
        text = "the regularizer changed the weights it was given"
        findings.append(Finding("weights", "inplace-input", text))
    if not np.allclose(grad, before + plain, rtol=1e-9, atol=1e-9):
        text = "what was in the gradient before is lost"
        findings.append(Finding("weights", "regularizer-overwrites", text))
        return [], findings
    exam = examine(probe, rng)
    if exam.wrong:
        case = Case(probe, "weights", examine_here(probe, rng, 4, 5))
        factor, size = case.factor(), exam.error_of("weights")
        kind, text = "wrong-gradient", "the gradient is not that of the penalty"
        if factor is not None:
            kind = "sign" if factor < 0 else "regularizer-factor"
            text = f"the gradient is {factor:.4g} times that of the penalty"
        elif not plain.any():
            kind, text = "regularizer-factor", "no gradient is added"
        findings.append(Finding("weights", kind, text, size))
    return exam.checks, findings


def watch_loss(probe: LossProbe) -> Conduct:
    """Call a loss, and note what it does wrong."""
    conduct = Conduct()
    output, target = probe.point["output"].copy(), probe.target.copy()
    try:
        value, gradient = probe.loss(output, target)
        value = float(value)
    except Exception as error:
        conduct.add("output", "raises", f"the loss raised {words(error)}")
        conduct.usable = False
        return conduct
    if not same(output, probe.point["output"]):
        conduct.add("output", "inplace-input", "the loss changed the output it was given")
    if not same(target, probe.target):
        conduct.add("output", "inplace-input", "the loss changed the target it was given")
    array = np.asarray(gradient)
    if gradient is None:
        conduct.add("output", "input-gradient-missing", "the loss returns no gradient")
    elif array.shape != output.shape or array.dtype.kind not in "fiub":
        conduct.add(
            "output", "wrong-shape", f"the gradient has shape {array.shape} for {output.shape}"
        )
    elif not np.isfinite(array).all() or not np.isfinite(value):
        conduct.add("output", "not-finite", "value or gradient is nan or inf")
    elif array.dtype.kind in "iu":
        conduct.add("output", "integer-truncation", f"the gradient is an array of {array.dtype}")
    elif array.dtype in (np.float32, np.float16):
        conduct.add("output", "float32-truncation", f"the gradient is an array of {array.dtype}")
        return conduct
    else:
        return conduct
    conduct.usable = False
    return conduct
