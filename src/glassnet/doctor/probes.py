"""A part under examination: a function of named arrays, with the gradient it claims to have.

A layer, a loss, a regularizer and the whole model with its loss all become a `Probe`: `output` at
the present point, `gradients` for an upstream gradient. Everything else (numeric slopes, tolerance,
kinks, diagnosis) is the same for all of them.

A probe owns its part (a deep copy in float64) and holds it still: the same random numbers, buffers
and other state before every evaluation, so that masks and running statistics are equal.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Layer
from glassnet.parameters import Buffer, Parameter
from glassnet.regularizers import Regularizer

Gradients = dict[str, Array]
LossFunction = Callable[[Array, Array], tuple[float, Array]]


class Penalty(Protocol):
    """What a regularizer can do."""

    def penalty(self, weights: Array) -> float:
        """Return the penalty."""

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Add its gradient."""


@dataclass(frozen=True)
class Entry:
    """A direction in which one single entry moves."""

    index: int
    size: float


Direction = dict[str, "Array | Entry"]


class Probe:
    """Base of the probes.

    Attributes
    ----------
    place : str
        What a report calls the part.
    point : dict of str to ndarray
        Where it is examined: the arrays by whose entries it is differentiated, by name.
    """

    def __init__(self, place: str, point: Gradients) -> None:
        self.place = place
        self.point = point

    def output(self) -> Array:
        """Return what the part gives at the present point, a new array."""
        raise NotImplementedError

    def gradients(self, upstream: Array) -> Gradients:
        """Return what the part says is the gradient of Σ upstream · output, by name.

        A gradient that is missing or of a wrong shape is left out (see `conduct`).
        """
        raise NotImplementedError

    def place_at(self, name: str, value: Array) -> None:
        """Put other values in the place of the array `name`."""
        self.point[name] = np.array(value, np.float64)

    def curve(self, direction: Direction) -> Callable[[float], Array]:
        """Return t ↦ output at point + t · direction; `moved` must surround its use."""
        base = {name: self.point[name] for name in direction}

        def at(t: float) -> Array:
            for name, move in direction.items():
                if isinstance(move, Entry):
                    shifted = base[name].copy()
                    shifted.flat[move.index] += t * move.size
                else:
                    shifted = base[name] + t * move
                self.place_at(name, shifted)
            return self.output()

        return at

    @contextmanager
    def unmoved(self) -> Iterator[None]:
        """Put the point back afterwards."""
        before = dict(self.point)
        try:
            yield
        finally:
            for name, value in before.items():
                if self.point[name] is not value:
                    self.place_at(name, value)
                    self.point[name] = value


class LayerProbe(Probe):
    """A layer, or a model, at an input; see `Probe`.

    Parameters
    ----------
    place : str
    layer : Layer
        Used as it is: give a copy.
    x : ndarray
    names : dict of str to Parameter
        Its parameters under the names that the report uses.
    training : bool
    seed : int
        Of the generator that each forward pass gets afresh.
    """

    def __init__(
        self,
        place: str,
        layer: Layer,
        x: Array,
        names: dict[str, Parameter],
        *,
        training: bool = True,
        seed: int = 0,
    ) -> None:
        self.layer, self.training, self.seed = layer, training, seed
        self.parameters = names
        self._state = _State(layer)
        values = {name: p.value.copy() for name, p in names.items() if p.trainable}
        super().__init__(place, {"input": np.array(x, np.float64)} | values)

    def run(self, x: Array | None = None) -> tuple[Array, Any]:
        """Return output and cache, with state and random numbers as for every evaluation."""
        self._state.restore()
        np.random.seed(self.seed)  # noqa: NPY002 — for layers that use it; `check` puts it back
        rng = np.random.default_rng(self.seed)
        given = self.point["input"].copy() if x is None else x
        y, cache = self.layer.forward(given, training=self.training, rng=rng)
        return y, cache

    def output(self) -> Array:
        """Return the layer's output in float64."""
        return np.array(self.run()[0], np.float64)

    def raw_output(self) -> Array:
        """Return the layer's output with the dtype it has."""
        return np.array(self.run()[0])

    def raw_gradients(self, upstream: Array) -> dict[str, Any]:
        """Return whatever the backward pass returned and wrote, unchecked."""
        _, cache = self.run()
        for p in self.parameters.values():
            p.grad[...] = 0
        dx = self.layer.backward(upstream.copy(), cache)
        self._undo_updates()
        return {"input": dx} | {
            name: p.grad.copy() for name, p in self.parameters.items() if p.trainable
        }

    def gradients(self, upstream: Array) -> Gradients:
        """Return the gradients of input and trainable parameters."""
        found = {}
        for name, value in self.raw_gradients(upstream).items():
            array = np.asarray(value) if value is not None else np.empty(0, object)
            if array.shape == self.point[name].shape and array.dtype.kind in "fiub":
                found[name] = array.astype(np.float64)
        return found

    def place_at(self, name: str, value: Array) -> None:
        """Put other values in the place of the input or a parameter."""
        if name in self.parameters:
            self.parameters[name].value[...] = value
        self.point[name] = np.asarray(value, np.float64)

    def _undo_updates(self) -> None:
        """Put values back that a backward pass should not have changed."""
        for name, p in self.parameters.items():
            value = self.point.get(name)
            if value is not None and not np.array_equal(p.value, value):
                p.value[...] = value

    def with_input(self, x: Array) -> LayerProbe:
        """Return a probe of the same layer (not a copy) at another input."""
        return LayerProbe(
            self.place, self.layer, x, self.parameters, training=self.training, seed=self.seed
        )


class LossProbe(Probe):
    """A loss as a function of the model's output, with the target held still."""

    def __init__(self, place: str, loss: LossFunction, output: Array, target: Array) -> None:
        super().__init__(place, {"output": np.array(output, np.float64)})
        self.loss, self.target = loss, target

    def output(self) -> Array:
        """Return the value, shape (1,)."""
        value = self.loss(self.point["output"].copy(), self.target.copy())[0]
        return np.array([float(value)])

    def gradients(self, upstream: Array) -> Gradients:
        """Return the gradient by the output."""
        gradient = self.loss(self.point["output"].copy(), self.target.copy())[1]
        array = np.asarray(gradient)
        if array.shape != self.point["output"].shape or array.dtype.kind not in "fiub":
            return {}
        return {"output": array.astype(np.float64) * float(upstream[0])}

    def sized(self, samples: int, rng: np.random.Generator) -> LossProbe:
        """Return a probe of the same loss for another number of samples."""
        output = resized(self.point["output"], samples)
        output = output + 0.1 * spread(output) * rng.standard_normal(output.shape)
        return LossProbe(self.place, self.loss, output, resized(self.target, samples))


class RegularizerProbe(Probe):
    """A regularizer as a function of the vector of weights."""

    def __init__(self, place: str, regularizer: Regularizer | Penalty, weights: Array) -> None:
        super().__init__(place, {"weights": np.array(weights, np.float64)})
        self.regularizer = regularizer

    def output(self) -> Array:
        """Return the penalty, shape (1,)."""
        return np.array([float(self.regularizer.penalty(self.point["weights"].copy()))])

    def gradients(self, upstream: Array) -> Gradients:
        """Return what is added to a gradient of zeros."""
        grad = np.zeros_like(self.point["weights"])
        self.regularizer.add_gradient(self.point["weights"].copy(), grad)
        return {"weights": grad * float(upstream[0])}


class WholeProbe(LayerProbe):
    """Model, loss and penalties together: what training sees."""

    def __init__(
        self,
        model: Layer,
        x: Array,
        target: Array,
        loss: LossFunction,
        regularizers: Sequence[Regularizer | Penalty],
        *,
        training: bool,
        seed: int,
    ) -> None:
        names = dict(model.named_parameters())
        super().__init__("whole model", model, x, names, training=training, seed=seed)
        self.target, self.loss, self.regularizers = target, loss, tuple(regularizers)

    def output(self) -> Array:
        """Return loss plus penalties, shape (1,)."""
        value = float(self.loss(np.array(self.run()[0], np.float64), self.target.copy())[0])
        weights = self._decayed()
        return np.array([value + sum(r.penalty(weights) for r in self.regularizers)])

    def raw_gradients(self, upstream: Array) -> dict[str, Any]:
        """Return the gradients as training computes them: loss, backward, regularizers."""
        y, cache = self.run()
        dy = np.array(self.loss(np.array(y, np.float64), self.target.copy())[1], np.float64)
        for p in self.parameters.values():
            p.grad[...] = 0
        found: dict[str, Any] = {"input": self.layer.backward(dy, cache)}
        self._undo_updates()
        found |= {name: p.grad.copy() for name, p in self.parameters.items() if p.trainable}
        weights = self._decayed()
        added = np.zeros_like(weights)
        for regularizer in self.regularizers:
            regularizer.add_gradient(weights, added)
        start = 0
        for name, p in self.parameters.items():
            if p.trainable and p.decay:
                found[name] += added[start : start + p.size].reshape(p.shape)
                start += p.size
        return found

    def _decayed(self) -> Array:
        parts = [p.value.ravel() for p in self.parameters.values() if p.trainable and p.decay]
        return np.concatenate([np.zeros(0), *parts])


class _State:
    """What a layer keeps besides its parameters, to be put back before every evaluation."""

    def __init__(self, layer: Layer) -> None:
        self._layers = [layer, *(inner for _, inner in descendants(layer))]
        self._kept = [
            {n: _frozen_copy(v) for n, v in vars(inner).items() if not _is_structure(v)}
            for inner in self._layers
        ]

    def restore(self) -> None:
        for layer, kept in zip(self._layers, self._kept, strict=True):
            for name, value in kept.items():
                if isinstance(value, Buffer):
                    vars(layer)[name].value[...] = value.value
                else:
                    vars(layer)[name] = _frozen_copy(value)


def _is_structure(value: Any) -> bool:
    return isinstance(value, (Parameter, Layer, list, tuple, dict)) or callable(value)


def _frozen_copy(value: Any) -> Any:
    stateful = (np.ndarray, Buffer, np.random.Generator, np.random.RandomState)
    return copy.deepcopy(value) if isinstance(value, stateful) else value


def descendants(layer: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield every layer inside a layer with its dotted name."""
    for name, child in layer.children():
        yield prefix + name, child
        yield from descendants(child, f"{prefix}{name}.")


def spread(array: Array) -> float:
    """Return the size of the entries of an array: their root mean square, 1 if they are all 0."""
    return float(np.sqrt(np.mean(np.square(array)))) or 1.0 if array.size else 1.0


def resized(array: Array, samples: int) -> Array:
    """Return the first samples, repeated from the start where there are too few."""
    return array[np.arange(samples) % len(array)]
