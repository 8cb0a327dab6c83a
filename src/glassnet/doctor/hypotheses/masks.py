"""Dropout's mask, and masks that were made of the wrong array."""

from __future__ import annotations

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case, Verdict


def dropout(case: Case) -> Verdict:
    """Predict, where the output is input times a random mask: dx without mask, or without scale."""
    if not case.stochastic or case.name != "input" or case.x.shape != case.output.shape:
        return None
    x = case.x
    mask = slopes_of(case, x)
    kept = mask != 0
    if kept.all() or not kept.any():
        return None
    return _mask_of(case.gradient / case.upstream, mask, kept)


def _mask_of(ratio: Array, mask: Array, kept: Array) -> Verdict:
    """Compare dx/dy with the slopes of the forward pass."""
    if np.allclose(ratio, ratio.flat[0]):
        return "dropout-mask-missing", f"dx = {ratio.flat[0]:.3g} dy everywhere, dropped or not"
    if np.allclose(ratio[~kept], 0, atol=1e-12) and np.allclose(ratio[kept], ratio[kept][0]):
        return (
            "dropout-not-inverted",
            f"kept values are times {mask[kept][0]:.3g} forward and {ratio[kept][0]:.3g} backward",
        )
    if len(np.unique(ratio.round(9))) == 2:
        return "dropout-mask-redrawn", "forward and backward do not drop the same values"
    quotient = np.divide(mask, ratio, out=np.full_like(mask, np.nan), where=ratio != 0)
    if len(np.unique(quotient[kept].round(5))) == 1 and np.isfinite(quotient).all():
        return "dropout-mask-missing", "dx is not 0 where the value was dropped"
    return None


def sign_of_upstream(case: Case) -> Verdict:
    """Predict: dx = dy where dy > 0 (the mask of a ReLU, made of the wrong array)."""
    dy = case.upstream
    if case.name != "input" or dy.shape != case.gradient.shape:
        return None
    if case.is_exactly(dy * (dy > 0)):
        return "mask-from-gradient", "dx = dy where dy > 0, wherever the input is"
    return None


def slopes_of(case: Case, x: Array) -> Array:
    """Return dy_i/dx_i of an element-wise layer by central differences, all at once."""
    probe = case.probe
    with probe.unmoved():
        h = 1e-6 * np.maximum(np.abs(x), float(np.abs(x).mean()) or 1.0)
        probe.place_at("input", x + h)
        up = probe.output()
        probe.place_at("input", x - h)
        slopes: Array = (up - probe.output()) / (2 * h)
        return slopes
