"""Compiled non-linearities and softmax against float64: every length, order and size of number.

That they do as the NumPy edition does, on arrays of any order, is in `test_compiled.py`; here
is how exact they are, and what becomes of numbers at the edges.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import special

pytest.importorskip("numba")

from glassnet.kernels import compiled, vectorised
from glassnet.kernels.compiled import _curves, _exponentials, _loops, _softmax_columns
from glassnet.kernels.compiled._lanes import LANES

from .compare import batch_innermost
from .test_agreement import ACTIVATIONS

CURVES = ("sigmoid", "tanh", "silu", "elu", "gelu")
HALF_UNIT = 2.0**-24
"""The largest relative error of rounding to float32."""
SMALLEST = 2.0**-126
ZERO = 100 * SMALLEST
"""As good as zero: 89 times it is, where an exponential has become zero."""
some = settings(
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # `loops` stays as it is
)
numbers = st.one_of(*(st.floats(-size, size, width=32) for size in (80, 3, 2.0**-10)))


@pytest.fixture(params=["one thread", "all threads"])
def loops(request, monkeypatch):
    """Nothing is too small for a loop; and each loop runs in the one or in the other form."""
    for module, limits in (
        (compiled.activation, ("SMALL", "FEW", "TINY")),
        (compiled.softmax, ("SMALL",)),
    ):
        for limit in limits:
            monkeypatch.setattr(module, limit, 1)
    monkeypatch.setattr(_loops, "ENOUGH", 0 if request.param == "all threads" else 1 << 62)


def forward(edition, name, x):
    return getattr(edition, f"{name}_forward")(x, **ACTIVATIONS[name][0])


def backward(edition, name, dy, x):
    more, taken = ACTIVATIONS[name]
    kept = forward(edition, name, x) if taken == "y" else x
    return getattr(edition, f"{name}_backward")(dy, kept, **more)


def close(actual, expected, half_units, absolute=0.0):
    """Compare with float64, in halves of the last place; what is below the smallest may be zero."""
    error = np.abs(actual - expected)
    allowed = half_units * HALF_UNIT * np.abs(expected) + absolute * HALF_UNIT + SMALLEST
    worst = np.argmax(error - allowed)
    assert (error <= allowed).all(), (actual.flat[worst], expected.flat[worst])


@given(st.lists(numbers, min_size=1, max_size=70))
@some
def test_curves_keep_the_digits_of_all_numbers(loops, given):
    x = np.array(given, np.float32)
    for name in CURVES:
        expected = forward(vectorised, name, x.astype(np.float64))
        # The square of x is rounded before the exponential is taken of it, and once more where the
        # processor has no multiply-add.
        more = 8 + 1.5 * np.minimum(x, 0).astype(float) ** 2 if name == "gelu" else 3
        close(forward(compiled, name, x), expected, more)


@given(st.lists(numbers, min_size=1, max_size=70))
@some
def test_slopes_are_those_of_the_curves(loops, given):
    x = np.array(given, np.float32)
    x = x[np.abs(x) > 1e-3]  # no difference across the kink
    if not len(x):
        return
    dy = np.linspace(0.5, 2, len(x)).astype(np.float32)
    wide, h = x.astype(np.float64), 1e-6
    for name in CURVES:
        up, down = (forward(vectorised, name, wide + step) for step in (h, -h))
        numeric = dy * (up - down) / (2 * h)
        np.testing.assert_allclose(backward(compiled, name, dy, x), numeric, rtol=3e-6, atol=3e-6)


def test_gelu_keeps_the_digits_of_its_tail(loops):
    x = np.linspace(-12, -3, 10_001).astype(np.float32)
    expected = x * special.ndtr(x.astype(np.float64))
    np.testing.assert_allclose(forward(compiled, "gelu", x), expected, rtol=1e-5)
    assert forward(compiled, "gelu", np.full(9, -1e4, np.float32)).any() == 0


EDGES = np.array(
    [0.0, -0.0, 1e-45, -1e-45, 1e-39, -1e-39, 89, -89, 104, -104, 1e4, -1e4, 3e38, -3e38,
     np.inf, -np.inf, np.nan],
    np.float32,
)  # fmt: skip
ODD_NANS = np.array([0x7F800001, 0x7FFFFFFF, 0x7FC00055, -1, -0x7FFFFF], np.int32).view(np.float32)


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("length", [1, 3, 16, 17, 33])
def test_edges_are_as_in_the_plain_edition(loops, name, length):
    with np.errstate(all="ignore"):
        for number in EDGES:
            x = np.full(length, number, np.float32)
            ours, theirs = forward(compiled, name, x), forward(vectorised, name, x)
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=ZERO)
            if ACTIVATIONS[name][1] == "y" and not 0 <= abs(number) <= 1:
                continue  # no output of these
            for error in (np.float32(2), np.float32(np.nan)):
                dy = np.full(length, error)
                ours, theirs = (backward(k, name, dy, x) for k in (compiled, vectorised))
                np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=ZERO)
        for number in ODD_NANS:
            assert np.isnan(forward(compiled, name, np.full(length, number))).all()


@pytest.mark.parametrize("name", CURVES)
def test_no_numbers_at_all(loops, name):
    none = np.empty((0, 3), np.float32)
    assert forward(compiled, name, none).shape == (0, 3)
    assert backward(compiled, name, none, none).shape == (0, 3)


@given(st.lists(st.floats(-87, 88, width=32), min_size=1, max_size=40))
@some
def test_exponentials_and_logarithms(loops, given):
    x, y = np.array(given, np.float32), np.empty(len(given), np.float32)
    for function, exact in (
        (_exponentials.exp, np.exp),
        (_exponentials.exp_minus_one, np.expm1),
        (_exponentials.log, np.log),
    ):
        z = -np.abs(x) if exact is np.expm1 else np.exp(x) if exact is np.log else x
        _loops.Loop(_curves._curve, of=function).serial(z, (), 1, 1, y)
        close(y, exact(z.astype(np.float64)), 3, 1e-3)


shapes = st.tuples(
    st.integers(1, 40), st.sampled_from([1, 2, 3, 10, 15, 16, 17, 33, 100, 257]), st.integers(1, 6)
)


@given(shapes, st.booleans(), st.sampled_from([1.0, 30.0]), st.integers(0, 2**32 - 1))
@some
def test_softmax_of_rows_and_columns(loops, shape, innermost, size, seed):
    samples, classes, places = shape
    rng = np.random.default_rng(seed)
    shape = (samples, classes) if places == 1 else (samples, classes, places, 2)
    x, dy = (size * rng.standard_normal((2, *shape))).astype(np.float32)
    if innermost:
        x, dy = batch_innermost(x), batch_innermost(dy)
    exact = special.softmax(x.astype(np.float64), axis=1)
    y, log_y = compiled.softmax_forward(x), compiled.log_softmax_forward(x)
    np.testing.assert_allclose(y, exact, rtol=2e-5, atol=1e-37)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    expected = special.log_softmax(x.astype(np.float64), axis=1)
    np.testing.assert_allclose(log_y, expected, rtol=1e-6, atol=1e-6)
    product = (exact * dy).sum(axis=1, keepdims=True)
    dx = compiled.softmax_backward(dy, y)
    np.testing.assert_allclose(dx, exact * (dy - product), rtol=1e-4, atol=1e-5 * size)
    for result in (y, log_y, dx):
        assert result.strides == x.strides or min(x.shape[:2]) == 1


@given(shapes, st.booleans(), st.sampled_from([0.0, 0.1]), st.integers(0, 2**32 - 1))
@some
def test_cross_entropy_of_rows_and_columns(loops, shape, innermost, smoothing, seed):
    samples, classes, _ = shape
    rng = np.random.default_rng(seed)
    z = (5 * rng.standard_normal((samples, classes))).astype(np.float32)
    labels = rng.integers(0, classes, samples)
    value, gradient = compiled.softmax_cross_entropy(
        np.asfortranarray(z) if innermost else z, labels, smoothing
    )
    wide = z.astype(np.float64)
    expected, slope = vectorised.softmax_cross_entropy(wide, labels, smoothing)
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-6 / samples)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("classes", [3, LANES, LANES + 1, 1000])
def test_softmax_at_the_edges(loops, order, classes):
    rows = np.zeros((5, classes), np.float32)
    rows[0, 0], rows[1, 1], rows[2], rows[3, 1], rows[4, -1] = (
        np.nan,
        np.inf,
        -np.inf,
        -np.inf,
        1e38,
    )
    x = np.asarray(rows, order=order)
    with np.errstate(all="ignore"):
        for name in ("softmax_forward", "log_softmax_forward"):
            ours, theirs = (getattr(k, name)(x) for k in (compiled, vectorised))
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, err_msg=name)
        for row in range(5):
            z, labels = np.repeat(x[row : row + 1], 2, axis=0), np.array([0, 2])
            z = np.asarray(z, order=order)
            ours = compiled.softmax_cross_entropy(z, labels, 0.0)
            theirs = vectorised.softmax_cross_entropy(z, labels, 0.0)
            assert ours[0] == pytest.approx(theirs[0], nan_ok=True)
            np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("wrong", [-1, 7])
def test_labels_that_are_no_class(loops, order, wrong):
    z = np.asarray(np.ones((40, 7), np.float32), order=order)
    labels = np.zeros(40, np.int64)
    labels[33] = wrong
    with pytest.raises(IndexError):
        compiled.softmax_cross_entropy(z, labels, 0.0)


def test_more_columns_than_are_taken_at_a_time(loops):
    x = np.asfortranarray(np.random.default_rng(0).standard_normal((777, 300), np.float32))
    assert _softmax_columns.FEW < 777
    np.testing.assert_allclose(
        compiled.softmax_forward(x), special.softmax(x.astype(float), axis=1), rtol=1e-5
    )


def test_the_same_bits_for_any_number_of_threads(monkeypatch):
    x = batch_innermost(np.random.default_rng(1).standard_normal((33, 5, 9, 11), np.float32))
    results = []
    for enough in (0, 1 << 62):
        monkeypatch.setattr(_loops, "ENOUGH", enough)
        results.append(
            [forward(compiled, name, x).tobytes() for name in CURVES]
            + [compiled.softmax_forward(x).tobytes()]
        )
    assert results[0] == results[1]
