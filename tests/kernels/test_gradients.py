"""The gradients of the reference against central differences in float64."""

from collections.abc import Callable

import numpy as np
import pytest

from glassnet.arrays import Array
from glassnet.kernels import reference

from .test_agreement import ACTIVATIONS

RNG = np.random.default_rng(5)
STEP, PADDING = (2, 1), (1, 2)


def numerical(function: Callable[[Array], Array], x: Array, dy: Array, h: float = 1e-5) -> Array:
    """Return the gradient of Σ dy · function(x)."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (dy * (function(up) - function(down))).sum() / (2 * h)
    return gradient


def agrees(analytical: Array, expected: Array) -> None:
    np.testing.assert_allclose(analytical, expected, rtol=1e-7, atol=1e-8)


def test_dense():
    x, weight, dy = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4)), RNG.normal(size=(3, 2))
    out = np.empty_like(weight)
    reference.dense_weight_gradient(dy, x, out)
    agrees(out, numerical(lambda w: reference.dense_forward(x, w, None), weight, dy))
    dx = reference.dense_input_gradient(dy, weight)
    agrees(dx, numerical(lambda x: reference.dense_forward(x, weight, None), x, dy))


def test_conv2d():
    x, weight = RNG.normal(size=(2, 2, 4, 3)), RNG.normal(size=(2, 2, 3, 2))

    def forward(x: Array, weight: Array) -> Array:
        return reference.conv2d_forward(x, weight, None, STEP, PADDING)

    dy = RNG.normal(size=forward(x, weight).shape)
    out = np.empty_like(weight)
    reference.conv2d_weight_gradient(dy, x, STEP, PADDING, out)
    agrees(out, numerical(lambda w: forward(x, w), weight, dy))
    dx = reference.conv2d_input_gradient(dy, weight, x.shape[1:], STEP, PADDING)
    agrees(dx, numerical(lambda x: forward(x, weight), x, dy))


def test_max_pool():
    x = RNG.permutation(2 * 4 * 5).reshape(2, 1, 4, 5) / 10  # no two values nearer than 0.1
    kernel, padding = (3, 2), (1, 1)
    y, winner = reference.max_pool2d_forward(x, kernel, STEP, padding)
    dy = RNG.normal(size=y.shape)
    dx = reference.max_pool2d_backward(dy, winner, x.shape[1:], kernel, STEP, padding)
    forward = lambda x: reference.max_pool2d_forward(x, kernel, STEP, padding)[0]  # noqa: E731
    agrees(dx, numerical(forward, x, dy))


def test_avg_pool():
    x = RNG.normal(size=(2, 1, 4, 5))
    kernel, padding = (3, 2), (1, 1)
    dy = RNG.normal(size=reference.avg_pool2d_forward(x, kernel, STEP, padding).shape)
    dx = reference.avg_pool2d_backward(dy, x.shape[1:], kernel, STEP, padding)
    agrees(dx, numerical(lambda x: reference.avg_pool2d_forward(x, kernel, STEP, padding), x, dy))


@pytest.mark.parametrize("axes", [(0,), (1,), (-1,), (0, 2), (1, 2)])
def test_normalize(axes):
    x, dy = RNG.normal(size=(3, 2, 4)), RNG.normal(size=(3, 2, 4))
    normalized, _, variance = reference.normalize_forward(x, axes, 1e-2)
    dx = reference.normalize_backward(dy, normalized, variance, axes, 1e-2)
    agrees(dx, numerical(lambda x: reference.normalize_forward(x, axes, 1e-2)[0], x, dy))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    more, taken = ACTIVATIONS[name]
    x = np.concatenate([RNG.uniform(-3, -0.1, 8), RNG.uniform(0.1, 3, 8)])
    dy = RNG.normal(size=x.shape)
    forward = getattr(reference, f"{name}_forward")
    backward = getattr(reference, f"{name}_backward")
    dx = backward(dy, forward(x, **more) if taken == "y" else x, **more)
    agrees(dx, numerical(lambda x: forward(x, **more), x, dy))


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_softmax(shape):
    x, dy = RNG.normal(size=shape), RNG.normal(size=shape)
    y = reference.softmax_forward(x)
    agrees(reference.softmax_backward(dy, y), numerical(reference.softmax_forward, x, dy))
    np.testing.assert_allclose(np.exp(reference.log_softmax_forward(x)), y, rtol=1e-12)
