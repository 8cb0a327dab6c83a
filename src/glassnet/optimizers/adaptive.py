"""Methods that give each weight a step size of its own."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.optimizers.base import Optimizer


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
    _: KW_ONLY
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
    _: KW_ONLY
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
    _: KW_ONLY
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
