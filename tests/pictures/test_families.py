"""Families of runs, and curves by the iteration."""

import numpy as np
import pytest
from scipy import stats

import glassnet as gn
from glassnet.pictures import family_curves, step_curves
from glassnet.pictures.steps import running_mean

from .looking import check, overlaps, texts


def history(values, column="valid_loss", steps=()):
    found = gn.History()
    found.epochs += [{"epoch": i + 1, column: float(v)} for i, v in enumerate(values)]
    found.steps += [{"step": i + 1, "loss": float(v), "lr": 0.1} for i, v in enumerate(steps)]
    return found


def band(axes):
    (vertices,) = [path.vertices for path in axes.collections[0].get_paths()]
    return vertices


def test_mean_and_students_interval():
    table = np.random.default_rng(0).normal(5, 1, size=(5, 8))
    figure = family_curves({"a": [history(row) for row in table]})
    check(figure)
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), table.mean(axis=0))
    low, high = stats.t.interval(
        0.95, 4, loc=table[:, 3].mean(), scale=stats.sem(table[:, 3])
    )  # fmt: skip
    at_four = band(axes)[np.isclose(band(axes)[:, 0], 4.0), 1]
    assert (at_four.min(), at_four.max()) == pytest.approx((low, high))
    assert any("95 % interval" in text for text in texts(figure))


def test_one_seed_has_no_band_and_shorter_runs_leave_the_mean():
    figure = family_curves({"one": [history([3, 2, 1])], "two": [history([4, 4]), history([2])]})
    one, two = figure.axes[0].lines
    np.testing.assert_allclose(one.get_ydata(), [3, 2, 1])
    np.testing.assert_allclose(two.get_ydata(), [3, 4])
    assert "one (1 seed)" in texts(figure)
    assert "two (2 seeds)" in texts(figure)


def test_many_families_are_told_apart_without_colours():
    figure = family_curves({f"f{i}": [history([i + 1, i + 2])] for i in range(9)})
    looks = {(line.get_marker(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(looks) == 9
    assert overlaps(figure) == []


def test_by_the_step_neighbours_are_averaged():
    runs = [history([1], steps=np.arange(1000.0)), history([1], steps=np.arange(1000.0))]
    figure = family_curves({"a": runs}, by="step")
    line = figure.axes[0].lines[0]
    assert len(line.get_xdata()) <= 400
    np.testing.assert_allclose(line.get_xdata() - 1, line.get_ydata(), atol=1)
    assert figure.axes[0].get_xlabel() == "iteration (batches)"


def test_shares_stay_shares():
    runs = [history(row, "valid_accuracy") for row in ([0.5, 0.99], [0.3, 1.0])]
    axes = family_curves({"a": runs}).axes[0]
    assert axes.get_ylim()[1] <= 1.03
    assert axes.get_ylabel() == "validation accuracy (%)"


def test_what_cannot_be_drawn():
    for families in ({}, {"a": []}):
        with pytest.raises(gn.DataError, match="no run to draw"):
            family_curves(families)
    with pytest.raises(gn.DataError, match="record_steps"):
        family_curves({"a": [history([1])]}, by="step")
    with pytest.raises(gn.DataError, match="no figure in common"):
        family_curves({"a": [history([1]), gn.History()]})
    with pytest.raises(gn.DataError, match="has no 'valid_mae'"):
        family_curves({"a": [history([1])]}, ["valid_mae"])
    with pytest.raises(gn.DataError, match="record_steps"):
        step_curves(history([1]))


def test_step_curves():
    figure = step_curves(history([0.5, 0.4], steps=np.linspace(1, 0.5, 100)))
    check(figure)
    batches, mean, valid = figure.axes[0].lines
    np.testing.assert_allclose(batches.get_ydata(), np.linspace(1, 0.5, 100))
    np.testing.assert_allclose(mean.get_ydata()[5], np.linspace(1, 0.5, 100)[4:6].mean())
    np.testing.assert_allclose(valid.get_xdata(), [50, 100])


def test_the_running_mean_passes_over_gaps():
    np.testing.assert_allclose(running_mean(np.array([1.0, np.nan, 3.0]), 2), [1, 1, 3])
    assert np.isnan(running_mean(np.array([np.nan, 1.0]), 1)[0])
