"""Running a layer again and again: what it gives may not depend on an earlier call."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.equality import agree, same
from glassnet.doctor.exceptions import words
from glassnet.doctor.findings import Conduct
from glassnet.doctor.layer_probes import LayerProbe
from glassnet.doctor.probes import spread


def watch_state(probe: LayerProbe, dy: Array, conduct: Conduct, rng: np.random.Generator) -> None:
    """Two forward passes, then backward of the first; and backward twice."""
    fresh = probe.gradients(dy)
    x = probe.point["input"]
    other = probe.allowed(x[::-1] + 0.3 * spread(x) * rng.standard_normal(x.shape))
    layer = probe.layer
    _, cache = probe.run()
    try:
        first = _backward(probe, dy, cache)
        twice = _backward(probe, dy, cache)
    except Exception as error:
        conduct.add("input", "stale-cache", f"a second backward raised {words(error)}")
        return
    if not agree(first, twice) and not conduct.has("inplace-cache"):
        added = [n for n in first if n != "input" and np.allclose(twice[n], 2 * first[n])]
        for name in added:
            text = "a second backward gives twice the gradient: it is added up in between"
            conduct.add(name, "gradient-accumulated", text)
        if added:
            return
        kind = "dropout-mask-redrawn" if is_stochastic(probe) else "stale-cache"
        conduct.add("input", kind, "two backward passes of one cache do not give the same")
        conduct.usable = False
        return
    try:
        _, cache = probe.run()
        layer.forward(other.copy(), training=probe.training, rng=np.random.default_rng(1))
        later = _backward(probe, dy, cache)
        late = not agree(fresh, {n: later[n] for n in fresh if n in later})
    except Exception:  # that a second forward breaks backward is the finding itself
        late = True
    if late and not conduct.has("inplace-cache"):
        conduct.add(
            "input", "stale-cache", "another forward pass before backward changes the gradient"
        )


def _backward(probe: LayerProbe, dy: Array, cache: Any) -> dict[str, Array]:
    for p in probe.parameters.values():
        p.grad[...] = 0
    dx = probe.layer.backward(dy.copy(), cache)
    probe.undo_updates()
    found = {name: p.grad.copy() for name, p in probe.parameters.items() if p.trainable}
    return found | ({} if dx is None else {"input": np.array(dx)})


def is_stochastic(probe: LayerProbe) -> bool:
    """Whether the output depends on random numbers."""
    outputs = []
    for seed in (1, 2):
        probe.state.restore()
        np.random.seed(seed)  # noqa: NPY002
        rng = np.random.default_rng(seed)
        x = probe.point["input"].copy()
        outputs.append(np.array(probe.layer.forward(x, training=probe.training, rng=rng)[0]))
    # An own generator is put back before each run, so let it run on for once.
    outputs.append(np.array(probe.layer.forward(x, training=probe.training, rng=rng)[0]))
    return not (same(outputs[0], outputs[1]) and same(outputs[1], outputs[2]))
