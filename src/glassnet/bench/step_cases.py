"""What a step does beside its layers: batches, updates; and several layers in one call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.bench.kernel_case import Call, KernelCase
from glassnet.bench.roofline import Work
from glassnet.kernels.codes import ACTIVATIONS, LOSSES, POOLINGS, RULES
from glassnet.kernels.stage import Stage

PARAMETERS = 535_818
"""Of 784-512-256-10."""
NETWORKS = {"2-3-2, 200 samples": ((2, 3, 2), 200), "256-50-10, 1 sample": ((256, 50, 10), 1)}


def step_cases() -> Iterator[KernelCase]:
    """Yield the cases, family by family."""
    yield from _updates()
    yield from _batches()
    yield from _networks()
    yield from _stages()


def _updates() -> Iterator[KernelCase]:
    size = 4.0 * PARAMETERS

    def vectors() -> Array:
        return np.random.default_rng(0).random((4, PARAMETERS), np.float32)

    def sgd() -> Call:
        v = vectors()
        return lambda: kernels.sgd_update(v[0], v[1], v[2], 1e-6, 0.9, 0.0, False)

    def adagrad() -> Call:
        v = vectors()
        return lambda: kernels.adagrad_update(v[0], v[1], v[2], 1e-6, 1e-8)

    def rmsprop() -> Call:
        v = vectors()
        return lambda: kernels.rmsprop_update(v[0], v[1], v[2], None, 1e-6, 0.9, 0.0, 1e-8)

    def adam() -> Call:
        v = vectors()
        return lambda: kernels.adam_update(v[0], v[1], v[2], v[3], 3, 1e-6, 0.9, 0.999, 1e-8)

    def norm() -> Call:
        v = vectors()
        return lambda: kernels.squared_norm(v[0])

    for name, arrays, prepare in (
        ("SGD with momentum", 5, sgd), ("Adagrad", 5, adagrad), ("RMSprop", 5, rmsprop),
        ("Adam", 7, adam), ("squared norm", 1, norm),
    ):  # fmt: skip
        yield KernelCase(f"{name} 536k", "update", Work(0, arrays * size), prepare)


def _batches() -> Iterator[KernelCase]:
    drawn, shape = 128, (12_800, 1, 28, 28)
    numbers = float(drawn * np.prod(shape[1:]))

    def gather(dtype: type) -> Call:
        samples: Array = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
        chosen = np.random.default_rng(1).permutation(shape[0])[:drawn]
        return lambda: kernels.gather(samples, chosen, 1 / 255, 0.0, np.float32)

    for dtype in (np.uint8, np.float32):
        work = Work(0, numbers * (np.dtype(dtype).itemsize + 4))
        name = f"gather 128×784 of {np.dtype(dtype)}"
        yield KernelCase(name, "batch", work, partial(gather, dtype))


def _networks() -> Iterator[KernelCase]:
    for name, (sizes, samples) in NETWORKS.items():
        weights = sum(n * m for n, m in pairwise(sizes))
        work = Work(6.0 * samples * weights, 4.0 * (3 * weights + samples * sum(sizes)))
        yield KernelCase(f"step of {name}", "network", work, partial(_step, sizes, samples))


def _step(sizes: tuple[int, ...], samples: int) -> Call:
    """Return a step of stochastic gradient descent on tanh layers and cross-entropy."""
    rng, rows, place = np.random.default_rng(0), [], 0
    for n, m in pairwise(sizes):
        rows.append([n, m, place, place + n * m, ACTIVATIONS.index("tanh")])
        place += (n + 1) * m
    layers, slopes = np.array(rows), np.zeros(len(rows))
    value = 0.1 * rng.standard_normal(place, np.float32)
    x = rng.standard_normal((samples, sizes[0]), np.float32)
    labels, nothing = rng.integers(0, sizes[-1], samples), np.zeros(0, np.float32)
    grad, output = np.empty_like(value), np.empty((samples, sizes[-1]), np.float32)
    return lambda: kernels.dense_network_steps(
        x, labels, output[:0], 0.0, 1.0, samples, layers, slopes,
        LOSSES.index("softmax_cross_entropy"), value, grad, 0, 0.0, 0.0, np.inf, 0.0,
        RULES.index("sgd"), np.zeros(3), nothing, nothing, 0, np.full(1, 1e-6), output,
        np.empty((1, 2)),
    )  # fmt: skip


def _stages() -> Iterator[KernelCase]:
    """Yield the convolutions of conv3-32-32-64, as one image of 28×28 goes through them."""
    relu, largest = ACTIVATIONS.index("relu"), POOLINGS.index("largest")
    rows, place, products, numbers, side = [], 0, 0, 28 * 28, 28
    for inputs, outputs, pooled in ((1, 32, False), (32, 32, True), (32, 64, True)):
        weights = 9 * inputs * outputs
        window = (largest, (2, 2), (2, 2), (0, 0)) if pooled else ()
        stage = Stage(
            inputs, outputs, (3, 3), (1, 1), (1, 1), place, place + weights, relu, *window
        )  # fmt: skip
        rows.append(stage.row())
        products += weights * side * side
        side //= 2 if pooled else 1
        place += weights + outputs
        numbers += weights + outputs * (side * side + 1)

    def prepare() -> Call:
        rng = np.random.default_rng(0)
        x = rng.random((1, 1, 28, 28), np.float32)
        table, value = np.array(rows), 0.1 * rng.standard_normal(place, np.float32)
        return lambda: kernels.conv_stages_forward(x, table, np.zeros(len(table)), value)

    work = Work(2.0 * products, 4.0 * numbers)
    yield KernelCase("conv3 1-32-32-64, 1 image", "stages", work, prepare)
