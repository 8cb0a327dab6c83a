"""Training steps of a whole dense network, in one call (Numba)."""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import flat, require

__all__ = ["dense_network_steps"]

_TINY = np.finfo(np.float32).tiny


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
    written = (value, grad, first, second, output)
    if x.dtype != np.float32 or not all(v.dtype == x.dtype and v.flags.carray for v in written):
        return vectorised.dense_network_steps(
            x, labels, rows, low, high, batch, layers, slopes, loss, value, grad, decayed, l1, l2,
            clip_norm, weight_decay, rule, settings, first, second, taken, rates, output, figures,
        )  # fmt: skip
    from glassnet.kernels.compiled._network import network_steps

    samples = len(x)
    require(x.shape, (samples, int(layers[0, 0])), "samples")
    require(output.shape, (samples, int(layers[-1, 1])), "outputs")
    require(rates.shape, (-(-samples // batch),), "rates")
    if len(rows):
        require(rows.shape, output.shape, "rows")
    else:
        require(labels.shape, (samples,), "labels")
    layers = layers if layers.flags.carray else layers.copy()
    units = int(layers[0, 0] + 3 * layers[:, 1].sum() + 2 * layers[-1, 1])
    room = np.empty(units * min(batch, samples), np.float32)
    noted = np.zeros((len(rates), 3))
    network_steps.serial(
        flat(x), flat(labels), flat(rows), low, high, batch, layers, flat(slopes), loss, value,
        grad, decayed, l1, l2, clip_norm, weight_decay, rule, flat(settings), first, second, taken,
        flat(rates), output.reshape(-1), noted, room, _TINY,
    )  # fmt: skip
    figures[...] = noted[:, :2]
    return int(noted[:, 2].sum())
