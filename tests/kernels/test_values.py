"""Cases worked by hand, and inputs at the edges, for both editions."""

import numpy as np
import pytest

from glassnet.arrays import Array

from .compare import EDITIONS

pytestmark = pytest.mark.parametrize("k", EDITIONS.values(), ids=EDITIONS.keys())


def vector(*numbers: float) -> Array:
    return np.array(numbers, np.float64)


def near(actual: Array, *expected: float) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_sgd(k):
    w = vector(1, 2)
    k.sgd_update(w, vector(3, -4), None, 0.1, 0.0, 0.0, False)
    near(w, 1 - 0.1 * 3, 2 + 0.1 * 4)


def test_sgd_with_momentum_and_dampening(k):
    w, v = vector(1), vector(2)
    k.sgd_update(w, vector(4), v, 0.1, 0.5, 0.25, False)
    near(v, 0.5 * 2 + 0.75 * 4)  # 4
    near(w, 1 - 0.1 * 4)


def test_sgd_with_nesterov_momentum(k):
    w, v = vector(1), vector(2)
    k.sgd_update(w, vector(4), v, 0.1, 0.5, 0.0, True)
    near(v, 0.5 * 2 + 4)  # 5
    near(w, 1 - 0.1 * (4 + 0.5 * 5))


def test_adagrad(k):
    w, s = vector(1), vector(7)
    k.adagrad_update(w, vector(3), s, 0.1, 2.0)
    near(s, 16)
    near(w, 1 - 0.1 * 3 / (4 + 2))  # ε beside the root, not under it


def test_rmsprop(k):
    w, s = vector(1), vector(4)
    k.rmsprop_update(w, vector(6), s, None, 0.1, 0.625, 0.0, 1.0)
    near(s, 0.625 * 4 + 0.375 * 36)  # 16
    near(w, 1 - 0.1 * 6 / (4 + 1))


def test_rmsprop_with_momentum(k):
    w, s, v = vector(1), vector(4), vector(2)
    k.rmsprop_update(w, vector(6), s, v, 0.1, 0.625, 0.5, 1.0)
    near(v, 0.5 * 2 + 6 / 5)
    near(w, 1 - 0.1 * 2.2)


def test_adam(k):
    w, m, s = vector(1), vector(0), vector(0)
    k.adam_update(w, vector(4), m, s, 1, 0.1, 0.9, 0.99, 1.0)
    near(m, 0.4)
    near(s, 0.16)
    near(w, 1 - 0.1 * 4 / (4 + 1))  # at the first step m̂ = g and √ŝ = |g|
    k.adam_update(w, vector(0), m, s, 2, 0.1, 0.9, 0.99, 1.0)
    m_hat, s_hat = 0.36 / 0.19, 0.1584 / (1 - 0.99**2)
    near(w, 0.92 - 0.1 * m_hat / (s_hat**0.5 + 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_python_floats_do_not_promote(k, dtype):
    """A row of the smallest arrays through everything that takes a hyperparameter."""
    x = np.ones((1, 1, 2, 2), dtype)
    for y in (
        k.leaky_relu_forward(x, 0.1),
        k.leaky_relu_backward(x, x, 0.1),
        k.elu_forward(x, 1.3),
        k.elu_backward(x, x, 1.3),
        *k.normalize_forward(x, (0, 2, 3), 1e-5),
        k.normalize_backward(x, x, x, (0, 2, 3), 1e-5),
        k.avg_pool2d_forward(x, (2, 2), (1, 1), (1, 1)),
        k.avg_pool2d_backward(x, (1, 3, 3), (2, 2), (1, 1), (0, 0)),
    ):
        assert y.dtype == dtype


EXTREME = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_nothing_overflows(k, dtype):
    x = EXTREME.astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        third = 1 / 3
        probabilities = k.softmax_forward(x)
        np.testing.assert_allclose(probabilities, [[1, 0, 0], [third] * 3, [third] * 3], rtol=1e-6)
        assert np.isfinite(k.softmax_backward(x, probabilities)).all()
        logs = k.log_softmax_forward(x)
        np.testing.assert_allclose(logs[0], [0, -2e4, -1e4])
        np.testing.assert_allclose(logs[1:], -np.log(3), rtol=1e-3)  # of numbers as large as 1e4
        y = k.sigmoid_forward(x)
        np.testing.assert_array_equal(y, [[1, 0, 0.5], [0, 0, 0], [1, 1, 1]])
        np.testing.assert_array_equal(k.sigmoid_backward(x, y)[y != 0.5], 0)
        np.testing.assert_array_equal(k.tanh_forward(x), np.sign(x))
        np.testing.assert_array_equal(k.elu_forward(x, 2.0), np.where(x < 0, -2, x))
        np.testing.assert_array_equal(k.elu_backward(x, x, 2.0), np.maximum(x, 0))
        for name in ("gelu", "silu"):
            np.testing.assert_array_equal(getattr(k, f"{name}_forward")(x), np.maximum(x, 0))
            dx = getattr(k, f"{name}_backward")(np.ones_like(x), x)
            np.testing.assert_array_equal(dx[x != 0], x[x != 0] > 0)


def test_small_sigmoids_keep_their_digits(k):
    x = np.array([-40.0, -700.0])
    np.testing.assert_allclose(k.sigmoid_forward(x), np.exp(x), rtol=1e-12)


def test_normalizing_equal_values_gives_zero(k):
    x = np.full((4, 2), 3.0, np.float32)
    normalized, mean, variance = k.normalize_forward(x, (0,), 1e-5)
    np.testing.assert_array_equal(normalized, 0)
    np.testing.assert_array_equal(mean, [[3, 3]])
    np.testing.assert_array_equal(variance, [[0, 0]])


def test_the_first_of_equals_wins(k):
    x = np.array([[1, 5, 5], [5, 0, 0], [2, 2, 2]], np.float32)[None, None]
    y, winner = k.max_pool2d_forward(x, (2, 2), (1, 1), (0, 0))
    np.testing.assert_array_equal(y[0, 0], [[5, 5], [5, 2]])
    np.testing.assert_array_equal(winner[0, 0], [[1, 0], [0, 2]])
    dx = k.max_pool2d_backward(np.ones_like(y), winner, (1, 3, 3), (2, 2), (1, 1), (0, 0))
    np.testing.assert_array_equal(dx[0, 0], [[0, 2, 0], [1, 0, 0], [0, 1, 0]])


def test_padding_never_wins_and_no_error_is_lost(k):
    for lowest in (-1.0, -np.inf):
        x = np.full((1, 1, 3, 3), lowest, np.float32)
        y, winner = k.max_pool2d_forward(x, (3, 3), (2, 2), (1, 1))
        np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), lowest))
        dx = k.max_pool2d_backward(np.ones_like(y), winner, (1, 3, 3), (3, 3), (2, 2), (1, 1))
        assert dx.sum() == 4


def test_nan_wins(k):
    x = np.array([[9, np.nan], [np.nan, 10]], np.float32)[None, None]
    y, winner = k.max_pool2d_forward(x, (2, 2), (2, 2), (0, 0))
    assert np.isnan(y).all()
    assert winner.item() == 2  # the last NaN, as in PyTorch


def test_rows_that_no_window_reaches_get_no_gradient(k):
    dy, weight = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
    dx = k.conv2d_input_gradient(dy, weight, (1, 6, 6), (3, 3), (0, 0))
    reached = np.array([1, 1, 0, 1, 1, 0])
    np.testing.assert_array_equal(dx[0, 0], np.outer(reached, reached))
