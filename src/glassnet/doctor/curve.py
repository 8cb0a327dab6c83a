"""The V-shaped curve of the error of a finite difference over its step, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.slopes import Curve


@dataclass(frozen=True)
class ErrorCurve:
    """The relative error of one-sided and central differences, step by step.

    Attributes
    ----------
    steps, one_sided, central : tuple of float
        Errors are |difference − analytic| / |analytic|.
    analytic : float
        The slope that the backward pass gave.
    value : float
        F itself, whose rounding u·|F| is what the left arm of the V is made of.
    """

    steps: tuple[float, ...]
    one_sided: tuple[float, ...]
    central: tuple[float, ...]
    analytic: float
    value: float

    @property
    def best(self) -> tuple[float, float]:
        """The step with the smallest central error, and that error."""
        i = int(np.argmin(self.central))
        return self.steps[i], self.central[i]

    def __str__(self) -> str:
        rows = zip(self.steps, self.one_sided, self.central, strict=True)
        lines = [f"{'step':>8}  {'one-sided':>10}  {'central':>10}"]
        lines += [f"{h:8.0e}  {one:10.1e}  {two:10.1e}" for h, one, two in rows]
        return "\n".join(lines)


def error_curve(
    curve: Curve, upstream: Array, analytic: float, steps: Sequence[float] | None = None
) -> ErrorCurve:
    """Return the error of differences of Σ upstream · curve(t) against `analytic`, for many steps.

    Examples
    --------
    >>> v = error_curve(lambda t: np.array([np.exp(t)]), np.ones(1), 1.0)
    >>> 1e-7 < v.best[0] < 1e-3 and v.best[1] < 1e-8
    True
    """
    steps = tuple(10.0 ** (-k / 2) for k in range(27)) if steps is None else tuple(steps)
    middle = curve(0.0)
    size = abs(analytic) or 1.0
    one_sided, central = [], []
    for h in steps:
        up, down = curve(h), curve(-h)
        one_sided.append(abs(float((upstream * (up - middle)).sum()) / h - analytic) / size)
        central.append(abs(float((upstream * (up - down)).sum()) / (2 * h) - analytic) / size)
    value = float((upstream * middle).sum())
    return ErrorCurve(steps, tuple(one_sided), tuple(central), analytic, value)
