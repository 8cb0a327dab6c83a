"""Where a number first stopped being one: the failed step, gone through again layer by layer.

An ordinary step looks at two numbers only, the loss and the gradient's norm. When one of them is
not finite, the step is repeated here with a look at everything: the forward pass layer by layer
(dropout with the masks that it had drawn), the backward pass with the caches that the step left.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import TrainingError
from glassnet.layers import Layer
from glassnet.regularizers import Regularizer
from glassnet.store import ParameterStore
from glassnet.training.replay import Visit, backward_again, finite, forward_again
from glassnet.training.traces import by_caches, by_gradients

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
    wrong = [name for name, p in store.parameters.items() if not finite(p.grad)]
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
        if not finite(p.value):
            layer = name.rpartition(".")[0]
            return Fault("update", layer, f"the update before it spoilt {_of(model, layer, name)}")
    return None


def _before(failed: FailedStep) -> Fault | None:
    """Look at what the step was given."""
    for what, array in (("samples", failed.x), ("targets", failed.y)):
        if not finite(array):
            return Fault("data", "", f"the {what} of its batch hold NaN or infinity")
    return None


def _in_forward(
    model: Layer, failed: FailedStep, rng: np.random.Generator, visits: list[Visit]
) -> Fault | None:
    """Go through the forward pass again, filling `visits`."""
    visits.extend(forward_again(model, "", failed.x, failed.cache, copy.deepcopy(rng)))
    for visit in visits:
        if not finite(visit.output):
            return _fault("forward", visit)
    if not finite(failed.output) or any(not finite(visit.cache) for visit in visits):
        return _fault("forward", by_caches(visits))
    return None


def _in_loss(failed: FailedStep) -> Fault | None:
    if not math.isfinite(failed.value):
        return Fault("loss", "", "it appears in the loss, of outputs that are finite")
    if not finite(failed.dy):
        return Fault("loss", "", "it appears in the gradient that the loss returns")
    return None


def _in_backward(
    model: Layer, failed: FailedStep, store: ParameterStore, regularizers: Sequence[Regularizer]
) -> Fault | None:
    """Go through the backward pass and the penalties again."""
    _, place = backward_again(model, "", failed.dy, failed.cache)
    if place is not None:
        return Fault("backward", place, f"it appears in the backward pass of {_of(model, place)}")
    for regularizer in regularizers:
        regularizer.add_gradient(store.value[store.decayed], store.grad[store.decayed])
        if not finite(store.grad):
            kind = type(regularizer).__name__
            return Fault("penalty", "", f"it appears in the gradient of the regulariser {kind}")
    return None


def _in_gradients(
    model: Layer, store: ParameterStore, wrong: Sequence[str], visits: Sequence[Visit]
) -> Fault:
    """Judge by the gradients that the failed step left, as repeating it went well."""
    if wrong:
        return _fault("backward", by_gradients(visits, wrong))
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
