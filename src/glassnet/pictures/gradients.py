"""Figures about gradients: the V of the error, a kink, and what wrong gradients look like."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.doctor import ErrorCurve
from glassnet.pictures import style

EPS = float(np.finfo(np.float64).eps)


def error_curve_figure(curve: ErrorCurve) -> Figure:
    """Draw the error of finite differences over the step: two arms that meet in a V.

    Examples
    --------
    >>> from glassnet.doctor import error_curve
    >>> v = error_curve(lambda t: np.array([np.exp(t)]), np.ones(1), 1.0)
    >>> figure = error_curve_figure(v)
    >>> figure.axes[0].get_xscale()
    'log'
    """
    figure = style.new_figure(7.0, 4.4)
    axes = figure.subplots()
    steps = np.array(curve.steps)
    lowest = 1e-13
    looks = (
        ("one-sided, (F(h) − F(0)) / h", curve.one_sided, style.VERMILION, "s"),
        ("central, (F(h) − F(−h)) / 2h", curve.central, style.BLUE, "o"),
    )
    for label, errors, colour, mark in looks:
        axes.loglog(steps, np.maximum(errors, lowest), mark, color=colour, label=label, ms=5)
    rounding = EPS * abs(curve.value) / max(abs(curve.analytic), 1e-300) / steps
    bound = (rounding < 10) & (rounding > lowest)
    axes.loglog(steps[bound], rounding[bound], color=style.QUIET, ls="--", lw=1.2)
    middle = int(np.argmin(np.abs(np.log10(steps) + 9.5)))
    axes.annotate(
        "rounding, u·|F| / (h·|F′|)",
        (steps[middle], rounding[middle]),
        xytext=(-16, 18),
        textcoords="offset points",
        fontsize=style.SMALL,
        color=style.QUIET,
    )
    for (_, errors, colour, _), power, place in zip(looks, (1, 2), (-2.0, -2.0), strict=True):
        i = int(np.argmin(np.abs(np.log10(steps) - place)))
        arm = errors[i] * (steps / steps[i]) ** power
        shown = (arm > lowest) & (steps > curve.best[0] / 30) & (arm < 10)
        axes.loglog(steps[shown], arm[shown], color=colour, ls=":", lw=1.4)
        axes.annotate(
            "truncation, ∝ h" + ("²" if power == 2 else ""),
            (steps[i], errors[i]),
            xytext=(-14, 8) if power == 1 else (-6, -24),
            textcoords="offset points",
            ha="right" if power == 1 else "left",
            fontsize=style.SMALL,
            color=colour,
        )
    right = curve.best[1] < 1e-4
    title = "Too large a step, too small a step" if right else "No step mends a wrong gradient"
    style.dress(axes, "step h", "relative error of the slope", title)
    axes.set_ylim(lowest / 3, 30)
    axes.legend(frameon=False, fontsize=style.SMALL, loc="lower left")
    return figure


def fault_portraits(portraits: Mapping[str, tuple[Array, Array]]) -> Figure:
    """Draw wrong gradients against right ones, entry by entry, a panel for each fault.

    Parameters
    ----------
    portraits : mapping of str to (right, wrong)
        Two arrays of one shape, by title. A right gradient lies on the diagonal.

    Examples
    --------
    >>> right = np.array([[1.0, 2.0], [-1.0, 0.5]])
    >>> len(fault_portraits({"sign": (right, -right), "transposed": (right, right.T)}).axes)
    2
    """
    columns = min(4, len(portraits))
    rows = -(-len(portraits) // columns)
    figure = style.new_figure(2.45 * columns, 2.6 * rows)
    panels = figure.subplots(rows, columns, squeeze=False)
    for i, (title, (right, wrong)) in enumerate(portraits.items()):
        axes = panels.flat[i]
        top = 1.1 * float(max(np.abs(right).max(), 1e-300))
        high = 1.1 * float(max(np.abs(wrong).max(), top / 1.1))
        axes.plot([-top, top], [-top, top], color=style.QUIET, lw=1.0)
        axes.plot(right.ravel(), wrong.ravel(), "o", color=style.BLUE, ms=4, alpha=0.75)
        axes.set_xlim(-top, top)
        axes.set_ylim(-high, high)
        left, low = i % columns == 0, i + columns >= len(portraits)
        style.dress(axes, "numeric" if low else "", "backward pass" if left else "")
        axes.set_title(title, fontsize=style.TEXT, color=style.INK, loc="left")
        axes.locator_params(nbins=4)
    for axes in panels.flat[len(portraits) :]:
        axes.set_axis_off()
    return figure


def kink_figure() -> Figure:
    """Draw why a finite difference across a kink says nothing about either side.

    Examples
    --------
    >>> len(kink_figure().axes)
    2
    """
    figure = style.new_figure(8.0, 3.4)
    left, right = figure.subplots(1, 2)
    t = np.linspace(-1, 1, 401)
    kink = 0.3
    left.plot(t, np.maximum(t - kink, 0), color=style.BLUE, lw=2, label="F(t) = max(t − 0.3, 0)")
    for h, colour in ((0.8, style.VERMILION), (0.5, style.ORANGE)):
        ends = np.array([-h, h])
        left.plot(ends, np.maximum(ends - kink, 0), "o-", color=colour, lw=1.3, ms=5,
                  label=f"difference over ±{h:g}")  # fmt: skip
    left.axvline(0, color=style.GRID, lw=1.2, zorder=0)
    style.dress(left, "t", "F", "A kink inside ±h")
    left.set_xticks([-1, -0.5, 0, 0.5, 1])
    left.legend(frameon=False, fontsize=style.SMALL)
    steps = np.logspace(-2, 0, 200)
    for place, colour, dash in ((0.3, style.BLUE, "-"), (0.03, style.GREEN, "--")):
        slopes = (np.maximum(steps - place, 0) - np.maximum(-steps - place, 0)) / (2 * steps)
        right.semilogx(steps, slopes, color=colour, ls=dash, lw=2, label=f"kink at {place:g}")
    right.semilogx(steps, np.full_like(steps, 0.5), color=style.PURPLE, ls=":", lw=2,
                   label="kink at 0: never right")  # fmt: skip
    style.dress(right, "step h", "central difference", "Right only once h is below the kink")
    right.set_ylim(-0.03, 0.68)
    right.legend(frameon=False, fontsize=style.SMALL, loc="upper left")
    return figure
