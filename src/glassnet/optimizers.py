"""Optimizers: how a step follows from the gradient.

They see flat vectors and hold no parameter. Their state is a few vectors with names, as long as the
parameters', so that it can be saved, and carried over to another network by parameter name.
Weight decay is decoupled (Loshchilov & Hutter, 2019): w ← w − lr · λ · w, apart from the gradient.
For L2 in the gradient, which differs for every method but plain SGD, use `glassnet.L2`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import ClassVar

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.errors import ConfigError, ShapeError

BELOW_ONE = ("momentum", "beta1", "beta2", "decay")
"""The hyperparameters that are a part of what is kept from step to step."""


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
        """
        if self.steps == 0 and not self.state:
            self.reset(value)
        if any(vector.shape != value.shape for vector in self.state.values()):
            raise ShapeError(
                f"{type(self).__name__} has been used on {len(next(iter(self.state.values())))} "
                f"parameters and now gets {value.size}; use a new optimizer, or call reset"
            )
        rate = float(self.lr if lr is None else lr)
        self.steps += 1
        if self.weight_decay:
            value[decayed] *= 1 - rate * self.weight_decay
        self.update(value, grad, rate)

    def reset(self, value: Array) -> None:
        """Forget all steps: zero vectors of the length and dtype of `value`."""
        self.state = {name: np.zeros_like(value) for name in self.slots}
        self.steps = 0

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply the method's own rule."""
        raise NotImplementedError


@dataclass
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum in three forms.

        plain       w ← w − lr · g
        classical   v ← μ v + g,              w ← w − lr · v           (Polyak, 1964)
        dampened    v ← μ v + (1 − μ) g,      w ← w − lr · v           (dampening = μ)
        Nesterov    v ← μ v + g,              w ← w − lr · (g + μ v)   (Sutskever et al., 2013)

    Classical momentum reaches steps of lr / (1 − μ) along a constant gradient, the dampened form of
    lr: with μ = 0.9 the second is as fast as the first with a tenth of the learning rate.

    Parameters
    ----------
    lr : float
    momentum : float
        μ; 0 for none.
    dampening : float
        Part of the gradient that is left out: v ← μ v + (1 − dampening) g, from the first step on.
    nesterov : bool
    weight_decay : float
        Decoupled.

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> gn.SGD(lr=0.5).step(w, np.array([1.0, 1.0]))
    >>> w
    array([0.5, 1.5])
    """

    lr: float = 0.01
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    slots = ("velocity",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dampening > 1:
            raise ConfigError(f"SGD: dampening must lie in [0, 1], not {self.dampening}")
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ConfigError("SGD: nesterov needs a momentum above 0 and no dampening")

    def reset(self, value: Array) -> None:
        """Forget all steps; without momentum there is no velocity to keep."""
        super().reset(value)
        if self.momentum == 0:
            self.state = {}

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply w ← w − lr · v, or one of the other forms."""
        kernels.sgd_update(
            value,
            grad,
            self.state.get("velocity"),
            lr,
            self.momentum,
            self.dampening,
            self.nesterov,
        )


@dataclass
class Adagrad(Optimizer):
    """Each weight's steps shrink with all its squared gradients so far (Duchi et al., 2011).

        s ← s + g²,    w ← w − lr · g / (√s + ε)

    Parameters
    ----------
    lr, eps : float
    weight_decay : float
        Decoupled.

    Examples
    --------
    >>> w = np.array([1.0])
    >>> gn.Adagrad(lr=0.5).step(w, np.array([3.0]))
    >>> w.round(6)
    array([0.5])
    """

    lr: float = 0.01
    eps: float = 1e-10
    slots = ("sum_of_squares",)

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply w ← w − lr · g / (√s + ε)."""
        kernels.adagrad_update(value, grad, self.state["sum_of_squares"], lr, self.eps)


@dataclass
class RMSprop(Optimizer):
    """Each step is divided by a running root mean square (Tieleman & Hinton, 2012).

        s ← ρ s + (1 − ρ) g²,    w ← w − lr · g / (√s + ε)

    With momentum: v ← μ v + g / (√s + ε), w ← w − lr · v.

    Parameters
    ----------
    lr : float
    decay : float
        ρ.
    momentum : float
        μ; 0 for none.
    eps : float
    weight_decay : float
        Decoupled.

    Examples
    --------
    >>> w = np.array([1.0])
    >>> gn.RMSprop(lr=0.1, decay=0.75).step(w, np.array([3.0]))
    >>> w.round(6)
    array([0.8])
    """

    lr: float = 0.01
    decay: float = 0.99
    momentum: float = 0.0
    eps: float = 1e-8
    slots = ("mean_square", "velocity")

    def reset(self, value: Array) -> None:
        """Forget all steps; without momentum there is no velocity to keep."""
        super().reset(value)
        if self.momentum == 0:
            del self.state["velocity"]

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply w ← w − lr · g / (√s + ε)."""
        kernels.rmsprop_update(
            value,
            grad,
            self.state["mean_square"],
            self.state.get("velocity"),
            lr,
            self.decay,
            self.momentum,
            self.eps,
        )


@dataclass
class Adam(Optimizer):
    """The running mean of the gradient over its running root mean square (Kingma & Ba, 2015).

        m ← β₁ m + (1 − β₁) g,    s ← β₂ s + (1 − β₂) g²
        w ← w − lr · m̂ / (√ŝ + ε),    m̂ = m / (1 − β₁ᵗ),    ŝ = s / (1 − β₂ᵗ)

    Parameters
    ----------
    lr, beta1, beta2, eps : float
    weight_decay : float
        Decoupled; 0 by default. See `AdamW`.

    Examples
    --------
    >>> w = np.array([1.0])
    >>> gn.Adam(lr=0.1).step(w, np.array([3.0]))
    >>> w.round(6)
    array([0.9])
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots = ("mean", "mean_square")

    def update(self, value: Array, grad: Array, lr: float) -> None:
        """Apply w ← w − lr · m̂ / (√ŝ + ε)."""
        kernels.adam_update(
            value,
            grad,
            self.state["mean"],
            self.state["mean_square"],
            self.steps,
            lr,
            self.beta1,
            self.beta2,
            self.eps,
        )


@dataclass
class AdamW(Adam):
    """Adam with decoupled weight decay of 0.01 (Loshchilov & Hutter, 2019).

        w ← w − lr · λ · w,    then a step of `Adam`

    Parameters
    ----------
    lr, beta1, beta2, eps, weight_decay : float

    Examples
    --------
    >>> w = np.array([1.0])
    >>> gn.AdamW(lr=0.1, weight_decay=0.5).step(w, np.array([3.0]))
    >>> w.round(6)
    array([0.85])
    """

    weight_decay: float = field(default=0.01, kw_only=True)
