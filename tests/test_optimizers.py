"""Optimizers: a step of each by hand, their state, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import glassnet as gn

MAKERS: dict[str, Callable[..., gn.Optimizer]] = {
    "SGD": gn.SGD,
    "momentum": lambda *a, **k: gn.SGD(*a, momentum=0.9, **k),
    "dampened": lambda *a, **k: gn.SGD(*a, momentum=0.9, dampening=0.9, **k),
    "nesterov": lambda *a, **k: gn.SGD(*a, momentum=0.9, nesterov=True, **k),
    "Adagrad": gn.Adagrad,
    "RMSprop": gn.RMSprop,
    "RMSprop with momentum": lambda *a, **k: gn.RMSprop(*a, momentum=0.5, **k),
    "Adam": gn.Adam,
    "AdamW": gn.AdamW,
}
every_optimizer = pytest.mark.parametrize("name", MAKERS)


def run(optimizer: gn.Optimizer, *gradients: float) -> list[float]:
    """Return where a weight that starts at 1 is after each gradient."""
    w, path = np.array([1.0]), []
    for g in gradients:
        optimizer.step(w, np.array([float(g)]))
        path.append(float(w[0]))
    return path


@pytest.mark.parametrize(
    ("optimizer", "path"),
    [
        (gn.SGD(0.1), [0.8, 0.7]),
        (gn.SGD(0.1, momentum=0.5), [0.8, 0.6]),  # v = 2, then 1 + 1
        (gn.SGD(0.1, momentum=0.5, dampening=0.5), [0.9, 0.8]),  # v = 1, then 0.5 + 0.5
        (gn.SGD(0.1, momentum=0.5, nesterov=True), [0.7, 0.5]),  # 2 + 1, then 1 + 1
        (gn.SGD(0.1, weight_decay=0.5), [0.95 - 0.2, 0.75 * 0.95 - 0.1]),
        (gn.Adagrad(0.1, eps=0), [0.9, 0.9 - 0.1 / np.sqrt(5)]),
        (gn.RMSprop(0.1, decay=0.75, eps=0), [0.8, 0.8 - 0.1]),  # s = 1, then 0.75 + 0.25
        (gn.RMSprop(0.1, decay=0.75, momentum=0.5, eps=0), [0.8, 0.8 - 0.2]),  # v = 2, 1 + 1
        (gn.RMSprop(0.1, decay=0.75, eps=1), [0.9, 0.85]),
        # m and s are 1 both times: m̂ = 2 and ŝ = 4, then m̂ = 1 / 0.75 and ŝ = 1 / 0.4375
        (gn.Adam(0.1, beta1=0.5, beta2=0.75, eps=0), [0.9, 0.9 - 0.4 / 3 * np.sqrt(0.4375)]),
        (gn.AdamW(0.1, weight_decay=0.5, eps=0), [0.85]),
    ],
    ids=repr,
)
def test_steps_by_hand(optimizer: gn.Optimizer, path: list[float]) -> None:
    assert run(optimizer, 2, 1)[: len(path)] == pytest.approx(path)


def test_constant_gradient_shows_the_pace_of_each_momentum() -> None:
    for optimizer, pace in [
        (gn.SGD(0.1, momentum=0.9), 1.0),
        (gn.SGD(0.1, momentum=0.9, nesterov=True), 1.0),
        (gn.SGD(0.1, momentum=0.9, dampening=0.9), 0.1),
    ]:
        path = run(optimizer, *[1.0] * 300)
        assert path[-2] - path[-1] == pytest.approx(pace)


@every_optimizer
def test_changes_the_very_vector_and_not_the_gradient(name: str) -> None:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        whole = rng.normal(size=20).astype(dtype)
        value, grad = whole[5:15], rng.normal(size=10).astype(dtype)
        before = whole.copy()
        grad.flags.writeable = False
        optimizer = MAKERS[name](np.float64(0.1), weight_decay=np.float32(0.1))
        for _ in range(3):
            optimizer.step(value, grad)
        assert value.base is whole
        assert (whole[5:15] != before[5:15]).all()
        assert (whole[:5] == before[:5]).all()
        assert (whole[15:] == before[15:]).all()
        assert all(vector.dtype == dtype for vector in optimizer.state.values())


def test_hyperparameters_become_python_floats() -> None:
    optimizer = gn.SGD(np.float64(1), momentum=np.float32(0.5))
    assert type(optimizer.lr) is type(optimizer.momentum) is float
    assert type(gn.Adam(1).lr) is float


@every_optimizer
def test_steps_are_counted_until_reset(name: str) -> None:
    optimizer = MAKERS[name](0.1)
    value, first = np.ones(4), np.ones(4)
    optimizer.step(first, np.ones(4))
    for _ in range(3):
        optimizer.step(value, np.ones(4))
    assert optimizer.steps == 4
    optimizer.reset(value)
    assert optimizer.steps == 0
    value[:] = 1
    optimizer.step(value, np.ones(4))
    np.testing.assert_array_equal(value, first)


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("SGD", set()),
        ("momentum", {"velocity"}),
        ("Adagrad", {"sum_of_squares"}),
        ("RMSprop", {"mean_square"}),
        ("RMSprop with momentum", {"mean_square", "velocity"}),
        ("Adam", {"mean", "mean_square"}),
        ("AdamW", {"mean", "mean_square"}),
    ],
)
def test_state_has_names_and_the_length_of_the_parameters(name: str, slots: set[str]) -> None:
    optimizer = MAKERS[name](0.1)
    optimizer.step(np.ones(7), np.ones(7))
    assert optimizer.state.keys() == slots
    assert all(vector.shape == (7,) for vector in optimizer.state.values())


@every_optimizer
def test_goes_on_from_saved_state(name: str) -> None:
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(6, 5))
    straight, resumed = np.ones(5), np.ones(5)
    first, optimizer, again = (MAKERS[name](0.1) for _ in range(3))
    for g in gradients:
        first.step(straight, g)
    for g in gradients[:3]:
        optimizer.step(resumed, g)
    again.state = {slot: vector.copy() for slot, vector in optimizer.state.items()}
    again.steps = optimizer.steps
    for g in gradients[3:]:
        again.step(resumed, g)
    np.testing.assert_array_equal(resumed, straight)


@every_optimizer
def test_decay_acts_on_its_slice_and_the_given_rate_counts(name: str) -> None:
    optimizer = MAKERS[name](5.0, weight_decay=0.5)
    value = np.ones(4)
    optimizer.step(value, np.zeros(4), 0.1, decayed=slice(0, 2))
    np.testing.assert_allclose(value, [0.95, 0.95, 1, 1])


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "SGD"])
def test_another_network_is_refused(name: str) -> None:
    optimizer = MAKERS[name](0.1)
    optimizer.step(np.ones(5), np.ones(5))
    value = np.ones(1)
    with pytest.raises(gn.ShapeError, match="used on 5 parameters and now gets 1"):
        optimizer.step(value, np.ones(1))
    assert value[0] == 1


@every_optimizer
@pytest.mark.parametrize("lr", ["fast", -0.1, None, float("nan"), float("inf"), True, 1j, [0.1]])
def test_senseless_rates_are_refused(name: str, lr: Any) -> None:
    with pytest.raises(gn.ConfigError, match="lr must be a number of at least 0"):
        MAKERS[name](lr)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.SGD(0.1, momentum=1.0), r"momentum must be a number in \[0, 1\), not 1.0"),
        (lambda: gn.SGD(0.1, momentum="0.9"), "momentum must be"),
        (lambda: gn.SGD(0.1, dampening=1.5, momentum=0.5), r"dampening must lie in \[0, 1\]"),
        (lambda: gn.SGD(0.1, nesterov=True), "nesterov needs a momentum"),
        (
            lambda: gn.SGD(0.1, momentum=0.9, dampening=0.5, nesterov=True),
            "nesterov needs .* no dampening",
        ),
        (lambda: gn.SGD(0.1, weight_decay=-1), "weight_decay must be"),
        (lambda: gn.Adam(0.1, beta1=1.0), "beta1 must be"),
        (lambda: gn.Adam(0.1, beta2="x"), "beta2 must be"),
        (lambda: gn.Adam(0.1, eps=-1e-8), "eps must be"),
        (lambda: gn.RMSprop(0.1, decay=1.0), "decay must be"),
    ],
)
def test_senseless_hyperparameters_are_refused(make: Any, words: str) -> None:
    with pytest.raises(gn.ConfigError, match=words):
        make()


@every_optimizer
def test_each_finds_the_bottom_of_a_bowl(name: str) -> None:
    optimizer = MAKERS[name](0.5 if name == "Adagrad" else 0.02)
    value, bottom = np.zeros(3), np.array([1.0, -0.5, 0.2])
    for _ in range(1000):
        optimizer.step(value, 2 * (value - bottom))
    np.testing.assert_allclose(value, bottom, atol=0.03)
