"""Decision regions: in the data's own units, for any number of classes."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import glassnet as gn
from glassnet.pictures import decision_boundary, draw_decision_boundary

from .looking import check, texts


def points(classes: int, count: int = 60) -> gn.Dataset:
    rng = np.random.default_rng(classes)
    y = np.arange(count) % classes
    return gn.Dataset(rng.normal(size=(count, 2)) + y[:, None], y, gn.data.Scaling(0.1, 0.0))


def network(outputs: int) -> gn.Sequential:
    return gn.Sequential(gn.Linear(2, 8), gn.Tanh(), gn.Linear(8, outputs)).initialize(seed=1)


def threshold(at: float) -> gn.Sequential:
    """A model that says class 1 where the first feature, as it sees it, is above `at`."""
    model = gn.Sequential(gn.Linear(2, 1)).initialize()
    model[0].weight.value = [[50.0, 0.0]]
    model[0].bias.value = [-50.0 * at]
    return model


@pytest.mark.parametrize("outputs", [1, 2, 3, 7, 20])
def test_any_number_of_classes(outputs):
    train = points(max(outputs, 2))
    figure = decision_boundary(network(outputs), train, train.take(slice(0, 20)), grid=40)
    check(figure)
    (regions,) = figure.axes[0].images
    assert regions.get_array().shape == (40, 40, 3)
    assert "test sample" in texts(figure)


def test_the_model_sees_scaled_samples_and_the_axes_are_unscaled():
    # Scaled by 0.01 (x − 300): a border at 0.5 lies at x = 350 in the data's units.
    train = gn.Dataset(
        np.array([[300.0, 0.0], [400.0, 1.0], [300, 1], [400, 0]]),
        [0, 1, 0, 1],
        gn.data.Scaling(np.array([0.01, 1.0]), np.array([-3.0, 0.0])),
    )
    figure = decision_boundary(threshold(0.5), train, grid=101)
    check(figure)
    axes = figure.axes[0]
    (border,) = [c for c in axes.collections if len(c.get_paths())]
    xs = np.concatenate([path.vertices[:, 0] for path in border.get_paths()])
    np.testing.assert_allclose(xs, 350, atol=0.1)
    assert axes.get_xlim() == (290, 410)
    regions = axes.images[0].get_array()
    assert np.ptp(regions[:, 20], axis=0).max() < 1e-6  # the same colour all the way up
    assert not np.allclose(regions[50, 20], regions[50, 80])


def test_the_surer_the_darker():
    train = gn.Dataset(np.array([[-1.0, 0.0], [1.0, 1.0]]), [0, 1])
    regions = decision_boundary(threshold(0.0), train, grid=41).axes[0].images[0].get_array()
    whiteness = regions[20].min(axis=1)
    assert whiteness[20] == whiteness.max() > 0.9
    assert max(whiteness[0], whiteness[-1]) < 0.6


def test_every_sample_is_drawn_by_class():
    train, test = points(3, 30), points(3, 12)
    axes = decision_boundary(network(3), train, test, grid=10).axes[0]
    drawn = [np.column_stack(line.get_data()) for line in axes.lines]
    for k in range(3):
        np.testing.assert_array_equal(drawn[k], train.raw[train.y == k])
        np.testing.assert_array_equal(drawn[3 + k], test.raw[test.y == k])
    shapes = {line.get_marker() for line in axes.lines[:3]}
    colours = {line.get_markerfacecolor() for line in axes.lines[:3]}
    assert len(shapes) == len(colours) == 3


def test_many_samples_are_thinned():
    axes = decision_boundary(network(2), points(2, 5000), grid=10).axes[0]
    assert sum(len(line.get_xdata()) for line in axes.lines) == 1000


def test_into_axes_of_a_larger_figure():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    draw_decision_boundary(left, network(2), points(2), grid=20)
    draw_decision_boundary(right, network(3), points(3), grid=20)
    check(figure, labelled=False)
    assert len(left.images) == len(right.images) == 1


def test_features_that_are_constant_or_of_very_different_size():
    flat = gn.Dataset(np.array([[1.0, 5.0], [2.0, 5.0]]), [0, 1])
    check(decision_boundary(network(2), flat, grid=20))
    wide = gn.Dataset(np.array([[0.0, 0.0], [1e6, 1e-3]]), [0, 1], gn.data.Scaling(1e-6))
    figure = decision_boundary(network(2), wide, grid=20)
    check(figure)
    assert figure.axes[0].get_aspect() == "auto"


def test_a_model_that_is_always_sure_of_one_class():
    figure = decision_boundary(threshold(-1e3), points(2), grid=20)
    check(figure)
    assert not figure.axes[0].collections


def test_names():
    data = points(3)
    named = gn.Dataset(data.raw, data.y, data.scaling, class_names=["$a", "ねこ", "c" * 50])
    figure = decision_boundary(network(3), named, feature_names=("petal_width $", "β"), grid=20)
    check(figure)
    assert {"class", r"\$a", "1", "c" * 15 + "…"} <= set(texts(figure))


def test_other_shapes_are_refused():
    data = gn.Dataset(np.zeros((4, 3)), [0, 1, 0, 1])
    with pytest.raises(gn.DataError, match="2 features"):
        decision_boundary(network(2), data)
