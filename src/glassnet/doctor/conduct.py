"""Watching a layer at work: what it must never do, whatever its gradient.

It may not change its input, the upstream gradient or the cache; what it returns may not depend on
an earlier call; it writes the gradient of every trainable parameter, all of it, and nothing else.
None of this needs a derivative: the layer is run, and everything is compared with how it was.
"""

from __future__ import annotations

import contextlib
import copy
import re
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.equality import same
from glassnet.doctor.exceptions import words
from glassnet.doctor.findings import Conduct
from glassnet.doctor.layer_probes import LayerProbe
from glassnet.doctor.probes import spread
from glassnet.doctor.repetition import is_stochastic, watch_state


def watch(probe: LayerProbe, rng: np.random.Generator) -> Conduct:
    """Run a layer forward and backward, and note what it does wrong."""
    conduct = Conduct()
    y = _watch_forward(probe, conduct)
    if y is None:
        conduct.usable = False
        return conduct
    dy = rng.standard_normal(y.shape)
    if _watch_backward(probe, dy, conduct, rng):
        watch_state(probe, dy, conduct, rng)
    else:
        conduct.usable = False
    conduct.stochastic = probe.training and is_stochastic(probe)
    return conduct


def _watch_forward(probe: LayerProbe, conduct: Conduct) -> Array | None:
    x = probe.point["input"].copy()
    values = {name: p.value.copy() for name, p in probe.parameters.items()}
    try:
        result = probe.run(x)
        y = np.array(result[0])
        if _compare_values(probe, values, "forward", conduct):
            return None  # what else it does wrong would follow from that
        again = np.asarray(probe.run()[0])
    except Exception as error:
        conduct.add("input", "raises", f"forward raised {words(error)}")
        return None
    if not same(x, probe.point["input"]):
        conduct.add("input", "inplace-input", "forward changed the array it was given")
    if y.dtype.kind not in "fiub" or y.ndim == 0:
        conduct.add("input", "wrong-shape", f"forward returned {y.dtype} of shape {y.shape}")
        return None
    if not np.isfinite(y).all():
        conduct.add("input", "not-finite", "forward gives nan or inf for a finite input")
        return None
    if not same(y, again):
        conduct.add(
            "input", "not-deterministic", "two forward passes with the same rng are not the same"
        )
        return None
    return y


def _watch_backward(
    probe: LayerProbe, dy: Array, conduct: Conduct, rng: np.random.Generator
) -> bool:
    """Return whether backward gave an input gradient that can be used."""
    x = probe.point["input"].copy()
    values = {name: p.value.copy() for name, p in probe.parameters.items()}
    marks = {name: rng.standard_normal(p.shape) for name, p in probe.parameters.items()}
    y, cache = probe.run(x)
    before = copy.deepcopy(cache), np.array(y), np.array(x)
    given = dy.copy()
    for name, p in probe.parameters.items():
        p.grad[...] = marks[name]
    try:
        dx = probe.layer.backward(given, cache)
        if not same(given, dy):
            conduct.add("input", "inplace-upstream", "backward changed dy, which it was given")
        kept = before[0]
        if not (same(cache, kept) and same(np.array(y), before[1]) and same(x, before[2])):
            conduct.add("input", "inplace-cache", "backward changed what forward had cached")
        written = {name: p.grad.copy() for name, p in probe.parameters.items()}
        _compare_values(probe, values, "backward", conduct)
        plain = probe.raw_gradients(dy)
    except Exception as error:
        _name_exception(probe, dy, error, conduct)
        return False
    _watch_written(probe, marks, written, plain, conduct)
    return _watch_shapes(probe, dx, conduct)


def _watch_written(
    probe: LayerProbe,
    marks: dict[str, Array],
    written: dict[str, Array],
    plain: dict[str, Any],
    conduct: Conduct,
) -> None:
    """Compare what backward left in gradients that held random numbers before."""
    for name, p in probe.parameters.items():
        untouched = written[name] == marks[name]
        if not p.trainable:
            if not untouched.all():
                conduct.add(name, "frozen-gradient", "backward writes a frozen parameter's grad")
        elif untouched.all():
            if _matters(probe, name):
                conduct.add(name, "parameter-without-gradient", "backward writes no gradient")
        elif untouched.any():
            conduct.add(
                name,
                "partly-written",
                f"backward leaves {untouched.sum()} of {untouched.size} entries unwritten",
            )
        elif np.allclose(written[name], plain[name] + marks[name], rtol=1e-9, atol=1e-9):
            conduct.add(name, "gradient-accumulated", "backward adds to what was there before")


def _watch_shapes(probe: LayerProbe, dx: Any, conduct: Conduct) -> bool:
    shape = probe.point["input"].shape
    if dx is None:
        if probe.limits is None:  # indices have no gradient
            conduct.add("input", "input-gradient-missing", "backward returns None")
        return bool(probe.parameters)
    array = np.asarray(dx)
    if array.dtype.kind not in "fiub":
        conduct.add("input", "wrong-shape", f"backward returns {type(dx).__name__}, not an array")
        return False
    if array.shape != shape:
        rim = [a - b for a, b in zip(array.shape, shape, strict=False)]
        padded = len(shape) > 2 and array.ndim == len(shape) and rim[:2] == [0, 0]
        crops = padded and max(rim) > 0 and all(r >= 0 and r % 2 == 0 for r in rim)
        kind = "padding-not-cropped" if crops else "wrong-shape"
        conduct.add("input", kind, f"backward returns shape {array.shape} for an input {shape}")
    elif not np.isfinite(array).all():
        conduct.add("input", "not-finite", "the input gradient has nan or inf")
        return False
    return True


def _compare_values(
    probe: LayerProbe, values: dict[str, Array], when: str, conduct: Conduct
) -> bool:
    """Note parameters whose values have changed, put them back, and say whether there were any."""
    before = len(conduct.findings)
    for name, p in probe.parameters.items():
        if not same(p.value, values[name]):
            kind = "parameter-updated" if p.trainable else "frozen-updated"
            conduct.add(name, kind, f"{when} changes the values of the parameter")
            p.value[...] = values[name]
    return len(conduct.findings) > before


def _matters(probe: LayerProbe, name: str) -> bool:
    """Whether the output depends on a parameter."""
    with probe.unmoved():
        before = probe.output()
        value = probe.point[name]
        probe.place_at(name, value + 0.1 * spread(value))
        return not same(before, probe.output())


def _name_exception(probe: LayerProbe, dy: Array, error: Exception, conduct: Conduct) -> None:
    """Tell a transposed or otherwise misshapen gradient from other exceptions."""
    shapes = [
        tuple(int(n) for n in found.split(",") if n.strip())
        for found in re.findall(r"\(([\d, ]+)\)", str(error))
    ]
    for name, p in probe.parameters.items():
        for shape in shapes:
            if shape != p.shape and shapes[-1] == p.shape and "grad" in str(error):
                turned = len(shape) > 1 and sorted(shape) == sorted(p.shape)
                kind = "weight-transposed" if turned else "wrong-shape"
                conduct.add(name, kind, f"its gradient of shape {p.shape} was given {shape}")
                return
    for name, p in probe.parameters.items():
        if p.value.ndim == 2:
            with contextlib.suppress(Exception):
                dx = probe.gradient_with(name, p.value.T.copy(), dy)
                if dx.shape == probe.point["input"].shape:
                    text = f"the input gradient needs {name} transposed: {words(error)}"
                    conduct.add("input", "weight-transposed", text)
                    return
    kind = "wrong-shape" if isinstance(error, ValueError) and shapes else "raises"
    conduct.add("input", kind, f"backward raised {words(error)}")
