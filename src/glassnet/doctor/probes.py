"""A part under examination: a function of named arrays, with the gradient it claims to have.

A layer, a loss, a regularizer and the whole model with its loss all become a `Probe`: `output` at
the present point, `gradients` for an upstream gradient. Everything else (numeric slopes, tolerance,
kinks, diagnosis) is the same for all of them.

A probe owns its part (a deep copy in float64) and holds it still: the same random numbers, buffers
and other state before every evaluation, so that masks and running statistics are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Layer
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
