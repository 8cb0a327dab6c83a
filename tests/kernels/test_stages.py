"""Convolutions of a network in one call: each edition against the one before."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassnet.kernels import reference, vectorised
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS

from .compare import ORDERS, generators, orders

NAMES = ("x", "stages", "slopes", "value")
few = settings(max_examples=60, deadline=None, database=None)


@st.composite
def networks(draw: st.DrawFn, outputs: list[int], sizes: tuple[int, int]) -> dict[str, Any]:
    """Draw images, and a network of stages for them."""
    rng, samples = draw(generators), draw(st.integers(1, 3))
    channels, side = draw(st.integers(1, 3)), st.integers(*sizes)
    size = (draw(side), draw(side))
    x = rng.standard_normal((samples, channels, *size)).astype(np.float32)
    rows, start = [], 3
    for _ in range(draw(st.integers(1, 3))):
        many = draw(st.sampled_from(outputs))
        kernel, stride = draw(pairs(1, 5)), draw(pairs(1, 3))
        padding = draw(pairs(0, 2))
        size = counted(size, kernel, stride, padding)
        end = start + many * channels * kernel[0] * kernel[1]
        bias = end if draw(st.booleans()) else -1
        row = [channels, many, *kernel, *stride, *padding, start, bias]
        row.append(draw(st.integers(0, len(ACTIVATIONS) - 1)))
        pooling, window = draw(st.integers(0, len(POOLINGS) - 1)), ((1, 1), (1, 1), (0, 0))
        if pooling:
            kernel = draw(pairs(1, 3))
            border = tuple(draw(st.integers(0, k // 2)) for k in kernel)
            window = (kernel, draw(pairs(1, 3)), border)
        size = counted(size, *window)
        assume(min(size) > 0)
        rows.append([*row, pooling, *(n for pair in window for n in pair)])
        channels, start = many, end + many * (bias >= 0)
    value = (0.3 * rng.standard_normal(start + 2)).astype(np.float32)
    given = (x, np.array(rows), rng.random(len(rows)), value)
    return dict(zip(NAMES, given, strict=True))


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


def counted(size, kernel, stride, padding):
    each = zip(size, kernel, stride, padding, strict=True)
    found = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in each)
    assume(min(found) > 0)
    return found


def assert_close(found: Any, expected: Any, tolerance: float = 2e-5) -> None:
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=tolerance * scale)


@given(networks([1, 2, 3], (3, 7)), orders)
@settings(max_examples=30, deadline=None, database=None)
def test_numpy_agrees_with_the_textbook(arguments, order):
    mine = {name: ORDERS[order[i]](array) for i, (name, array) in enumerate(arguments.items())}
    expected = reference.conv_stages_forward(**arguments)
    assert_close(vectorised.conv_stages_forward(**mine), expected)


@pytest.mark.parametrize("outputs", [[2], [8, 9, 17]], ids=["narrow", "wide"])
def test_compiled_agrees_with_numpy(outputs):
    pytest.importorskip("numba")
    from glassnet.kernels import compiled

    @given(networks(outputs, (3, 40)), orders, st.booleans())
    @few
    def compare(arguments, order, lies_plainly):
        expected = vectorised.conv_stages_forward(**arguments)
        if not lies_plainly:
            for i, (name, array) in enumerate(arguments.items()):
                if name != "value":
                    arguments[name] = ORDERS[order[i]](array)
                    arguments[name].flags.writeable = False
        assert_close(compiled.conv_stages_forward(**arguments), expected)

    compare()


@pytest.mark.parametrize("form", ["one thread", "all threads"])
def test_bands_and_shares(form, monkeypatch):
    """However many threads there are: bands overlap where windows do, few rows are shared out."""
    pytest.importorskip("numba")
    from glassnet.kernels.compiled import _loops
    from glassnet.kernels.compiled._stages import stages_of_few

    monkeypatch.setattr(_loops, "ENOUGH", 0 if form == "all threads" else 1 << 62)

    @given(networks([8, 20, 33], (4, 30)), st.sampled_from([1, 2, 3, 5]))
    @few
    def compare(arguments, parts):
        expected = vectorised.conv_stages_forward(**arguments)
        y = np.full(expected.shape, 7, np.float32)
        stages_of_few(1, *arguments.values(), parts, y, (0,) * 8)
        assert_close(y, expected)

    compare()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_nan_is_not_lost(pooling):
    pytest.importorskip("numba")
    from glassnet.kernels import compiled

    window = [1, 1, 1, 1, 0, 0] if pooling == "none" else [2, 2, 2, 2, 0, 0]
    stages = np.array([[1, 8, 3, 3, 1, 1, 1, 1, 0, 72, 1, POOLINGS.index(pooling), *window]])
    x = np.ones((1, 1, 8, 8), np.float32)
    x[0, 0, 3, 5] = np.nan
    given = (x, stages, np.zeros(1), np.ones(80, np.float32))
    expected = vectorised.conv_stages_forward(*given)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(compiled.conv_stages_forward(*given), expected)


def test_what_does_not_fit_is_refused():
    pytest.importorskip("numba")
    from glassnet.kernels import compiled

    stages = np.array([[2, 8, 3, 3, 1, 1, 0, 0, 0, 144, 1, 0, 1, 1, 1, 1, 0, 0]])
    rest = (stages, np.zeros(1), np.ones(152, np.float32))
    for shape, message in (((1, 3, 8, 8), "channels"), ((1, 2, 2, 8), "larger than an image")):
        with pytest.raises(ValueError, match=message):
            compiled.conv_stages_forward(np.ones(shape, np.float32), *rest)
