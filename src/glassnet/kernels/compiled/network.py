"""A whole dense network in one call: its outputs, and steps of its training (Numba)."""

from functools import cache, partial
from typing import Any

import numpy as np

from glassnet import threads
from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.codes import RULES
from glassnet.kernels.compiled._loops import MANY

__all__ = ["dense_network_forward", "dense_network_steps"]

ADAM = RULES.index("adam")
SHARED = 1 << 18
"""Multiply-adds of a batch from which threads share it; below, one that never stops is faster."""
_TINY = np.finfo(np.float32).tiny


def dense_network_forward(x: Array, layers: Array, slopes: Array, value: Array) -> Array:
    """Return the network's outputs."""
    if x.dtype != np.float32 or value.dtype != x.dtype or not _are_plain((value,)):
        return vectorised.dense_network_forward(x, layers, slopes, value)
    samples, inputs = x.shape
    if inputs != layers.item(0, 0):
        raise ValueError(f"samples of {inputs} values do not fit a network of {layers.item(0, 0)}")
    read = (x, layers, slopes)
    if not _are_plain(read):  # for Numba an array that may not be written is of another type
        x, layers, slopes = (v.copy("C") for v in read)
    output = np.empty((samples, layers.item(-1, 1)), x.dtype)
    loops = _outputs()
    loop = loops.outputs_of_few if samples < MANY else loops.outputs_of_many
    loop(samples * value.size, x, layers, slopes, value, threads.threads(), output)
    return output


def dense_network_steps(
    x: Array,
    labels: Array,
    rows: Array,
    low: float,
    high: float,
    batch: int,
    layers: Array,
    slopes: Array,
    loss: int,
    value: Array,
    grad: Array,
    decayed: int,
    l1: float,
    l2: float,
    clip_norm: float,
    weight_decay: float,
    rule: int,
    settings: Array,
    first: Array,
    second: Array,
    taken: int,
    rates: Array,
    output: Array,
    figures: Array,
) -> int:
    """Take a step on each batch in turn; return how many were taken."""
    written = value, grad, first, second, output, figures
    read = x, labels, rows, layers, slopes, settings, rates
    if x.dtype != np.float32 or value.dtype != x.dtype or not _are_plain(written):
        return vectorised.dense_network_steps(
            x, labels, rows, low, high, batch, layers, slopes, loss, value, grad, decayed, l1, l2,
            clip_norm, weight_decay, rule, settings, first, second, taken, rates, output, figures,
        )  # fmt: skip
    samples, inputs = x.shape
    if (
        inputs != layers.item(0, 0)
        or output.shape != (samples, layers.item(-1, 1))
        or (rows.shape != output.shape if len(rows) else labels.shape != (samples,))
        or rates.shape != (-(-samples // batch),)
    ):
        given = x.shape, output.shape, rows.shape if len(rows) else labels.shape, rates.shape
        raise ValueError(f"samples, outputs, targets and rates of shapes {given} do not fit")
    if len(first if rule else value) != len(value) or len(second) < (rule == ADAM) * len(value):
        raise ValueError(f"{RULES[rule]} remembers as many numbers as there are parameters")
    # For Numba an array that may not be written is of another type, as is an integer in place of
    # a float, and each type is compiled for anew.
    low, high, l1, l2 = float(low), float(high), float(l1), float(l2)
    clip_norm, weight_decay = float(clip_norm), float(weight_decay)
    if not _are_plain(read):
        x, labels, rows, layers, slopes, settings, rates = (v.copy("C") for v in read)
    loop, operations = _loops().network_steps.serial, batch * value.size
    if operations >= SHARED:
        loop = partial(_loops().shared_steps, operations)
    done: int = loop(
        x, labels, rows, low, high, batch, layers, slopes, loss, value, grad, decayed, l1, l2,
        clip_norm, weight_decay, rule, settings, first, second, taken, rates, output, figures,
        _TINY, threads.threads(),
    )  # fmt: skip
    return done


def _are_plain(arrays: tuple[Array, ...]) -> bool:
    """Whether all lie in C order and may be written."""
    for array in arrays:  # noqa: SIM110 — all() takes twice as long
        if not array.flags.carray:
            return False
    return True


@cache
def _outputs() -> Any:
    from glassnet.kernels.compiled import _outputs

    return _outputs


@cache
def _loops() -> Any:
    from glassnet.kernels.compiled import _network

    return _network
