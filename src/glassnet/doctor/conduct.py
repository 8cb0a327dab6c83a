"""Watching a layer at work: what it must never do, whatever its gradient.

It may not change its input, the upstream gradient or the cache; what it returns may not depend on
an earlier call; it writes the gradient of every trainable parameter, all of it, and nothing else.
None of this needs a derivative: the layer is run, and everything is compared with how it was.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.probes import LayerProbe, LossProbe, spread


@dataclass(frozen=True)
class Finding:
    """A fault of a part, before the report gives it place and mend."""

    parameter: str
    kind: str
    message: str
    size: float = 0.0


@dataclass
class Conduct:
    """What was found, and whether gradients can be compared at all."""

    findings: list[Finding] = field(default_factory=list)
    usable: bool = True
    stochastic: bool = False

    def add(self, parameter: str, kind: str, message: str) -> None:
        """Note a fault, once."""
        finding = Finding(parameter, kind, message)
        if finding not in self.findings:
            self.findings.append(finding)

    def has(self, kind: str) -> bool:
        """Whether such a fault was found."""
        return any(f.kind == kind for f in self.findings)


def watch(probe: LayerProbe, rng: np.random.Generator) -> Conduct:
    """Run a layer forward and backward, and note what it does wrong."""
    conduct = Conduct()
    y = _watch_forward(probe, conduct)
    if y is None:
        conduct.usable = False
        return conduct
    dy = rng.standard_normal(y.shape)
    if _watch_backward(probe, dy, conduct, rng):
        _watch_state(probe, dy, conduct, rng)
    else:
        conduct.usable = False
    _watch_frozen(probe, conduct)
    return conduct


def _watch_forward(probe: LayerProbe, conduct: Conduct) -> Array | None:
    x = probe.point["input"].copy()
    values = {name: p.value.copy() for name, p in probe.parameters.items()}
    try:
        result = probe.run(x)
        y = np.asarray(result[0])
        again = np.asarray(probe.run()[0])
    except Exception as error:
        conduct.add("input", "raises", f"forward raised {_words(error)}")
        return None
    if not same(x, probe.point["input"]):
        conduct.add("input", "inplace-input", "forward changed the array it was given")
    _compare_values(probe, values, "forward", conduct)
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
        _name_exception(probe, error, conduct)
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
        conduct.add("input", "input-gradient-missing", "backward returns None")
        return bool(probe.parameters)
    array = np.asarray(dx)
    if array.dtype.kind not in "fiub":
        conduct.add("input", "wrong-shape", f"backward returns {type(dx).__name__}, not an array")
    elif array.shape != shape:
        rim = [a - b for a, b in zip(array.shape, shape, strict=False)]
        padded = len(shape) > 2 and array.ndim == len(shape) and rim[:2] == [0, 0]
        crops = padded and max(rim) > 0 and all(r >= 0 and r % 2 == 0 for r in rim)
        kind = "padding-not-cropped" if crops else "wrong-shape"
        conduct.add("input", kind, f"backward returns shape {array.shape} for an input {shape}")
    elif not np.isfinite(array).all():
        conduct.add("input", "not-finite", "the input gradient has nan or inf")
        return False
    return True


def _watch_state(
    probe: LayerProbe, dy: Array, conduct: Conduct, rng: np.random.Generator
) -> None:
    """Two forward passes, then backward of the first; and backward twice."""
    fresh = probe.gradients(dy)
    x = probe.point["input"]
    other = x[::-1] + 0.3 * spread(x) * rng.standard_normal(x.shape)
    layer = probe.layer
    _, cache = probe.run()
    try:
        first = _backward(probe, dy, cache)
        twice = _backward(probe, dy, cache)
    except Exception as error:
        conduct.add("input", "stale-cache", f"a second backward raised {_words(error)}")
        return
    if not agree(first, twice) and not conduct.has("inplace-cache"):
        kind = "dropout-mask-redrawn" if _is_stochastic(probe) else "stale-cache"
        conduct.add("input", kind, "two backward passes of one cache do not give the same")
        conduct.usable = False
        return
    try:
        _, cache = probe.run()
        layer.forward(other.copy(), training=probe.training, rng=np.random.default_rng(1))
        later = _backward(probe, dy, cache)
        late = not agree(fresh, later)
    except Exception:
        late = True
    if late and not conduct.has("inplace-cache"):
        conduct.add(
            "input", "stale-cache", "another forward pass before backward changes the gradient"
        )


def _backward(probe: LayerProbe, dy: Array, cache: Any) -> dict[str, Array]:
    for p in probe.parameters.values():
        p.grad[...] = 0
    dx = probe.layer.backward(dy.copy(), cache)
    found = {name: p.grad.copy() for name, p in probe.parameters.items() if p.trainable}
    return found | ({} if dx is None else {"input": np.array(dx)})


def _is_stochastic(probe: LayerProbe) -> bool:
    outputs = []
    for seed in (1, 2):
        probe._state.restore()
        np.random.seed(seed)  # noqa: NPY002
        rng = np.random.default_rng(seed)
        x = probe.point["input"].copy()
        outputs.append(np.array(probe.layer.forward(x, training=probe.training, rng=rng)[0]))
    # An own generator is put back before each run, so let it run on for once.
    outputs.append(np.array(probe.layer.forward(x, training=probe.training, rng=rng)[0]))
    return not (same(outputs[0], outputs[1]) and same(outputs[1], outputs[2]))


def _watch_frozen(probe: LayerProbe, conduct: Conduct) -> None:
    conduct.stochastic = probe.training and _is_stochastic(probe)


def _compare_values(
    probe: LayerProbe, values: dict[str, Array], when: str, conduct: Conduct
) -> None:
    for name, p in probe.parameters.items():
        if not same(p.value, values[name]):
            kind = "parameter-updated" if p.trainable else "frozen-updated"
            conduct.add(name, kind, f"{when} changes the values of the parameter")
            p.value[...] = values[name]


def _matters(probe: LayerProbe, name: str) -> bool:
    """Whether the output depends on a parameter."""
    with probe.unmoved():
        before = probe.output()
        value = probe.point[name]
        probe.place_at(name, value + 0.1 * spread(value))
        return not same(before, probe.output())


def _name_exception(probe: LayerProbe, error: Exception, conduct: Conduct) -> None:
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
    kind = "wrong-shape" if isinstance(error, ValueError) and shapes else "raises"
    conduct.add("input", kind, f"backward raised {_words(error)}")


def watch_loss(probe: LossProbe) -> Conduct:
    """Call a loss, and note what it does wrong."""
    conduct = Conduct()
    output, target = probe.point["output"].copy(), probe.target.copy()
    try:
        value, gradient = probe.loss(output, target)
        value = float(value)
    except Exception as error:
        conduct.add("output", "raises", f"the loss raised {_words(error)}")
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


def same(a: Any, b: Any) -> bool:
    """Whether two caches, arrays or other things hold the same, nan being equal to nan."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        numeric = a.dtype.kind in "fc" and b.dtype.kind in "fc"
        return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=numeric))
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return True  # other things (shapes, numbers, generators) are not what a backward edits


def agree(a: dict[str, Array], b: dict[str, Array]) -> bool:
    """Whether two sets of gradients are equal but for rounding."""
    return a.keys() == b.keys() and all(
        a[n].shape == b[n].shape
        and np.allclose(a[n], b[n], rtol=1e-9, atol=1e-9 * float(np.abs(a[n]).max(initial=0)))
        for n in a
    )


def _words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__
