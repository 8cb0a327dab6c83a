"""The slope of a curve by central differences, with an estimate of its own error.

A curve t ↦ y(t) is what a layer gives when its input and parameters move along a direction; the
slope wanted is that of F(t) = Σ v · y(t) at t = 0, for an upstream gradient v. The difference

    D(h) = (F(h) − F(−h)) / 2h = F′ + h² F‴ / 6 + …

has a truncation error that grows as h² and a rounding error that grows as u/h, u being the noise
of F; so the error over h is a V, lowest near h = ∛(3u/F‴) (see docs/gradients.md). Nobody knows u
and F‴ beforehand, therefore `slope` measures: it takes h and h/2, extrapolates (Richardson, 1911),

    F′ ≈ (4 D(h/2) − D(h)) / 3,

and believes the result as far as the two agree. A kink between −h and h spoils that agreement. A
kink exactly at t = 0 does not (both differences are the mean of its two slopes), but it bends: the
difference between the slopes right and left, B(h) = (F(h) − 2 F(0) + F(−h)) / h = h F″ + …, goes to
zero with h for a smooth curve and to the jump of the slope for a kink. So 2 B(h/2) − B(h), which
is 0 but for O(h³) where F is smooth, is added to the error.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array

Curve = Callable[[float], Array]

STEPS = (1e-4, 1e-5, 1e-6, 1e-3, 1e-7, 1e-2, 1e-1)
"""Steps in the order in which they are tried, relative to the size of what is moved."""
TINY_STEPS = (1e-10, 2.7e-10)
"""Steps so small that whatever bends there is rounding."""


@dataclass(frozen=True)
class Slope:
    """A slope, the step it was found with, and how far it may be off."""

    value: float
    error: float
    step: float


def slope(curve: Curve, upstream: Array, scale: float = 0.0, goal: float = 1e-8) -> Slope:
    """Return the slope of Σ upstream · curve(t) at t = 0, as exactly as the curve allows.

    Parameters
    ----------
    curve : callable
        t → ndarray; must give the same for the same t.
    upstream : ndarray, shape of what the curve returns
    scale : float
        The size of slope that matters; the step is changed until the error is below
        ``goal * max(scale, |slope|)``, or no step is left.

    Examples
    --------
    >>> found = slope(lambda t: np.array([np.exp(t)]), np.ones(1))
    >>> abs(found.value - 1) < 1e-9, found.error < 1e-7
    (True, True)
    >>> slope(lambda t: np.array([abs(t)]), np.ones(1)).error > 1  # a kink: not to be believed
    True
    """
    middle = curve(0.0)
    noise = noise_of(curve, middle, upstream)
    best = Slope(0.0, np.inf, STEPS[0])
    for h in STEPS:
        found = _extrapolated(curve, middle, upstream, h, noise)
        if found.error < best.error:
            best = found
        if best.error <= goal * max(scale, abs(best.value)):
            break
    return best


def noise_of(curve: Curve, middle: Array, upstream: Array) -> float:
    """Return how much rounding there is in Σ upstream · curve.

    Measured, as what is left of F(h) − 2 F(0) + F(−h) at steps where no curvature can show; an
    estimate from the size of the numbers would miss cancellation inside the curve.
    """
    size = float(np.linalg.norm(upstream * middle))
    noise = np.finfo(middle.dtype).eps * size if middle.dtype.kind == "f" else size
    for h in TINY_STEPS:
        left = upstream * (curve(h) - 2 * middle + curve(-h))
        noise = max(noise, abs(float(left.sum())), float(np.linalg.norm(left)))
    return noise


def _extrapolated(curve: Curve, middle: Array, v: Array, h: float, noise: float) -> Slope:
    up, down = curve(h), curve(-h)
    up2, down2 = curve(h / 2), curve(-h / 2)
    # The arrays are subtracted before they are summed: outputs that did not move add no rounding.
    wide = float((v * (up - down)).sum()) / (2 * h)
    narrow = float((v * (up2 - down2)).sum()) / h
    bend = float((v * ((up - middle) - (middle - down))).sum()) / h
    bend2 = float((v * ((up2 - middle) - (middle - down2))).sum()) / (h / 2)
    value = (4 * narrow - wide) / 3
    error = abs(narrow - wide) + abs(2 * bend2 - bend) + noise / h
    return Slope(value, error if np.isfinite(value + error) else np.inf, h)
