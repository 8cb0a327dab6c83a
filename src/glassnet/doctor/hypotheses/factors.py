"""The gradient is right but for a factor: a mean was forgotten, or taken twice."""

from __future__ import annotations

import math

from glassnet.doctor.case import Case, Verdict


def constant_factor(case: Case) -> Verdict:
    """Predict: wrong = c · right, with c from N, 1/N, the outputs, the pixels, 2, ½ or −1.

    A second batch size tells c = N from a c that happens to be that number.
    """
    c = case.factor()
    if c is None:
        return None
    seen = f"the gradient is {_number(c)} times the right one"
    if c < 0:
        return "sign", seen
    samples = len(case.x)
    other = case.factor(case.twin) if case.twin is not None else None
    if other is not None and case.twin is not None and not _near(other, c):
        return _with_batch_size(case, c, samples, other, len(case.twin.probe.point[_first(case)]))
    return _fixed(case, c, samples, seen, other is not None)


def short_batch_only(case: Case) -> Verdict:
    """Predict: right for one batch size, wrong by a factor for a shorter one."""
    c = case.factor()
    if c is None:
        return None
    samples = len(case.x)
    if samples == 2:  # and right for one sample, where N and 1/N are 1
        bias, seen = case.is_bias(), f"the gradient is {_number(c)} times the right one for N = 2"
        if _near(c, 2.0):
            return ("bias-sum" if bias else "batch-mean-missing"), seen
        if _near(c, 0.5):
            return ("bias-mean" if bias else "batch-mean-twice"), seen
    return (
        "batch-mean-wrong-n",
        f"with {samples} samples the gradient is {_number(c)} times the right one; "
        "with a batch of another size it is right",
    )


def _with_batch_size(case: Case, c: float, n: int, c2: float, n2: int) -> Verdict:
    """Explain a factor that changes with the number of samples."""
    seen = f"the gradient is {_number(c)} times the right one for N = {n}, {_number(c2)} for {n2}"
    bias = case.is_bias()
    if _near(c / n, c2 / n2):
        part = c / n
        if any(_near(part, k) for k in (1.0, *_sizes(case))):
            return ("bias-sum" if bias else "batch-mean-missing"), f"{seen}: N times too large"
        return "batch-mean-wrong-n", seen + f": divided by {_number(n / c)} instead of N"
    if _near(c * n, c2 * n2):
        return ("bias-mean" if bias else "batch-mean-twice"), seen + ": a second 1/N"
    return "batch-mean-wrong-n", seen


def _fixed(case: Case, c: float, samples: int, seen: str, both: bool) -> Verdict:
    """Explain a factor that does not change with the number of samples."""
    layer = case.layer_probe is not None
    bias = case.is_bias()
    shape, before = case.output.shape, case.x.shape
    pixels = math.prod(shape[2:]) if layer else 0
    pixels_before = math.prod(before[2:])
    table: list[tuple[float, str, str]] = []
    if not both:
        table += [
            (samples, "bias-sum" if bias else "batch-mean-missing", "N times too large"),
            (1 / samples, "bias-mean" if bias else "batch-mean-twice", "a second 1/N"),
        ]
    table += [(2.0, "factor-two", "twice too large"), (0.5, "factor-half", "half as large")]
    if not layer:
        outputs = math.prod(before[1:])
        table += [(outputs, "output-mean-missing", "the mean over the outputs is missing")]
        table += [(1 / outputs, "output-mean-twice", "a mean over the outputs too much")]
    if layer and pixels > 1:
        table += [(1 / pixels, "bias-mean" if bias else "spatial-mean-twice", "a mean over pixels")]
    if layer and case.name == "input" and pixels_before > 1 and len(shape) == 2:
        table += [(pixels_before, "spatial-mean-missing", "the 1/(H·W) of the mean is missing")]
    for value, kind, words in table:
        if value not in (0, 1) and _near(c, value):
            return kind, f"{seen}: {words}"
    root = math.isqrt(max(round(c), 0))
    if layer and case.name == "input" and pixels and pixels < pixels_before and _is_whole(c):
        window = f": {root}·{root} pixels" if root**2 == round(c) else ""
        return "window-mean-missing", seen + window
    if c < 1 and _is_whole(1 / c) and 1 / c > 2.5:
        return "batch-mean-wrong-n", f"{seen}: divided by {round(1 / c)}, whatever the batch"
    return "constant-factor", seen


def _first(case: Case) -> str:
    return "input" if "input" in case.probe.point else case.name


def _sizes(case: Case) -> list[float]:
    shape = case.output.shape if case.layer_probe else case.x.shape
    return [float(math.prod(shape[1:])), float(math.prod(shape[2:]))]


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-4)


def _is_whole(a: float) -> bool:
    return a > 1.5 and abs(a - round(a)) < 1e-4 * a


def _number(c: float) -> str:
    if c and _is_whole(abs(1 / c)):
        return f"{'-' if c < 0 else ''}1/{round(abs(1 / c))}"
    return f"{c:.4g}"
