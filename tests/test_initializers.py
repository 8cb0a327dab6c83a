"""Initializers: spread and bounds of what they draw, their names, and what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet import initializers
from glassnet.arrays import Shape

VARIANCE = {
    "xavier_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "xavier_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
    "normal(0.03)": lambda fan_in, fan_out: 0.03**2,
    "uniform(0.2)": lambda fan_in, fan_out: 0.2**2 / 3,
}
shapes = st.one_of(
    st.tuples(st.integers(60, 150), st.integers(60, 150)),
    st.tuples(*[st.integers(15, 25)] * 2, *[st.integers(3, 5)] * 2),
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(VARIANCE)), shapes, st.integers(0, 2**32))
def test_spread_and_bounds(name: str, shape: Shape, seed: int) -> None:
    weights = initializers.get(name)(shape, np.random.default_rng(seed))
    kernel = math.prod(shape[2:])
    sigma = math.sqrt(VARIANCE[name](shape[1] * kernel, shape[0] * kernel))
    count = weights.size
    assert weights.shape == shape
    assert abs(weights.mean()) < 6 * sigma / math.sqrt(count)
    assert abs(weights.std() / sigma - 1) < 6 / math.sqrt(2 * count)
    largest = abs(weights).max() / sigma
    if "uniform" in name:
        assert 0.99 * math.sqrt(3) < largest <= math.sqrt(3) * (1 + 1e-12)
    else:
        assert largest > 2.5


def test_fans() -> None:
    assert initializers.fans((10, 784)) == (784, 10)
    assert initializers.fans((8, 4, 5, 3)) == (60, 120)


def test_zeros_and_ones() -> None:
    rng = np.random.default_rng(0)
    assert not initializers.get("zeros")((2, 3), rng).any()
    assert (initializers.get("ones")((3,), rng) == 1).all()


def test_every_name_is_understood() -> None:
    for name in initializers.NAMES:
        rule = initializers.get(name.replace("(x)", "(1e-2)"))
        assert rule((3, 2), np.random.default_rng(0)).shape == (3, 2)


@pytest.mark.parametrize(
    "name",
    ["he", "", "normal", "normal()", "normal(x)", "normal(0.1", "normal(0.1))", "normal(-1)",
     "normal(inf)", "normal(nan)", "uniform(0)", "he_normal(0.1)", "zeros()", 0.1, None],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(gn.ConfigError, match=r"no initializer is called .*; there are xavier_"):
        initializers.get(name)


def test_vectors_have_no_fans() -> None:
    with pytest.raises(gn.ConfigError, match=r"shape \(3,\) has no fan-in"):
        gn.Linear(2, 3, bias_init="he_normal").initialize()


def test_float32_and_float64_start_from_the_same_numbers() -> None:
    small = gn.Linear(5, 4).initialize(seed=3)
    large = gn.Linear(5, 4).astype(np.float64).initialize(seed=3)
    assert large.weight.value.dtype == np.float64
    np.testing.assert_array_equal(small.weight.value, large.weight.value.astype(np.float32))


def test_a_slip_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(gn.ConfigError, match="did you mean 'he_normal'"):
        initializers.get("he-norml")
