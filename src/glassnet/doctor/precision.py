"""Numbers cut short: an integer array or a float32 one somewhere inside.

A float64 computation notices a change of 1e-9; one that goes through integers or float32 gives the
same steps of a staircase before and after. So the layer is moved by that little, and by more.
"""

from __future__ import annotations

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.compare import random_direction
from glassnet.doctor.findings import Conduct
from glassnet.doctor.layer_probes import LayerProbe

LITTLE = 2.0**-30


def watch_precision(probe: LayerProbe, conduct: Conduct, rng: np.random.Generator) -> None:
    """Note integer or float32 arithmetic in a layer's forward or backward pass.

    It must show at a harmless input too: a saturated sigmoid gives 0 and 1 just as integers do.
    """
    kind = forward_truncation(probe, rng)
    harmless = _harmless(probe, rng)
    if kind and kind == forward_truncation(harmless, rng):
        if kind == "integer-truncation" and _passes_on(probe, rng):
            conduct.add("input", "straight-through", "forward rounds, and backward ignores it")
        else:
            conduct.add("input", kind, f"forward computes in {_words(kind)} somewhere")
        conduct.usable = False
        return
    found = backward_truncation(probe, rng)
    if found:
        again = backward_truncation(harmless, rng)
        for name in found.keys() & again.keys():
            text = f"this gradient is computed in {_words(found[name])} somewhere"
            conduct.add(name, found[name], text)


def _passes_on(probe: LayerProbe, rng: np.random.Generator) -> bool:
    """Whether forward gives whole floats and backward passes dy on, or some of it: on purpose."""
    if probe.raw_output().dtype.kind in "iub":
        return False
    dy = rng.standard_normal(probe.output().shape)
    dx = probe.gradients(dy).get("input")
    return dx is not None and dx.shape == dy.shape and bool(((dx == dy) | (dx == 0)).all())


def _harmless(probe: LayerProbe, rng: np.random.Generator) -> LayerProbe:
    """Return a probe of the same layer at numbers about 1, or the same where it takes none."""
    x = probe.point["input"]
    low = 0.2 if x.min() >= 0 else -2.0
    harmless = probe.with_input(rng.uniform(low, 2.0, x.shape))
    try:
        fine = bool(np.isfinite(harmless.output()).all())
    except Exception:  # whatever the layer raises there, the point is no use
        fine = False
    return harmless if fine else probe


def forward_truncation(probe: LayerProbe, rng: np.random.Generator) -> str:
    """Return the kind of truncation in forward, or an empty string."""
    raw = probe.raw_output()
    if raw.dtype.kind in "iub":
        return "integer-truncation"
    if raw.dtype.itemsize < 8:
        return "float32-truncation"
    if not raw.size:
        return ""
    for name in probe.point:
        with probe.unmoved():
            curve = probe.curve(random_direction(probe, [name], rng))
            outputs = [curve(t) for t in (0.0, 1e-10, 1e-3, 0.5)]
        kind = _steps(*outputs) if name != "input" or probe.limits is None else ""
        if kind:
            return kind
    return ""


def _steps(y: Array, near: Array, far: Array, away: Array) -> str:
    """Return the kind of truncation that shows along a direction, at 0, 1e-10, 1e-3, ½."""
    integral = all(bool((a == np.rint(a)).all()) for a in (y, far, away))
    if integral and not np.array_equal(y, away) and np.array_equal(y, near):
        return "integer-truncation"
    awake = y != 0  # a unit that wakes up at a kink has not been cut short
    changed = awake & (away != y)
    if changed.any() and np.array_equal(y, near) and (far == y)[changed].mean() > 0.5:
        return "integer-truncation"
    moved = awake & (np.abs(far - y) > 1e-5 * np.abs(y))
    if moved.any() and (near == y)[moved].mean() > 0.9:
        return "float32-truncation"
    return ""


def backward_truncation(probe: LayerProbe, rng: np.random.Generator) -> dict[str, str]:
    """Return the kind of truncation of each gradient that has one."""
    dy = 100 * rng.standard_normal(probe.output().shape)
    plain, more = probe.gradients(dy), probe.gradients(dy * (1 + LITTLE))
    double = probe.gradients(2 * dy)
    found = {}
    for name, gradient in plain.items():
        top = float(np.abs(gradient).max(initial=0.0))
        if top == 0 or np.array_equal(double[name], gradient):  # dy ignored: another fault
            continue
        if _is_homogeneous(gradient, more[name], top):
            continue
        whole = bool((gradient == np.rint(gradient)).all())
        if whole or _is_float32(gradient, double[name], top):
            found[name] = "integer-truncation" if whole else "float32-truncation"
    return found


def _is_homogeneous(gradient: Array, more: Array, top: float) -> bool:
    return float(np.abs(more - gradient * (1 + LITTLE)).max()) < 1e-1 * LITTLE * top


def _is_float32(gradient: Array, double: Array, top: float) -> bool:
    """Whether 2 dy gives 2 dx to float32's accuracy, so that only the last digits are missing."""
    return float(np.abs(double - 2 * gradient).max()) < 1e-5 * top


def _words(kind: str) -> str:
    return "integers" if kind == "integer-truncation" else "float32"
