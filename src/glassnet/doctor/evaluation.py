"""What a layer does in evaluation: no chance, and the mean of what it does in training."""

from __future__ import annotations

import contextlib
import copy

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.equality import same
from glassnet.doctor.exceptions import words
from glassnet.doctor.findings import Finding
from glassnet.doctor.walk import Visit
from glassnet.layers import Layer

DRAWS = 40_000
"""Values of a mask that are drawn to find the fraction kept, to about 0.002."""


def watch_evaluation(visit: Visit, seed: int) -> list[Finding]:
    """Note a layer that drops in evaluation, or whose training output has another mean."""
    layer, x = copy.deepcopy(visit.layer), visit.x
    try:
        with_rng = [_run(layer, x, False, seed + i) for i in range(2)]
    except Exception as error:
        text = f"forward with training=False raised {words(error)}"
        return [Finding("input", "raises", text)]
    if not same(with_rng[0], with_rng[1]):
        text = "in evaluation the output depends on random numbers"
        return [Finding("input", "dropout-in-evaluation", text)]
    with contextlib.suppress(Exception):
        found = mask_of(layer, x, seed)
        return _hidden_mask(layer, x, seed) if found is None else _judged(*found)
    return []


def _judged(kept: float, scale: float, evaluation: float, exactness: float) -> list[Finding]:
    """Compare the mean of a mask with what evaluation multiplies by."""
    if abs(kept * scale - evaluation) <= 6 * exactness + 1e-9:
        return []
    text = (
        f"in training {kept:.2f} of the values are kept, times {scale:.3g}, in evaluation all, "
        f"times {evaluation:.3g}: their mean changes by a factor {evaluation / (kept * scale):.3g}"
    )
    return [Finding("input", "dropout-not-inverted", text)]


def _hidden_mask(layer: Layer, x: Array, seed: int) -> list[Finding]:
    """Note a mask inside a layer, of which only the mean over many masks is seen.

    With a linear part behind it, the mean of each output is k · (output in evaluation) + b with
    the same k for all of them: the fraction kept, if the mask is not scaled by its inverse.
    """
    x = x[:12]
    if same(_run(layer, x, True, seed), _run(layer, x, True, seed + 1)):
        return []
    if any(True for _ in layer.named_buffers()):
        return []
    plain = _run(layer, x, False, seed).reshape(len(x), -1)
    repeat = min(4000, 1_000_000 // max(x.size, plain.size))
    if len(x) < 4 or plain.shape[1] < 2 or repeat < 500:
        return []
    rows = np.repeat(x, 100, axis=0)
    rounds = [_run(layer, rows, True, seed + i) for i in range(repeat // 100)]
    many = np.stack(rounds).reshape(len(rounds), len(x), 100, -1)
    mean = many.mean(axis=(0, 2))
    noise = many.std(axis=(0, 2)) / np.sqrt(100 * len(rounds)) + 1e-12
    away, moved = plain - plain.mean(axis=0), mean - mean.mean(axis=0)
    total = float((away * away).sum())
    if not total > 0:
        return []
    k = float((away * moved).sum()) / total
    exactness = float(np.sqrt(np.square(away * noise).sum())) / total
    each = (away * moved).sum(axis=0) / np.maximum((away * away).sum(axis=0), 1e-300)
    spread = np.sqrt(np.square(noise) + np.square(noise).mean(axis=0))
    off = np.abs(moved - k * away) / spread
    if not (0.05 < k < 0.97 and 1 - k > 10 * exactness and off.max() < 6 and each.min() > 0):
        return []
    text = (
        f"a mask inside is not scaled: the mean output in training moves by {k:.2f} of what it "
        "does in evaluation"
    )
    return [Finding("input", "dropout-not-inverted", text)]


def mask_of(layer: Layer, x: Array, seed: int) -> tuple[float, float, float, float] | None:
    """Return (fraction kept, scale of the kept, factor in evaluation, accuracy of their product).

    None if the layer is not one that multiplies by a random mask.
    """
    repeat = max(1, DRAWS // max(x[0].size, 1))
    sample = np.random.default_rng(0).uniform(0.5, 1.5, (min(repeat, DRAWS), *x.shape[1:]))
    y = _run(layer, sample, True, seed)
    if y.shape != sample.shape:
        return None
    factors = y / sample
    scale = float(factors.max())
    kept = factors != 0
    if not scale > 0 or kept.all() or not np.allclose(factors[kept], scale, rtol=1e-5):
        return None
    if same(y, _run(layer, sample, True, seed + 1)):
        return None  # not chance: a ReLU, for instance
    evaluation = _run(layer, sample, False, seed) / sample
    if not np.allclose(evaluation, evaluation.flat[0], rtol=1e-5):
        return None
    fraction = float(kept.mean())
    # Masks may be drawn for whole rows or channels: then there are fewer draws than values.
    rows = float(kept.reshape(len(kept), -1).mean(axis=1).var())
    variance = max(rows, fraction * (1 - fraction) / kept[0].size)
    exactness = scale * float(np.sqrt(variance / len(kept)))
    return fraction, scale, float(evaluation.flat[0]), exactness


def _run(layer: Layer, x: Array, training: bool, seed: int) -> Array:
    np.random.seed(seed)  # noqa: NPY002 — for layers that use it
    rng = np.random.default_rng(seed)
    return np.array(layer.forward(x.copy(), training=training, rng=rng)[0], np.float64)
