"""Faults in convolution and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.faults.plant import Plant, in_cnn
from glassnet.layers import AvgPool2d, Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d


class AlteredConv(Conv2d):
    """A Conv2d in textbook loops, whose single steps can be done wrongly."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Loop over samples, output channels and positions."""
        assert self.bias is not None
        (kh, kw), (sh, sw), (ph, pw) = self.kernel_size, self.stride, self.padding
        x = np.pad(cache, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        dx, dw = np.zeros_like(x), np.zeros(self.weight.shape)
        for n, o, i, j in np.ndindex(*dy.shape):
            top, left = self.corner(i, j, sh, sw)
            window = np.s_[n, :, top : top + kh, left : left + kw]
            self.add_weight(dw, o, dy[n, o, i, j] * x[window])
            self.add_input(dx, window, dy[n, o, i, j] * self.kernel(o))
        self.weight.grad = dw
        self.bias.grad = self.bias_gradient(dy)
        return self.crop(dx, ph, pw)

    def corner(self, i: int, j: int, sh: int, sw: int) -> tuple[int, int]:
        """Return where the window lies."""
        return i * sh, j * sw

    def kernel(self, o: int) -> Array:
        """Return the weights of an output channel."""
        weights: Array = self.weight.value[o]
        return weights

    def add_weight(self, dw: Array, o: int, term: Array) -> None:
        """Add to the weight's gradient."""
        dw[o] += term

    def add_input(self, dx: Array, window: Any, term: Array) -> None:
        """Add to the input's gradient."""
        dx[window] += term

    def bias_gradient(self, dy: Array) -> Array:
        """Sum over batch and positions."""
        total: Array = dy.sum(axis=(0, 2, 3))
        return total

    def crop(self, dx: Array, ph: int, pw: int) -> Array:
        """Cut the padding off."""
        cropped: Array = dx[:, :, ph : dx.shape[2] - ph, pw : dx.shape[3] - pw]
        return cropped


class NotCropped(AlteredConv):
    """The padding is not cut off."""

    def crop(self, dx: Array, ph: int, pw: int) -> Array:
        """Leave it."""
        return dx


class CroppedAtEnd(AlteredConv):
    """The padding is cut off at one end only."""

    def crop(self, dx: Array, ph: int, pw: int) -> Array:
        """Cut twice at the end."""
        return dx[:, :, : dx.shape[2] - 2 * ph, : dx.shape[3] - 2 * pw]


class StrideIgnored(AlteredConv):
    """Backward looks at the windows of stride 1."""

    def corner(self, i: int, j: int, sh: int, sw: int) -> tuple[int, int]:
        """Forget the stride."""
        return i, j


class KernelFlipped(AlteredConv):
    """The kernel is turned in the input gradient."""

    def kernel(self, o: int) -> Array:
        """Turn it."""
        return self.weight.value[o, :, ::-1, ::-1]


class ChannelForgotten(AlteredConv):
    """Every output channel gets the sum of all gradients."""

    def add_weight(self, dw: Array, o: int, term: Array) -> None:
        """Forget o."""
        dw += term


class Overwritten(AlteredConv):
    """Overlapping windows are overwritten."""

    def add_input(self, dx: Array, window: Any, term: Array) -> None:
        """Assign."""
        dx[window] = term


class WeightFlipped(AlteredConv):
    """The weight's gradient is turned."""

    def add_weight(self, dw: Array, o: int, term: Array) -> None:
        """Turn it."""
        dw[o] += term[:, ::-1, ::-1]


class ConvBiasMean(AlteredConv):
    """The bias gradient is a mean over positions."""

    def bias_gradient(self, dy: Array) -> Array:
        """Take the mean."""
        mean: Array = dy.mean(axis=(0, 2, 3))
        return mean


class IntegerConv(Conv2d):
    """The output array is one of integers (report B's fault)."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Truncate."""
        y, cache = super().forward(x)
        result = np.zeros(y.shape, int)
        result[...] = 10 * y
        return result, cache


class EveryTie(MaxPool2d):
    """Every pixel equal to the maximum gets the gradient."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        """Keep x and y."""
        y, _ = super().forward(x)
        return y, (x, y)

    def backward(self, dy: Array, cache: Any) -> Array:
        """Compare with the maximum."""
        x, y = cache
        dx = np.zeros(x.shape)
        (kh, kw), (sh, sw) = self.kernel_size, self.stride
        for i, j in np.ndindex(*y.shape[2:]):
            window = np.s_[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            top, error = y[:, :, i, j, None, None], dy[:, :, i, j, None, None]
            self.put(dx, window, (x[window] == top) * error)
        return dx

    def put(self, dx: Array, window: Any, term: Array) -> None:
        """Add."""
        dx[window] += term


class MaxOverwritten(EveryTie):
    """A window overwrites those before it."""

    def put(self, dx: Array, window: Any, term: Array) -> None:
        """Assign."""
        dx[window] = term


class AvgOverwritten(AvgPool2d):
    """A window overwrites those before it."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Assign."""
        dx = np.zeros((len(dy), *cache))
        (kh, kw), (sh, sw) = self.kernel_size, self.stride
        for i, j in np.ndindex(*dy.shape[2:]):
            window = np.s_[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            dx[window] = dy[:, :, i, j, None, None] / (kh * kw)
        return dx


class AvgNotDivided(AvgPool2d):
    """The gradient is not divided by the window's size."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Multiply it back."""
        return super().backward(dy, cache) * self.kernel_size[0] * self.kernel_size[1]


class GlobalNotDivided(GlobalAvgPool2d):
    """The gradient is not divided by the number of pixels."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Spread dy itself."""
        return np.broadcast_to(dy[:, :, None, None], (len(dy), *cache))


class Unfilled(Flatten):
    """Backward forgets to restore the shape."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Pass it on flat."""
        return dy


def _both(title: str, kind: str, make: type[Conv2d]) -> list[Plant]:
    """Plant with stride 2 and padding, and with stride 1 in the middle."""
    return [
        Plant(f"{title}, strided", kind, lambda: in_cnn(at={0: make(2, 3, 3, 2, padding=1)})),
        Plant(f"{title}, inside", kind, lambda: in_cnn(at={3: make(3, 3, 2)})),
    ]


PLANTS: list[Plant] = [
    Plant("conv: padding not cropped", "padding-not-cropped",
          lambda: in_cnn(at={0: NotCropped(2, 3, 3, stride=2, padding=1)})),
    Plant("conv: cropped at one end", "padding-not-cropped",
          lambda: in_cnn(at={0: CroppedAtEnd(2, 3, 3, stride=2, padding=1)})),
    Plant("conv: stride ignored", "stride-ignored",
          lambda: in_cnn(at={0: StrideIgnored(2, 3, 3, stride=2, padding=1)})),
    *_both("conv: kernel turned", "kernel-not-flipped", KernelFlipped),
    *_both("conv: output channel forgotten", "output-channel-shared", ChannelForgotten),
    *_both("conv: windows overwritten", "overlap-overwritten", Overwritten),
    *_both("conv: weight gradient turned", "kernel-not-flipped", WeightFlipped),
    *_both("conv: bias gradient a mean", "bias-mean", ConvBiasMean),
    *_both("conv: integer output", "integer-truncation", IntegerConv),
    Plant("max pool: every tie", "pool-ties", lambda: in_cnn(at={2: EveryTie(2, stride=1)})),
    Plant("max pool: every tie, apart", "pool-ties",
          lambda: in_cnn(at={2: EveryTie(2), 3: Conv2d(3, 3, 1), 4: AvgPool2d(1)})),
    Plant("max pool: overwritten", "overlap-overwritten",
          lambda: in_cnn(at={2: MaxOverwritten(2, stride=1)})),
    Plant("average pool: overwritten", "overlap-overwritten",
          lambda: in_cnn(at={4: AvgOverwritten(2, stride=1)})),
    Plant("average pool: not divided", "window-mean-missing",
          lambda: in_cnn(at={4: AvgNotDivided(2, stride=1)})),
    Plant("global average: not divided", "spatial-mean-missing",
          lambda: in_cnn(at={5: GlobalNotDivided(), 6: Linear(3, 3)})),
    Plant("flatten: shape not restored", "wrong-shape", lambda: in_cnn(at={5: Unfilled()})),
]  # fmt: skip
