"""Feature maps, weight matrices, grids of boundaries, and layers over a training."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.pictures import (
    Panel,
    decision_boundaries,
    feature_maps,
    layer_distributions,
    layer_health,
    run_figures,
    weight_matrices,
)
from glassnet.pictures.layers import _shades
from glassnet.training import LayerRecord, LayerRecorder, layer_outputs
from glassnet.training.layer_record import BINS, KINDS

from .looking import check, overlaps, texts

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def images():
    y = np.arange(60) % 3
    return gn.Dataset(
        RNG.integers(0, 255, (60, 1, 9, 7)).astype(np.uint8), y, class_names=["a", "b", "c"]
    )


@pytest.fixture(scope="module")
def trained(images):
    model = gn.Sequential(
        gn.Conv2d(1, 14, 3), gn.ReLU(), gn.MaxPool2d(2), gn.Flatten(), gn.Linear(84, 3)
    )
    recorder = LayerRecorder(images.x)
    trainer = gn.Trainer(
        model, gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=[recorder], record_steps=True
    )
    return model, trainer.fit(images, images, epochs=2), recorder.record


def test_feature_maps_are_the_layers_outputs(trained, images):
    figure = feature_maps(trained[0], images, 5)
    check(figure, labelled=False)
    assert overlaps(figure) == []
    maps = [axes.images[0].get_array() for axes in figure.axes[1:]]
    outputs = [y for _, _, y in layer_outputs(trained[0], images.x[5:6]) if y.ndim == 4]
    assert len(maps) == len(outputs) == 3
    for shown, y in zip(maps, outputs, strict=True):
        height, width = y.shape[2:]
        assert shown.shape == (height, 12 * width)
        np.testing.assert_allclose(shown[:, width : 2 * width], y[0, 1], rtol=1e-6)
    words = " ".join(texts(figure))
    assert "14×7×5, 12 shown" in words
    assert "sample 5: class c, predicted" in words


def test_what_has_no_feature_maps(trained, images):
    flat = gn.Sequential(gn.Flatten(), gn.Linear(63, 3)).initialize(seed=0)
    assert feature_maps(flat, images) is None
    assert feature_maps(flat, gn.Dataset(RNG.normal(size=(9, 2)), np.arange(9) % 3)) is None


def test_weight_matrices(trained):
    figure = weight_matrices(trained[0])
    check(figure, labelled=False)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), trained[0][4].weight.value)
    assert weight_matrices(gn.Sequential(gn.ReLU())) is None
    deep = gn.Sequential(*(gn.Linear(2, 2) for _ in range(8))).initialize(seed=0)
    assert any("first 6" in text for text in texts(weight_matrices(deep)))


@pytest.mark.parametrize("kind", KINDS)
def test_distributions_over_the_epochs(trained, kind):
    record = trained[2]
    figure = layer_distributions(record, kind)
    check(figure, labelled=False)
    assert overlaps(figure) == []
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == len(record.names(kind))
    mean = [s[2] for s in record.distributions[kind, record.names(kind)[0]].statistics]
    np.testing.assert_allclose(panels[0].lines[0].get_ydata(), mean)


def test_shades_follow_the_histogram():
    counts = np.zeros(BINS, np.int64)
    counts[: BINS // 2] = 1
    shades = _shades(np.linspace(-1, 1, 21), np.array([-1.0]), np.array([1.0]), [counts])
    np.testing.assert_allclose(shades[:10, 0], 1.0)
    np.testing.assert_allclose(shades[10:, 0], 0.0, atol=1e-6)
    one = _shades(np.linspace(-1, 1, 21), np.array([0.5]), np.array([0.5]), [counts])
    assert one.sum() == 1.0


def test_health(trained):
    figure = layer_health(trained[2])
    check(figure)
    assert overlaps(figure) == []
    norms, dead = figure.axes
    assert [line.get_label() for line in norms.lines] == ["0.weight", "4.weight"]
    np.testing.assert_array_equal(dead.lines[0].get_ydata(), trained[2].dead["1"])


def test_nothing_recorded():
    with pytest.raises(gn.DataError, match="record_layers"):
        layer_distributions(LayerRecord())
    with pytest.raises(gn.DataError, match="record_layers"):
        layer_health(LayerRecord())


def test_a_run_with_everything(trained, images):
    model, history, record = trained
    drawn = run_figures(history, model, gn.DataSplits(images, images), layers=record)
    assert list(drawn) == [
        "curves", "steps", "kernels-0", "matrices", "layers-weight", "layers-bias",
        "layers-gradient", "layers-activation", "layers-health", "features",
    ]  # fmt: skip


def test_a_grid_of_boundaries():
    data = gn.data.load("moons", samples=90)
    panels = [
        Panel(f"{n} units", gn.Sequential(gn.Linear(2, n), gn.Tanh(), gn.Linear(n, 2)).initialize(
            seed=0), data.train, data.test)
        for n in range(2, 7)
    ]  # fmt: skip
    figure = decision_boundaries(panels, grid=40)
    check(figure, labelled=False)
    assert overlaps(figure) == []
    assert [axes.get_title(loc="left") for axes in figure.axes] == [p.title for p in panels]
    assert all(len(axes.images) == 1 for axes in figure.axes)
    with pytest.raises(gn.DataError, match="at least one"):
        decision_boundaries([])
