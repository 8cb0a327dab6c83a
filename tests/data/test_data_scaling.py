import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glassnet.data import Scaling, fit_scaling
from glassnet.errors import ConfigError

tables = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.integers(1, 5)),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)


@given(tables)
def test_minmax_fills_the_range(x):
    scaled = fit_scaling("minmax -> -1..1", x).apply(x)
    assert scaled.min() == pytest.approx(-1, abs=1e-3)
    assert scaled.max() <= 1 + 1e-3
    if x.max() - x.min() > 1:
        assert scaled.max() == pytest.approx(1, abs=1e-3)


@given(tables)
def test_standardised_features_have_mean_0_and_deviation_1_or_do_not_vary(x):
    scaled = fit_scaling("zscore-feature", x).apply(x).astype(np.float64)
    assert np.isfinite(scaled).all()
    span = x.max(axis=0) - x.min(axis=0)
    steady = (np.abs(x).max(axis=0) < 100 * span) & (span > 1e-20)
    assert np.allclose(scaled.mean(axis=0)[steady], 0, atol=1e-3)
    assert np.allclose(scaled.std(axis=0)[steady], 1, atol=1e-3)


def test_statistics_are_those_of_numpy():
    x = np.random.default_rng(0).normal(5, 3, (70_000, 20)).astype(np.float32)  # several blocks
    wide = x.astype(np.float64)
    each = fit_scaling("zscore-feature", x)
    np.testing.assert_allclose(each.scale, 1 / wide.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(each.offset, -wide.mean(axis=0) / wide.std(axis=0), rtol=1e-10)
    whole = fit_scaling("zscore", x)
    assert isinstance(whole.scale, float)
    assert whole.scale == pytest.approx(1 / wide.std())
    span = fit_scaling("minmax-feature", x)
    np.testing.assert_allclose(span.apply(x).max(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(span.apply(x).min(axis=0), 0, atol=1e-6)


@pytest.mark.parametrize("name", ["minmax", "minmax-feature", "zscore", "zscore-feature"])
@pytest.mark.parametrize("value", [0.1, -1e6, 0.0, 3e38])
def test_constant_features_are_not_divided_by_zero(name, value):
    x = np.full((7, 3), value, np.float32)
    scaled = fit_scaling(name, x).apply(x)
    assert np.abs(scaled).max() <= abs(value) * 1e-6


def test_bytes_become_x_over_255_and_do_not_overflow():
    x = np.arange(256, dtype=np.uint8).reshape(-1, 1, 4, 4)
    scaling = fit_scaling("minmax", x)
    assert (scaling.scale, scaling.offset) == (1 / 255, 0.0)
    np.testing.assert_allclose(scaling.apply(x), x / 255, rtol=1e-6)
    fixed = fit_scaling("0..255 -> 0.01..1", x[:3])
    np.testing.assert_allclose(fixed.apply(x), x / 255 * 0.99 + 0.01, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.5, np.array([0.5, 2.0])])
def test_apply_keeps_to_its_dtype(dtype, scale):
    x = np.array([[1, 2], [3, 4]], np.uint8)
    scaled = Scaling(scale, 1.0).apply(x, dtype=dtype)
    assert scaled.dtype == dtype
    np.testing.assert_allclose(scaled, x * scale + 1)
    out = np.empty((2, 2), dtype)
    assert Scaling(scale, 1.0).apply(x, out=out) is out
    np.testing.assert_array_equal(out, scaled)


def test_apply_and_fit_make_no_large_temporaries():
    x = np.random.default_rng(0).integers(0, 255, (4000, 1, 28, 28), dtype=np.uint8)
    out = np.empty(x.shape, np.float32)
    tracemalloc.start()
    for name in ("zscore", "minmax", "zscore-feature"):
        fit_scaling(name, x).apply(x, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # all at once in float64 would be 25 million


@given(tables, st.sampled_from(["none", "minmax", "minmax-feature", "zscore", "zscore-feature"]))
def test_stored_as_json_and_back(x, name):
    scaling = fit_scaling(name, x)
    again = Scaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
    np.testing.assert_array_equal(again.apply(x), scaling.apply(x))
    assert fit_scaling(scaling, x) is scaling
    assert fit_scaling(scaling.to_dict(), x).to_dict() == scaling.to_dict()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("minmx", "did you mean 'minmax'"),
        ("zscore -> 0..1", "no range"),
        ("255..0", "smaller first"),
        ("0..1e999", "smaller first"),
        ("minmax -> 3", "two numbers"),
        ("", "there is no scaling"),
        (3, "must be a name"),
        ({"scale": 1}, "scale and offset"),
        ({"scale": "x", "offset": 0}, "finite numbers"),
        ({"scale": float("nan"), "offset": 0}, "finite numbers"),
        ({"scale": [[1], [1, 2]], "offset": 0}, "finite numbers"),
    ],
)
def test_nonsense_is_refused(wrong, words):
    with pytest.raises(ConfigError, match=words):
        fit_scaling(wrong, np.zeros((2, 2)))
