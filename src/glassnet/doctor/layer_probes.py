"""Layers, and whole models, as functions whose gradients can be examined."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.probes import Gradients, LossFunction, Penalty, Probe, descendants
from glassnet.layers import Layer
from glassnet.parameters import Buffer, Parameter
from glassnet.regularizers import Regularizer


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
        self.limits: tuple[float, float] | None = None
        self._frozen = {name: p.value.copy() for name, p in names.items() if not p.trainable}
        self.state = State(layer)
        values = {name: p.value.copy() for name, p in names.items() if p.trainable}
        super().__init__(place, {"input": np.array(x, np.float64)} | values)

    def run(self, x: Array | None = None) -> tuple[Array, Any]:
        """Return output and cache, with state and random numbers as for every evaluation."""
        self.state.restore()
        np.random.seed(self.seed)  # noqa: NPY002 — for layers that use it; `check` puts it back
        rng = np.random.default_rng(self.seed)
        given = self.allowed(self.point["input"].copy()) if x is None else x
        y, cache = self.layer.forward(given, training=self.training, rng=rng)
        return y, cache

    def hold_indices(self) -> None:
        """Keep the input within its limits if it is whole numbers that only choose something."""
        x = self.point["input"]
        if not x.size or np.ptp(x) == 0 or not np.array_equal(x, np.rint(x)):
            return
        near = x + np.random.default_rng(0).uniform(0.05, 0.45, x.shape)
        with contextlib.suppress(Exception):
            if np.array_equal(self.run(near)[0], self.run(x.copy())[0]):
                self.limits = float(x.min()), float(x.max())

    def allowed(self, x: Array) -> Array:
        """Return an input that the layer can take: of indices, no other than it has seen."""
        return x if self.limits is None else np.clip(x, *self.limits)

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
        self.undo_updates()
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

    def gradient_with(self, name: str, weight: Array, upstream: Array, of: str = "input") -> Array:
        """Return a gradient, if backward, but not forward, finds another weight."""
        _, cache = self.run()
        p = self.parameters[name]
        before = p._value  # the other may be of another shape, which assigning would refuse
        p._value = weight
        try:
            dx = np.asarray(self.layer.backward(upstream.copy(), cache), np.float64)
            return dx if of == "input" else self.parameters[of].grad.copy()
        finally:
            p._value = before
            self.undo_updates()

    def place_at(self, name: str, value: Array) -> None:
        """Put other values in the place of the input or a parameter."""
        if name in self.parameters:
            self.parameters[name].value[...] = value
        self.point[name] = np.asarray(value, np.float64)

    def undo_updates(self) -> None:
        """Put values back that a backward pass should not have changed."""
        for name, p in self.parameters.items():
            value = self._frozen[name] if name in self._frozen else self.point[name]
            if not np.array_equal(p.value, value):
                p.value[...] = value

    def with_input(self, x: Array) -> LayerProbe:
        """Return a probe of the same layer (not a copy) at another input."""
        probe = LayerProbe(
            self.place, self.layer, x, self.parameters, training=self.training, seed=self.seed
        )
        probe.limits = self.limits
        return probe


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
        self.undo_updates()
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


class State:
    """What a layer keeps besides its parameters, to be put back before every evaluation."""

    def __init__(self, layer: Layer) -> None:
        self._layers = [layer, *(inner for _, inner in descendants(layer))]
        self._kept = [
            {n: _frozen_copy(v) for n, v in vars(inner).items() if not _is_structure(v)}
            for inner in self._layers
        ]

    def restore(self) -> None:
        """Put everything back."""
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
