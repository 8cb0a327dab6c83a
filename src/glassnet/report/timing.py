"""How long each layer takes, forward and backward."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Layer
from glassnet.training import chain

SECONDS = 0.5
"""After so long no further batch is begun."""

BATCHES = 15


@dataclass(frozen=True)
class LayerTime:
    """What one layer costs for a batch.

    Attributes
    ----------
    name, kind, shape : str
        The layer, and the shape of its output for one sample.
    parameters : int
    forward, backward : float
        Seconds; the median over the batches.
    """

    name: str
    kind: str
    shape: str
    parameters: int
    forward: float
    backward: float


@np.errstate(all="ignore")  # weights that have diverged take their time too
def time_layers(model: Layer, x: Array) -> list[LayerTime]:
    """Measure every layer of the chain on a batch, in training mode, time and again.

    Of the first layer that is trained only the gradients of the parameters are computed, as in
    training; those before it go forward only.

    Parameters
    ----------
    model : Layer
        Its gradients are overwritten, nothing else.
    x : ndarray, shape (N, ...)

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.ReLU(), gn.Linear(3, 1)).initialize(seed=0)
    >>> [(t.name, t.kind, t.shape, t.parameters) for t in time_layers(model, np.ones((16, 2)))]
    [('0', 'Linear', '3', 9), ('1', 'ReLU', '3', 0), ('2', 'Linear', '1', 4)]
    """
    layers = list(chain(model))
    rng = np.random.default_rng(0)
    buffers = {name: value.copy() for name, value in model.state_dict().items()}
    forward: list[list[float]] = [[] for _ in layers]
    backward: list[list[float]] = [[] for _ in layers]
    shapes: list[str] = []
    begun = time.perf_counter()
    for batch in range(BATCHES + 1):
        y: Array = x
        caches = []
        for i, (_, layer) in enumerate(layers):
            (y, cache), seconds = _timed(layer.forward, y, training=True, rng=rng)
            caches.append(cache)
            forward[i].append(seconds)
        _backward(layers, caches, np.ones_like(y) / y.size, backward)
        if batch == 0:  # the first one warms everything up
            shapes = _shapes(layers, x)
            for times in (*forward, *backward):
                times.clear()
        elif time.perf_counter() - begun > SECONDS:
            break
    model.load_state_dict(buffers)  # running statistics have seen it too often
    return [
        LayerTime(
            name,
            type(layer).__name__,
            shape,
            sum(p.size for _, p in layer.named_parameters()),
            median(ahead),
            median(back) if back else 0.0,
        )
        for (name, layer), shape, ahead, back in zip(layers, shapes, forward, backward, strict=True)
    ]


def _backward(
    layers: list[tuple[str, Layer]], caches: list[Any], dy: Array, times: list[list[float]]
) -> None:
    trained = [i for i, (_, layer) in enumerate(layers) if layer.is_trainable]
    for i in range(len(layers) - 1, min(trained, default=len(layers)) - 1, -1):
        layer = layers[i][1]
        if i == trained[0]:
            _, seconds = _timed(layer.backward_parameters, dy, caches[i])
        else:
            dy, seconds = _timed(layer.backward, dy, caches[i])
        times[i].append(seconds)


def _shapes(layers: list[tuple[str, Layer]], x: Array) -> list[str]:
    shapes = []
    y = x[:2]
    for _, layer in layers:
        y = layer.infer(y)
        shapes.append("×".join(map(str, y.shape[1:])))
    return shapes


def _timed(function: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    result = function(*arguments, **options)
    return result, time.perf_counter() - started
