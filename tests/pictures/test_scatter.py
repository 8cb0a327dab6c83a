"""Predicted against true values."""

import numpy as np
import pytest

from glassnet.pictures import predicted_against_true

from .looking import check, overlaps, texts

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("outputs", [1, 4, 9])
def test_points_are_the_values(outputs):
    true = RNG.normal(size=(50, outputs))
    predicted = true + 0.1
    figure = predicted_against_true(predicted, true, "test")
    check(figure)
    assert len(figure.axes) == min(outputs, 6)
    for k, axes in enumerate(figure.axes):
        points = axes.lines[-1]
        np.testing.assert_array_equal(points.get_xdata(), true[:, k])
        np.testing.assert_array_equal(points.get_ydata(), predicted[:, k])
        assert axes.get_xlim() == axes.get_ylim()
    assert any("mean absolute error 0.1" in text for text in texts(figure))
    assert overlaps(figure) == []


def test_flat_targets_and_many_samples():
    true = RNG.normal(size=20_000)
    figure = predicted_against_true(true[:, None], true)
    check(figure)
    assert len(figure.axes[0].lines[-1].get_xdata()) == 5000
    assert any("R² 1.000" in text for text in texts(figure))


@pytest.mark.parametrize(
    ("predicted", "true"), [([[1.0]], [1.0]), ([[2.0], [2.0]], [3.0, 3.0]), ([[np.nan]], [np.nan])]
)
def test_degenerate_values(predicted, true):
    check(predicted_against_true(np.array(predicted), np.array(true)))
