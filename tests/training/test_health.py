"""What shows that a training learns nothing is told, once; of a healthy one nothing is."""

import json
import math

import numpy as np
import pytest

import glassnet as gn
from glassnet.experiments import Config, Run, RunRecord, recipe_names, train
from glassnet.training import HealthCheck
from glassnet.training.health import constant_loss

from .conftest import points

LOSS = gn.SoftmaxCrossEntropy()


def told(model, data, optimizer, epochs=8, loss=LOSS, valid=None, **options):
    """Train, and return the sentences and the history."""
    sentences = []
    check = HealthCheck(data, tell=sentences.append)
    trainer = gn.Trainer(model, loss, optimizer, callbacks=[check], **options)
    trainer.fit(data, valid, epochs=epochs, batch_size=8)
    assert sentences == list(trainer.history.warnings.values())
    return trainer.history.warnings, trainer


def deep(activation=gn.ReLU):
    return gn.Sequential(gn.Linear(4, 6), activation(), gn.Linear(6, 5), activation(),
                         gn.Linear(5, 3))  # fmt: skip


@pytest.mark.parametrize(("layer", "name"), [(0, "1"), (2, "3")])
def test_dead_rectifiers(layer, name):
    model = deep().initialize(seed=0)
    model[layer].bias.value = np.full(model[layer].bias.shape, -1e3)
    found, _ = told(model, points(), gn.SGD(0.1))
    assert list(found) == ["dead"]
    assert f"layer {name}, ReLU, are dead after epoch 1" in found["dead"]


def test_rectifiers_that_die():
    """A step that is far too large takes every unit below zero."""

    class Blow(gn.Callback):
        def on_epoch(self, trainer, record):
            if record["epoch"] == 5:
                model[0].bias.value = np.full(6, -1e3)

    model, data, sentences = deep(), points(), []
    callbacks = [Blow(), HealthCheck(data, tell=sentences.append)]
    gn.Trainer(model, LOSS, gn.SGD(0.1), callbacks=callbacks).fit(data, epochs=9, batch_size=8)
    assert len(sentences) == 1
    assert "layer 1, ReLU, are dead after epoch 8" in sentences[0]


def test_saturated_units():
    model = deep(gn.Tanh).initialize(seed=0)
    model[0].bias.value = np.full(6, 1e3)
    found, _ = told(model, points(), gn.SGD(0.1))
    assert "layer 1, Tanh, are dead" in found["dead"]


def test_one_living_unit_is_enough():
    model = deep().initialize(seed=0)
    model[0].bias.value = np.array([1.0] + [-1e3] * 5)
    found, _ = told(model, points(), gn.SGD(0.01), epochs=4)
    assert found == {}


def test_a_loss_that_grows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype(np.float32)
    data = gn.Dataset(x, (x @ [1, 2, 3, 4]).astype(np.float32), name="line")
    found, _ = told(gn.Sequential(gn.Linear(4, 1)), data, gn.SGD(1.3), 3, gn.MeanSquaredError())
    assert list(found) == ["grows"]
    assert "try a tenth of the learning rate, 0.13" in found["grows"]
    healthy, _ = told(gn.Sequential(gn.Linear(4, 1)), data, gn.SGD(0.05), 8, gn.MeanSquaredError())
    assert healthy == {}


def test_a_loss_far_above_the_constants_that_falls_is_healthy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype(np.float32)
    y = (1000 + x @ [1, 2, 3, 4]).astype(np.float32)
    model = gn.Sequential(gn.Linear(4, 1))
    found, _ = told(model, gn.Dataset(x, y, name="far"), gn.SGD(0.005), 12, gn.MeanSquaredError())
    assert found == {}


def blank():
    """Return a network that answers all alike at first."""
    model = gn.Sequential(gn.Linear(4, 3)).initialize(seed=0)
    model[0].weight.value = np.zeros((3, 4))
    return model


def test_a_loss_that_stands():
    """A rate so small that nothing moves: after 500 steps, and no sooner, it is told."""
    data = points(samples=48)
    found, _ = told(blank(), data, gn.SGD(1e-9), 83)
    assert found == {}
    found, _ = told(blank(), data, gn.SGD(1e-9), 90)
    assert list(found) == ["stands"]
    assert "after epoch 84 " in found["stands"]
    assert f"{math.log(3):.4g}" in found["stands"]


def test_it_is_remembered_by_a_checkpoint():
    model = deep().initialize(seed=0)
    model[0].bias.value = np.full(6, -1e3)
    found, trainer = told(model, points(), gn.SGD(0.1))
    history = gn.History()
    history.load_state_dict(trainer.history.state_dict())
    assert history.warnings == found
    state = trainer.history.state_dict()
    del state["warnings"]  # of a checkpoint from before there were any
    history.load_state_dict(state)
    assert history.warnings == {}


def test_the_bits_are_the_same_with_and_without():
    data = points()
    _, watched = told(deep(), data, gn.Adam(), epochs=5)
    alone = gn.Trainer(deep(), LOSS, gn.Adam())
    alone.fit(data, epochs=5, batch_size=8)
    for name, value in alone.model.state_dict().items():
        np.testing.assert_array_equal(value, watched.model.state_dict()[name])


@pytest.mark.parametrize(
    ("loss", "targets", "outputs", "expected"),
    [
        (LOSS, np.array([0, 0, 0, 1]), 2, -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))),
        (gn.BinaryCrossEntropy(), np.array([0, 1, 1, 0]), 1, math.log(2)),
        (gn.MeanSquaredError(), np.array([1.0, 3.0]), 1, 1.0),
        (gn.SoftmaxCrossEntropy(), np.array([[0.5, 0.5], [0.5, 0.5]]), 2, math.log(2)),
    ],
)
def test_the_constants_loss(loss, targets, outputs, expected):
    assert constant_loss(loss, targets, outputs) == pytest.approx(expected)


def test_a_run_keeps_what_was_told(undrawn, tmp_path):
    sentences = []
    config = Config.from_recipe("digits-mlp", [
        "training.epochs=1", "model.hidden=[4]", "model.activation=relu", "optimizer.name=sgd",
        "optimizer.lr=1e4", "data.train=300", "training.clip_norm=1.0",
    ])  # fmt: skip
    folder, metrics = train(config, out=tmp_path / "run", tell=sentences.append)
    assert any("are dead" in sentence for sentence in sentences)
    assert metrics["warnings"] == sentences
    assert json.loads((folder.path / "metrics.json").read_text())["warnings"] == sentences
    assert RunRecord.read(folder.path).metrics.warnings == sentences


def sentences_of(recipe, overrides, data_dir=None):
    run, sentences = Run.prepare(Config.from_recipe(recipe, overrides), data_dir=data_dir), []
    run.watch(sentences.append)
    run.train()
    return sentences


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
def test_of_the_recipes_nothing_is_told(recipe, data_dir):
    short = ["training.epochs=1", "data.train=8000"]
    overrides = short if "cnn" in recipe or "sprint" in recipe else []
    if recipe == "mnist-mlp":
        overrides = ["training.epochs=3"]
    assert sentences_of(recipe, overrides, data_dir) == []


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("data", ["moons", "circles", "blobs", "spirals"])
def test_of_healthy_networks_nothing_is_told(data, activation):
    for seed in range(3):
        found = sentences_of("moons-mlp", [
            f"data.name={data}", f"model.activation={activation}", f"training.seed={seed}",
            "training.epochs=40",
        ])  # fmt: skip
        assert found == []
