"""The slope of a curve by central differences, with an estimate of its own error.

A curve t ↦ y(t) is what a layer gives when its input and parameters move along a direction; the
slope wanted is that of F(t) = Σ v · y(t) at t = 0, for an upstream gradient v. The difference

    D(h) = (F(h) − F(−h)) / 2h = F′ + h² F‴ / 6 + …

has a truncation error that grows as h² and a rounding error that grows as u/h, u being the noise
of F; so the error over h is a V, lowest near h = ∛(3u/F‴) (see docs/gradients.md). Nobody knows u
and F‴ beforehand, therefore `slope` measures: it takes h and r·h, extrapolates (Richardson, 1911),

    F′ ≈ (D(r·h) − r² D(h)) / (1 − r²),

and believes the result as far as the two agree. A kink between −h and h spoils that agreement. A
kink exactly at t = 0 does not (both differences are the mean of its two slopes), but it bends: the
difference between the slopes right and left, B(h) = (F(h) − 2 F(0) + F(−h)) / h = h F″ + …, goes to
zero with h for a smooth curve and to the jump of the slope for a kink. So B(r·h)/r − B(h), which
is 0 but for O(h³) where F is smooth, is added to the error. r is no simple fraction, so that the
steps of a rounded function are not hit in the same way by both differences.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array

Curve = Callable[[float], Array]

STEPS = (1e-4, 1e-5, 1e-6, 1e-3, 1e-7, 1e-2, 1e-1)
"""Steps in the order in which they are tried, relative to the size of what is moved."""
FINE_STEPS = (3e-1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Steps of `fine_slope`, from the one with the least rounding on."""
PART = 0.4123
"""r: the smaller step as a part of the larger."""
TINY_STEPS = (1e-10, 2.7e-9, 7.3e-8)
"""Steps so small that whatever bends there is rounding."""


@dataclass(frozen=True)
class Slope:
    """A slope, how far it may be off, the step it was found with, and how much it kinks there."""

    value: float
    error: float
    step: float
    bend: float = 0.0


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


def fine_slope(curve: Curve, upstream: Array) -> Slope:
    """Return the slope to the last digits that float64 has for it.

    Steps go from large to small, and an extrapolated slope is believed as far as it agrees with the
    one before: a function linear in t is exact at the largest step, where there is no rounding.

    Examples
    --------
    >>> found = fine_slope(lambda t: np.array([np.sin(1 + t)]), np.ones(1))
    >>> abs(found.value - np.cos(1)) < 1e-11 and found.error < 1e-9
    True
    """
    middle = curve(0.0)
    noise = noise_of(curve, middle, upstream)
    best, before = Slope(0.0, np.inf, 0.0), np.nan
    for h in FINE_STEPS:
        found = _extrapolated(curve, middle, upstream, h, noise)
        # Unlike in `slope`, the two differences are extrapolated twice: what separates them is
        # known to go with h² and is gone after the extrapolation.
        error = abs(found.value - before) + found.bend + noise / h
        if error < best.error:
            best = Slope(found.value, error, h)
        elif error > 100 * best.error:
            break
        before = found.value
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
    up2, down2 = curve(PART * h), curve(-PART * h)
    # The arrays are subtracted before they are summed: outputs that did not move add no rounding.
    wide = float((v * (up - down)).sum()) / (2 * h)
    narrow = float((v * (up2 - down2)).sum()) / (2 * PART * h)
    bend = float((v * ((up - middle) - (middle - down))).sum()) / h
    bend2 = float((v * ((up2 - middle) - (middle - down2))).sum()) / (PART * h)
    value = (narrow - PART**2 * wide) / (1 - PART**2)
    kink = abs(bend2 / PART - bend)
    error = abs(narrow - wide) + kink + noise / h
    return Slope(value, error if np.isfinite(value + error) else np.inf, h, kink)
