"""Dropout."""

import numpy as np

from glassnet.arrays import Array, PartialShape
from glassnet.errors import ConfigError
from glassnet.layers.base import Layer


class Dropout(Layer):
    """In training, set each value to zero with probability p, and scale the others by 1/(1 − p).

        y = x · m,    m = 0 with probability p, else 1/(1 − p);    ∂L/∂x = ∂L/∂y · m

    Scaled in training ("inverted"), the expected output is x, so evaluation needs no change at all:
    there y = x (Srivastava et al., 2014).

    Parameters
    ----------
    p : float
        Probability of zero, 0 ≤ p < 1.

    Raises
    ------
    ConfigError
        If p is out of range, or in training if no `rng` is given.

    Examples
    --------
    >>> y, mask = gn.Dropout(0.5).forward(
    ...     np.ones((1, 1000), np.float32), training=True, rng=np.random.default_rng(0))
    >>> sorted(set(y.ravel().tolist()))
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ConfigError(f"a dropout probability is at least 0 and below 1, not {p}")
        self.p = float(p)

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array | None]:
        """Return y, shape of x, and the mask m (None where nothing is dropped)."""
        if not training or self.p == 0:
            return x, None
        if rng is None:
            raise ConfigError(
                f"{self!r} needs random numbers in training; "
                "call forward(x, training=True, rng=numpy.random.default_rng(seed))"
            )
        kept = rng.random(x.shape, dtype=np.float32) >= self.p
        mask = kept * x.dtype.type(1 / (1 - self.p))
        return x * mask, mask

    def backward(self, dy: Array, cache: Array | None) -> Array:
        """Return ∂L/∂x = ∂L/∂y · m."""
        return dy if cache is None else dy * cache

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape."""
        return input_shape
