"""Every kernel, on arrays of the sizes that the workloads have, with what it has to do at least."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, Shape
from glassnet.bench.kernel_case import Call, KernelCase
from glassnet.bench.roofline import Work
from glassnet.bench.step_cases import step_cases


class Convolution(NamedTuple):
    """The shape of a convolution of square images."""

    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    image: int
    batch: int

    @property
    def out(self) -> int:
        """Side of the output."""
        return (self.image + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def shapes(self) -> tuple[Shape, Shape, Shape, Shape]:
        """Shapes of input, weight, bias and output."""
        n, i, o, k = self.batch, self.inputs, self.outputs, self.kernel
        return (
            (n, i, self.image, self.image), (o, i, k, k), (o,), (n, o, self.out, self.out),
        )  # fmt: skip


class Dense(NamedTuple):
    """The shape of a dense layer."""

    inputs: int
    outputs: int
    batch: int

    @property
    def shapes(self) -> tuple[Shape, Shape, Shape, Shape]:
        """Shapes of input, weight, bias and output."""
        n, i, o = self.batch, self.inputs, self.outputs
        return (n, i), (o, i), (o,), (n, o)


CONVOLUTIONS = {
    "conv5s2 1-4": Convolution(1, 4, 5, 2, 1, 28, 128),
    "conv5s2 4-8": Convolution(4, 8, 5, 2, 1, 13, 128),
    "conv3s2 8-16": Convolution(8, 16, 3, 2, 1, 6, 128),
    "conv5 1-32": Convolution(1, 32, 5, 1, 2, 28, 50),
    "conv5 32-64": Convolution(32, 64, 5, 1, 2, 14, 50),
    "conv3 32-32": Convolution(32, 32, 3, 1, 1, 28, 128),
    "conv3 32-64": Convolution(32, 64, 3, 1, 1, 14, 128),
    "conv7s3 3-5": Convolution(3, 5, 7, 3, 0, 29, 7),
    "conv1 16-24": Convolution(16, 24, 1, 1, 0, 14, 1000),
}
DENSE = {
    "dense 784-128 b128": Dense(784, 128, 128),
    "dense 784-512 b128": Dense(784, 512, 128),
    "dense 784-512 b32": Dense(784, 512, 32),
    "dense 3136-1024 b50": Dense(3136, 1024, 50),
}
PASSES = ("forward", "input", "weight")
IMAGES = (50, 32, 28, 28)
"""What the first convolution of the largest workload gives: 1.25 million numbers."""
FROM_INPUT = ("leaky_relu", "elu", "gelu", "silu")
"""Activations whose gradient is computed from their input, the others' from their output."""


def kernel_cases() -> Iterator[KernelCase]:
    """Yield the cases, family by family."""
    yield from _products()
    yield from _pools()
    yield from _norms()
    yield from _activations()
    yield from _softmax()
    yield from step_cases()


@cache
def product_arrays(name: str) -> tuple[Array, Array, Array, Array]:
    """Return input, weight, bias and output gradient of a dense layer or convolution.

    Images are batch-innermost in memory, as they are inside a network.
    """
    shape = CONVOLUTIONS[name] if name in CONVOLUTIONS else DENSE[name]
    x, weight, bias, dy = (_random(*wanted) for wanted in shape.shapes)
    return x, weight, bias, dy


def _products() -> Iterator[KernelCase]:
    shapes: dict[str, Convolution | Dense] = {**DENSE, **CONVOLUTIONS}
    for name, shape in shapes.items():
        x, weight, _, dy = map(np.prod, shape.shapes)
        positions = shape.out**2 if isinstance(shape, Convolution) else 1
        work = Work(2.0 * shape.batch * positions * int(weight), 4.0 * int(x + weight + dy))
        for what in PASSES:

            def prepare(name: str = name, what: str = what) -> Call:
                return (_dense if name in DENSE else _convolution)(name, what)

            yield KernelCase(f"{name} {what}", "conv" if positions > 1 else "dense", work, prepare)


def _dense(name: str, what: str) -> Call:
    x, weight, bias, dy = product_arrays(name)
    out = np.empty_like(weight)
    if what == "forward":
        return lambda: kernels.dense_forward(x, weight, bias)
    if what == "input":
        return lambda: kernels.dense_input_gradient(dy, weight)
    return lambda: kernels.dense_weight_gradient(dy, x, out)


def _convolution(name: str, what: str) -> Call:
    x, weight, bias, dy = product_arrays(name)
    shape, out = CONVOLUTIONS[name], np.empty_like(weight)
    stride, padding = (shape.stride, shape.stride), (shape.padding, shape.padding)
    if what == "forward":
        return lambda: kernels.conv2d_forward(x, weight, bias, stride, padding)
    if what == "input":
        return lambda: kernels.conv2d_input_gradient(dy, weight, x.shape[1:], stride, padding)
    return lambda: kernels.conv2d_weight_gradient(dy, x, stride, padding, out)


def _pools() -> Iterator[KernelCase]:
    two, none = (2, 2), (0, 0)
    size = float(np.prod(IMAGES))
    inside = IMAGES[1:]

    def max_forward() -> Call:
        x = _random(*IMAGES)
        return lambda: kernels.max_pool2d_forward(x, two, two, none)

    def max_backward() -> Call:
        y, winner = kernels.max_pool2d_forward(_random(*IMAGES), two, two, none)
        return lambda: kernels.max_pool2d_backward(y, winner, inside, two, two, none)

    def average_forward() -> Call:
        x = _random(*IMAGES)
        return lambda: kernels.avg_pool2d_forward(x, two, two, none)

    def average_backward() -> Call:
        dy = kernels.avg_pool2d_forward(_random(*IMAGES), two, two, none)
        return lambda: kernels.avg_pool2d_backward(dy, inside, two, two, none)

    with_winners = Work(0, size * (4 + 4 / 4 + 2 / 4))
    plain = Work(0, size * (4 + 4 / 4))
    yield KernelCase("max pool 2×2, 1.25M forward", "pool", with_winners, max_forward)
    yield KernelCase("max pool 2×2, 1.25M backward", "pool", with_winners, max_backward)
    yield KernelCase("average pool 2×2, 1.25M forward", "pool", plain, average_forward)
    yield KernelCase("average pool 2×2, 1.25M backward", "pool", plain, average_backward)


def _norms() -> Iterator[KernelCase]:
    for name, shape, axes in (
        ("batch norm 2d, 1.25M", IMAGES, (0, 2, 3)),
        ("batch norm 1d, 128×1024", (128, 1024), (0,)),
        ("layer norm, 128×1024", (128, 1024), (1,)),
    ):
        size = 4.0 * float(np.prod(shape))

        def forward(shape: Shape = shape, axes: Shape = axes) -> Call:
            x = _random(*shape)
            return lambda: kernels.normalize_forward(x, axes, 1e-5)

        def backward(shape: Shape = shape, axes: Shape = axes) -> Call:
            normal, _, variance = kernels.normalize_forward(_random(*shape), axes, 1e-5)
            dy = _random(*shape)
            return lambda: kernels.normalize_backward(dy, normal, variance, axes, 1e-5)

        yield KernelCase(f"{name} forward", "norm", Work(0, 2 * size), forward)
        yield KernelCase(f"{name} backward", "norm", Work(0, 3 * size), backward)


def _activations() -> Iterator[KernelCase]:
    size = 4.0 * float(np.prod(IMAGES))
    for name in ("relu", "leaky_relu", "sigmoid", "tanh", "elu", "gelu", "silu"):
        more = {"leaky_relu": (0.01,), "elu": (1.0,)}.get(name, ())

        def forward(name: str = name, more: tuple[float, ...] = more) -> Call:
            x, function = _random(*IMAGES), getattr(kernels, f"{name}_forward")
            return lambda: function(x, *more)

        def backward(name: str = name, more: tuple[float, ...] = more) -> Call:
            x, dy = _random(*IMAGES), _random(*IMAGES)
            function = getattr(kernels, f"{name}_backward")
            kept = x if name in FROM_INPUT else getattr(kernels, f"{name}_forward")(x)
            return lambda: function(dy, kept, *more)

        shown = name.replace("_", " ")
        yield KernelCase(f"{shown} 1.25M forward", "activation", Work(0, 2 * size), forward)
        yield KernelCase(f"{shown} 1.25M backward", "activation", Work(0, 3 * size), backward)


def _softmax() -> Iterator[KernelCase]:
    for shape in ((128, 10), (1000, 100)):
        size = 4.0 * float(np.prod(shape))
        shown = "×".join(map(str, shape))

        def forward(shape: Shape = shape) -> Call:
            x = _random(*shape)
            return lambda: kernels.softmax_forward(x)

        def logarithm(shape: Shape = shape) -> Call:
            x = _random(*shape)
            return lambda: kernels.log_softmax_forward(x)

        def backward(shape: Shape = shape) -> Call:
            y, dy = kernels.softmax_forward(_random(*shape)), _random(*shape)
            return lambda: kernels.softmax_backward(dy, y)

        yield KernelCase(f"softmax {shown} forward", "softmax", Work(0, 2 * size), forward)
        yield KernelCase(f"log softmax {shown} forward", "softmax", Work(0, 2 * size), logarithm)

        def cross_entropy(shape: Shape = shape) -> Call:
            x, labels = _random(*shape), np.arange(shape[0]) % shape[1]
            return lambda: kernels.softmax_cross_entropy(x, labels, 0.0)

        yield KernelCase(f"softmax {shown} backward", "softmax", Work(0, 3 * size), backward)
        yield KernelCase(f"cross-entropy {shown}", "softmax", Work(0, 2 * size), cross_entropy)


def _random(*shape: int) -> Array:
    """Return random numbers of that shape, batch-innermost in memory if they are images."""
    x = np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)
    if len(shape) < 4:
        return x
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)
