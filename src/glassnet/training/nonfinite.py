"""Where a number first stopped being one: the failed step, gone through again layer by layer.

An ordinary step looks at two numbers only, the loss and the gradient's norm. When one of them is
not finite, the step is repeated here with a look at everything: the forward pass layer by layer
(dropout with the masks that it had drawn), the backward pass with the caches that the step left.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import TrainingError
from glassnet.layers import Dropout, Layer, Residual, Sequential
from glassnet.regularizers import Regularizer
from glassnet.store import ParameterStore

Phase = Literal["data", "forward", "loss", "backward", "penalty", "update"]


class FailedStep(NamedTuple):
    """All that a step had when its loss or gradient turned out not to be finite."""

    x: Array
    y: Array
    output: Array
    cache: Any
    value: float
    dy: Array


class Fault(NamedTuple):
    """Where it happened: in which phase, in which layer ("" for none), and both in words."""

    phase: Phase
    layer: str
    words: str


class NotFiniteError(TrainingError):
    """Loss or gradient are no longer finite.

    Attributes
    ----------
    fault : Fault
    step : int
        The step in which it happened; of an update the one that made it, which shows in the next.
    """

    def __init__(self, message: str, fault: Fault, step: int) -> None:
        super().__init__(message)
        self.fault, self.step = fault, step


class Visit(NamedTuple):
    """An elementary layer in the repeated forward pass; its cache is that of the failed step."""

    name: str
    layer: Layer
    input: Array
    output: Array
    cache: Any


def locate(
    model: Layer,
    failed: FailedStep,
    store: ParameterStore,
    regularizers: Sequence[Regularizer],
    rng: np.random.Generator,
) -> Fault:
    """Return where the first number that is not finite appeared.

    Gradients and running statistics are those of the repeated passes afterwards.
    """
    wrong = [name for name, p in store.parameters.items() if not _finite(p.grad)]
    visits: list[Visit] = []
    return (
        spoilt_weights(model)
        or _before(failed)
        or _in_forward(model, failed, rng, visits)
        or _in_loss(failed)
        or _in_backward(model, failed, store, regularizers)
        or _in_gradients(model, store, wrong, visits)
    )


def spoilt_weights(model: Layer) -> Fault | None:
    """Look at the weights: those that are not finite an update has made so."""
    for name, p in model.named_parameters():
        if not _finite(p.value):
            layer = name.rpartition(".")[0]
            return Fault("update", layer, f"the update before it spoilt {_of(model, layer, name)}")
    return None


def _before(failed: FailedStep) -> Fault | None:
    """Look at what the step was given."""
    for what, array in (("samples", failed.x), ("targets", failed.y)):
        if not _finite(array):
            return Fault("data", "", f"the {what} of its batch hold NaN or infinity")
    return None


def _in_forward(
    model: Layer, failed: FailedStep, rng: np.random.Generator, visits: list[Visit]
) -> Fault | None:
    """Go through the forward pass again, filling `visits`."""
    visits.extend(_visits(model, "", failed.x, failed.cache, copy.deepcopy(rng)))
    for visit in visits:
        if not _finite(visit.output):
            return _fault("forward", visit)
    if not _finite(failed.output) or any(not _finite(visit.cache) for visit in visits):
        return _fault("forward", _by_caches(visits))
    return None


def _in_loss(failed: FailedStep) -> Fault | None:
    if not math.isfinite(failed.value):
        return Fault("loss", "", "it appears in the loss, of outputs that are finite")
    if not _finite(failed.dy):
        return Fault("loss", "", "it appears in the gradient that the loss returns")
    return None


def _in_backward(
    model: Layer, failed: FailedStep, store: ParameterStore, regularizers: Sequence[Regularizer]
) -> Fault | None:
    """Go through the backward pass and the penalties again."""
    _, place = _backward(model, "", failed.dy, failed.cache)
    if place is not None:
        return Fault("backward", place, f"it appears in the backward pass of {_of(model, place)}")
    for regularizer in regularizers:
        regularizer.add_gradient(store.value[store.decayed], store.grad[store.decayed])
        if not _finite(store.grad):
            kind = type(regularizer).__name__
            return Fault("penalty", "", f"it appears in the gradient of the regulariser {kind}")
    return None


def _in_gradients(
    model: Layer, store: ParameterStore, wrong: Sequence[str], visits: Sequence[Visit]
) -> Fault:
    """Judge by the gradients that the failed step left, as repeating it went well."""
    if wrong:
        return _fault("backward", _by_gradients(visits, wrong))
    sizes = {name: float(np.abs(p.grad).max()) for name, p in store.parameters.items() if p.size}
    largest = max(sizes, key=sizes.__getitem__)
    layer = largest.rpartition(".")[0]
    what = f"the largest gradient, up to {sizes[largest]:.1e}, is that of"
    return Fault("backward", layer, f"{what} {_of(model, layer, largest)}")


def not_finite(
    what: str, fault: Fault, step: int, epoch: int, lr: float, kept: str
) -> NotFiniteError:
    """Return the error of a step after which something is not finite, with what to try."""
    verb = "are" if what.endswith("s") and what != "loss" else "is"
    cure = "a smaller learning rate, clip_norm, or data scaled to about 0 to 1"
    if fault.phase == "data":
        cure = "the data, and an augmentation if there is one, without such numbers"
    return NotFiniteError(
        f"the {what} {verb} no longer finite at step {step} (epoch {epoch}, learning rate {lr:g}), "
        f"and {fault.words}; the weights are {kept}; try {cure}",
        fault,
        step - 1 if fault.phase == "update" else step,
    )


def _visits(
    layer: Layer, name: str, x: Array, cache: Any, rng: np.random.Generator
) -> Iterator[Visit]:
    """Go through the forward pass again, elementary layer by layer."""
    if isinstance(layer, Sequential):
        y = x
        for (child, part), part_cache in zip(layer.children(), cache, strict=True):
            visit = None
            for visit in _visits(part, _join(name, child), y, part_cache, rng):
                yield visit
            y = y if visit is None else visit.output
    elif isinstance(layer, Residual):
        ends = [x, x]
        for i, child in enumerate(("body", "shortcut")):
            part = getattr(layer, child)
            if part is not None:
                for visit in _visits(part, _join(name, child), x, getattr(cache, child), rng):
                    ends[i] = visit.output
                    yield visit
        yield Visit(name, layer, x, ends[0] + ends[1], None)
    elif isinstance(layer, Dropout):
        yield Visit(name, layer, x, x if cache is None else x * cache, cache)
    else:
        yield Visit(name, layer, x, layer.forward(x, training=True, rng=rng)[0], cache)


def _backward(layer: Layer, name: str, dy: Array, cache: Any) -> tuple[Array, str | None]:
    """Go through the backward pass again; return the gradient, and the layer at fault if any."""
    if isinstance(layer, Sequential):
        for (child, part), part_cache in reversed(list(zip(layer.children(), cache, strict=True))):
            dy, place = _backward(part, _join(name, child), dy, part_cache)
            if place is not None:
                return dy, place
        return dy, None
    if isinstance(layer, Residual):
        dx, place = _backward(layer.body, _join(name, "body"), dy, cache.body)
        direct = dy
        if place is None and layer.shortcut is not None:
            shortcut = _join(name, "shortcut")
            direct, place = _backward(layer.shortcut, shortcut, dy, cache.shortcut)
        if place is not None:
            return dx, place
        dx = dx + direct
    else:
        dx = layer.backward(dy, cache)
    whole = _finite(dx) and all(_finite(p.grad) for _, p in layer.named_parameters())
    return dx, None if whole else name


def _by_caches(visits: Sequence[Visit]) -> Visit:
    """Return what the failed step's caches tell, where repeating it went well.

    So it is with a layer that fails at some calls only. It stands behind the last layer whose cache
    shows what it should, and not behind the first whose cache is spoilt.
    """
    spoilt = next((i for i, visit in enumerate(visits) if not _finite(visit.cache)), len(visits))
    first = 0
    for i, visit in enumerate(visits[:spoilt]):
        if _holds(visit.cache, visit.input):
            first = i
        if _holds(visit.cache, visit.output):
            first = min(i + 1, len(visits) - 1)
    if spoilt == len(visits):
        return _likeliest(visits[first:])
    wrong = [array for array in _floats(visits[spoilt].cache) if not _finite(array)]
    came = spoilt > first and any(array.shape == visits[spoilt].input.shape for array in wrong)
    if came or not _is_own(visits[spoilt].layer):
        own = [visit for visit in visits[first:spoilt] if _is_own(visit.layer)]
        return own[-1] if own else visits[spoilt - 1 if came else spoilt]
    return visits[spoilt]


def _holds(cache: Any, array: Array) -> bool:
    """Whether a cache holds this very content."""
    return any(np.array_equal(held, array) for held in _floats(cache))


def _by_gradients(visits: Sequence[Visit], wrong: Iterable[str]) -> Visit:
    """Return what the failed step's gradients tell, where repeating it went well."""
    layers = {name.rpartition(".")[0] for name in wrong}
    last = max(i for i, visit in enumerate(visits) if visit.name in layers)
    after = last + 1
    while after < len(visits) and not _has_parameters(visits[after].layer):
        after += 1
    return _likeliest(visits[last:after])


def _has_parameters(layer: Layer) -> bool:
    """Whether a layer has some itself; what is inside a Residual has been visited."""
    if isinstance(layer, Residual):
        return False
    return next(layer.named_parameters(), None) is not None


def _likeliest(visits: Sequence[Visit]) -> Visit:
    """Return the one whose layer is of the user's own making, else the last."""
    return ([visit for visit in visits if _is_own(visit.layer)] or list(visits))[-1]


def _is_own(layer: Layer) -> bool:
    """Whether a layer is of the user's own making."""
    return not type(layer).__module__.startswith("glassnet.")


def _fault(phase: Phase, visit: Visit) -> Fault:
    layer = f"layer {visit.name or '0'}, {type(visit.layer).__name__}"
    return Fault(phase, visit.name, f"it appears in the {phase} pass of {layer}")


def _of(model: Layer, name: str, parameter: str = "") -> str:
    """Name a layer, or its parameter, with the kind of the layer."""
    layer: Any = model
    for part in filter(None, name.split(".")):
        layer = dict(layer.children())[part]
    kind = f"layer {name or '0'}, {type(layer).__name__}"
    return f"{parameter} (of {kind})" if parameter else kind


def _join(name: str, child: str) -> str:
    return f"{name}.{child}" if name else child


def _arrays(value: Any) -> Iterator[Array]:
    """Yield the arrays in a cache: an array, or tuples and lists of such."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _arrays(item)


def _floats(value: Any) -> Iterator[Array]:
    return (array for array in _arrays(value) if np.issubdtype(array.dtype, np.floating))


def _finite(value: Any) -> bool:
    """Whether all numbers in an array, or a cache, are finite."""
    return all(bool(np.isfinite(array).all()) for array in _floats(value))
