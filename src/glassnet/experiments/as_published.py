"""The faults of the published reports, planted on purpose.

Where a published number rests on a mistake, the catalogue runs the experiment twice: corrected, and
with that mistake. If the second gives the published number, the mistake explains it. Nothing else
in Glassnet uses what is here.

B's momentum needs no class: an exponential average of gradients is ``SGD(dampening=momentum)``.
"""

from __future__ import annotations

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Conv2d, Dropout, Layer, Linear
from glassnet.training.metrics import Metric, log_loss, report_a_loss


class IntegerConv2d(Conv2d):
    """Report B's convolution: its output is written into an array of integers.

    The array was made with an integer zero, so every activation loses what follows the decimal
    point. The backward pass does not know of it and is that of `Conv2d`.

    Examples
    --------
    >>> layer = IntegerConv2d(1, 1, 1, init="ones").initialize(seed=0)
    >>> layer.forward(np.array([[[[1.7, -0.4]]]], np.float32))[0] + 0.0
    array([[[[1., 0.]]]], dtype=float32)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return y without its decimals, and x."""
        y, cache = super().forward(x, training=training, rng=rng)
        return np.trunc(y), cache


class SummedBiasLinear(Linear):
    """Report C's layer: the bias gradient is a sum over the batch where it should be a mean.

    The 1/N is in the loss, so the sum of the bias gradients is a mean; times N it is the report's.

    Examples
    --------
    >>> layer = SummedBiasLinear(1, 1).initialize(seed=0)
    >>> x = np.ones((4, 1), np.float32)
    >>> layer.backward_parameters(x / 4, x)  # the gradient of a mean
    >>> layer.bias.grad
    array([4.], dtype=float32)
    """

    def backward_parameters(self, dy: Array, cache: Array) -> None:
        """Write ∂L/∂W, and N times ∂L/∂b."""
        super().backward_parameters(dy, cache)
        if self.bias is not None and self.bias.trainable:
            self.bias.grad *= len(dy)


class PlainDropout(Dropout):
    """Report A's dropout: what is kept is not scaled in training, but everything in evaluation.

    That the mask is missing from its backward pass changes nothing: before it there is a sigmoid,
    whose slope o·(1 − o) the report takes from the masked output.

    Examples
    --------
    >>> layer, x = PlainDropout(0.5), np.ones((1, 1000), np.float32)
    >>> y, mask = layer.forward(x, training=True, rng=np.random.default_rng(0))
    >>> sorted(set(y.ravel().tolist())), float(layer.infer(x)[0, 0])
    ([0.0, 1.0], 0.5)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array | None]:
        """Return y, and the mask of zeros and ones (None in evaluation)."""
        kept = x.dtype.type(1 - self.p)
        y, mask = super().forward(x, training=training, rng=rng)
        return (x * kept, None) if mask is None else (y * kept, mask * kept)


LAYERS: dict[str, type[Layer]] = {
    "as-published/IntegerConv2d": IntegerConv2d,
    "as-published/PlainDropout": PlainDropout,
    "as-published/SummedBiasLinear": SummedBiasLinear,
}
"""What a configuration calls them."""


FIGURES: dict[str, Metric] = {
    "log_loss": log_loss,
    "report_a_loss": report_a_loss,
}
"""Figures of merit as the reports computed them, and the true cross-entropy to put beside them:
(probabilities, labels) → value."""
