"""Going through a model once, noting what every layer inside is given.

The forward methods of a private copy are wrapped for one pass, so it works for any container that
calls its layers' `forward`, also the user's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.probes import descendants
from glassnet.layers import Layer


@dataclass
class Visit:
    """One layer of the model and the input it was given."""

    name: str
    layer: Layer
    x: Array
    calls: int = 1

    @property
    def is_container(self) -> bool:
        """Whether there are layers inside."""
        return next(self.layer.children(), None) is not None

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with."""
        return f"{self.name}." if self.name else ""

    @property
    def place(self) -> str:
        """Number and layer, as the report says it."""
        text = type(self.layer).__name__ if self.is_container else repr(self.layer)
        return f"{self.name} {text}".strip()


@dataclass
class Walk:
    """All visits in order of the calls, the model's output, and what stopped it, if anything."""

    visits: dict[str, Visit] = field(default_factory=dict)
    output: Array | None = None
    stopped_at: str | None = None
    error: Exception | None = None


def walk(model: Layer, x: Array, *, training: bool, seed: int) -> Walk:
    """Run the model forward once and return what every layer in it was given."""
    result = Walk()
    layers = {"": model, **dict(descendants(model))}
    try:
        for name, layer in layers.items():
            vars(layer)["forward"] = _noting(name, layer, result)
        np.random.seed(seed)  # noqa: NPY002 — for layers that use it; `check` puts it back
        y, _ = model.forward(x.copy(), training=training, rng=np.random.default_rng(seed))
        result.output = np.array(y)
    except Exception as error:
        result.error = error
    finally:
        for layer in layers.values():
            vars(layer).pop("forward", None)
    return result


def _noting(name: str, layer: Layer, result: Walk) -> Any:
    forward = layer.forward

    def noted(x: Array, **kwargs: Any) -> Any:
        if name in result.visits:
            result.visits[name].calls += 1
        else:
            result.visits[name] = Visit(name, layer, np.array(x, np.float64))
        try:
            return forward(x, **kwargs)
        except Exception:  # noted where it stopped, and raised on
            result.stopped_at = result.stopped_at or name
            raise

    return noted
