"""Penalties: value and gradient by hand, and on weights only."""

from typing import Any

import numpy as np
import pytest

import glassnet as gn

WEIGHTS = np.array([3.0, -4.0, 0.0])


@pytest.mark.parametrize(
    ("regularizer", "penalty", "gradient"),
    [
        (gn.L2(0.1), 2.5, [0.6, -0.8, 0]),
        (gn.L1(0.1), 0.7, [0.1, -0.1, 0]),
        (gn.L2(0), 0, [0, 0, 0]),
        (gn.L1(0), 0, [0, 0, 0]),
    ],
    ids=repr,
)
def test_by_hand(regularizer: gn.Regularizer, penalty: float, gradient: list[float]) -> None:
    for dtype in (np.float32, np.float64):
        weights = WEIGHTS.astype(dtype)
        weights.flags.writeable = False
        value = regularizer.penalty(weights)
        assert type(value) is float
        assert value == pytest.approx(penalty, rel=1e-6)
        grad = np.ones(3, dtype)
        regularizer.add_gradient(weights, grad)
        np.testing.assert_allclose(grad - 1, gradient, atol=1e-6)
        assert grad.dtype == dtype


@pytest.mark.parametrize("regularizer", [gn.L1(0.3), gn.L2(0.3)], ids=repr)
def test_gradient_is_that_of_the_penalty(regularizer: gn.Regularizer) -> None:
    rng = np.random.default_rng(0)
    weights, direction, grad = rng.normal(size=9), rng.normal(size=9), np.zeros(9)
    regularizer.add_gradient(weights, grad)
    up, down = (regularizer.penalty(weights + sign * 1e-6 * direction) for sign in (1, -1))
    assert float(grad @ direction) == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_biases_and_scales_pay_nothing() -> None:
    net = gn.Sequential(gn.Linear(2, 3), gn.BatchNorm1d(3)).initialize(seed=0)
    store = gn.ParameterStore(dict(net.named_parameters()))
    store.grad[...] = 0
    weights = store.value[store.decayed]
    gn.L2(0.5).add_gradient(weights, store.grad[store.decayed])
    np.testing.assert_allclose(net[0].weight.grad, net[0].weight.value)
    assert gn.L2(0.5).penalty(weights) == pytest.approx((net[0].weight.value ** 2).sum() / 2)
    assert not any(p.grad.any() for p in (net[0].bias, net[1].weight, net[1].bias))


@pytest.mark.parametrize("kind", [gn.L1, gn.L2])
@pytest.mark.parametrize("strength", [-1, float("nan"), float("inf"), "much", None])
def test_senseless_strengths_are_refused(kind: Any, strength: Any) -> None:
    with pytest.raises(gn.ConfigError, match=f"strength of {kind.__name__} must be"):
        kind(strength)
