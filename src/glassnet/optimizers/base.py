"""What every optimizer is: hyperparameters, named state, a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from glassnet.arrays import Array, misfits
from glassnet.errors import CheckpointError, ConfigError, ShapeError

BELOW_ONE = ("momentum", "beta1", "beta2", "decay")
"""The hyperparameters that are a part of what is kept from step to step."""

MOST_STEPS = 10**15
"""What no training reaches; a file that says more is damaged."""


@dataclass
class Optimizer:
    """Base of all optimizers.

    Parameters
    ----------
    lr : float
        Learning rate, unless `step` is given one.
    weight_decay : float
        λ of the decoupled decay, on weights only.

    Attributes
    ----------
    state : dict of str to ndarray, shape (P,)
        Named vectors, all zero before the first step.
    steps : int
        Steps taken.
    """

    slots: ClassVar[tuple[str, ...]] = ()

    lr: float
    weight_decay: float = field(default=0.0, kw_only=True)
    state: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    steps: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("lr", "weight_decay", "eps", "dampening", *BELOW_ONE):
            if not hasattr(self, name):
                continue
            value = getattr(self, name)
            limit, allowed = (1, "in [0, 1)") if name in BELOW_ONE else (np.inf, "of at least 0")
            if (
                isinstance(value, bool)
                or not isinstance(value, Real)
                or not 0 <= float(value) < limit
            ):
                raise ConfigError(
                    f"{type(self).__name__}: {name} must be a number {allowed}, not {value!r}"
                )
            setattr(self, name, float(value))  # a NumPy scalar would make float32 vectors float64

    def step(
        self,
        value: Array,
        grad: Array,
        lr: float | None = None,
        *,
        decayed: slice = slice(None),
        parts: Sequence[tuple[slice, float]] = (),
    ) -> None:
        """Change `value` by one step, in place.

        Parameters
        ----------
        value, grad : ndarray, shape (P,)
            The flat vectors of a `ParameterStore`.
        lr : float, optional
            The learning rate of this step; by default the optimizer's own.
        decayed : slice
            The part on which weight decay acts.
        parts : sequence of (slice, float), optional
            Stretches with learning rates of their own, as factors of `lr`; together they are the
            whole, and each lies inside `decayed` or outside it.
        """
        if self.steps == 0 and not self.state:
            self.reset(value)
        for vector in self.state.values():
            if vector.shape == value.shape:
                continue
            raise ShapeError(
                f"{type(self).__name__} has been used on {len(next(iter(self.state.values())))} "
                f"parameters and now gets {value.size}; use a new optimizer, or call reset"
            )
        rate = float(self.lr if lr is None else lr)
        self.steps += 1
        if parts:
            self._step_in_parts(value, grad, rate, decayed, parts)
            return
        if self.weight_decay:
            value[decayed] *= 1 - rate * self.weight_decay
        self.update(value, grad, rate)

    def reset(self, value: Array) -> None:
        """Forget all steps: zero vectors of the length and dtype of `value`."""
        self.state = {name: np.zeros_like(value) for name in self.slots}
        self.steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on: steps, hyperparameters, copies of the vectors.

        The vectors are as flat as the `ParameterStore` that they belong to; `load_state_dict` takes
        them back.

        Examples
        --------
        >>> sgd = gn.SGD(lr=0.5, momentum=0.9)
        >>> sgd.step(np.ones(2), np.ones(2))
        >>> sgd.state_dict()["steps"], sgd.state_dict()["vectors"]
        (1, {'velocity': array([1., 1.])})
        """
        settings = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        return {
            "kind": type(self).__name__,
            "settings": settings,
            "steps": self.steps,
            "vectors": {name: vector.copy() for name, vector in self.state.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises
        ------
        CheckpointError
            If it is that of another kind of optimizer, or has other hyperparameters or vectors;
            nothing has been changed then.
        """
        kind, settings, vectors = state["kind"], dict(state["settings"]), dict(state["vectors"])
        known = {item.name for item in fields(self) if item.init}
        if kind != type(self).__name__ or settings.keys() != known:
            raise CheckpointError(
                f"the state is that of {kind} ({', '.join(settings)}), not of "
                f"{type(self).__name__} ({', '.join(sorted(known))})"
            )
        twin = type(self)(**settings)
        twin.reset(next(iter(vectors.values()), np.zeros(0, np.float32)))
        steps = int(state["steps"])
        if not 0 <= steps <= MOST_STEPS:
            raise CheckpointError(f"an optimizer cannot have taken {steps} steps")
        begun = vectors or steps
        if begun and (faults := misfits(twin.state, vectors)):
            raise CheckpointError(f"the state does not fit {self!r}; {'; '.join(faults)}")
        for name, value in settings.items():
            setattr(self, name, value)
        self.steps, self.state = steps, vectors

    def _step_in_parts(
        self,
        value: Array,
        grad: Array,
        lr: float,
        decayed: slice,
        parts: Sequence[tuple[slice, float]],
    ) -> None:
        """Take a step with each stretch's own rate: every rule here acts on each weight alone."""
        whole = self.state
        first, last, _ = decayed.indices(value.size)
        try:
            for part, factor in parts:
                if self.weight_decay and first <= part.start and part.stop <= last:
                    value[part] *= 1 - lr * factor * self.weight_decay
                self.state = {name: vector[part] for name, vector in whole.items()}
                self.update(value[part], grad[part], lr * factor)
        finally:
            self.state = whole

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply the method's own rule."""
        raise NotImplementedError
