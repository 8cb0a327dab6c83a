"""A data set and a network so small that a training is over at once."""

import signal

import numpy as np
import pytest

import glassnet as gn


@pytest.fixture(autouse=True)
def ordinary_ctrl_c():
    """Raise KeyboardInterrupt, also where a shell in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def points(samples=23, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    x = rng.normal(size=(samples, 4)) + np.eye(classes, 4)[y] * 2
    return gn.Dataset(x.astype(np.float32), y, name="points")


def network(dropout=0.0, seed=0):
    model = gn.Sequential(
        gn.Linear(4, 6), gn.Tanh(), gn.Dropout(dropout) if dropout else gn.Identity(),
        gn.Linear(6, 3),
    )  # fmt: skip
    return model.initialize(seed=seed)


@pytest.fixture
def data():
    return points()


@pytest.fixture
def valid():
    return points(samples=17, seed=1)


def assert_same_state(first, second):
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
