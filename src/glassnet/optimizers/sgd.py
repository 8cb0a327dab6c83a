"""Gradient descent, with momentum."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.errors import ConfigError
from glassnet.optimizers.base import Optimizer


@dataclass
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum in three forms.

        plain       w ← w − lr · g
        classical   v ← μ v + g,              w ← w − lr · v           (Polyak, 1964)
        dampened    v ← μ v + (1 − μ) g,      w ← w − lr · v           (dampening = μ)
        Nesterov    v ← μ v + g,              w ← w − lr · (g + μ v)   (Sutskever et al., 2013)

    Along a constant gradient g classical momentum reaches steps of lr · g / (1 − μ), the dampened
    form steps of lr · g: it is classical momentum with a learning rate of (1 − μ) lr.

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
    _: KW_ONLY
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
