"""What published reports ask for and a workbench seldom has, each against its own definition."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet import experiments
from glassnet.experiments import Config
from glassnet.training import evaluate, named_metric

SMALL = ["data.samples=100", "training.epochs=3", "model.hidden=[4]", "training.batch_size=16"]


def run(*overrides, recipe="moons-mlp", out="out"):
    return experiments.train(Config.from_recipe(recipe, [*SMALL, *overrides]), out=out)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(name):
    with open(f"out/{name}", newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


# --- all samples in one batch, one sample a batch ------------------------------------------------


def test_one_batch_of_all_is_gradient_descent():
    run("training.batch_size=all", "optimizer.name=sgd", "optimizer.lr=0.5")
    config = Config.from_recipe("out/config.toml")
    assert config.training.batch_size == "all"
    data = config.load_data()
    model = config.model.build((2,), 2).initialize(seed=0)
    for _ in range(3):
        output, cache = model.forward(data.train.x, training=True)
        model.backward(gn.SoftmaxCrossEntropy()(output, data.train.y)[1], cache)
        for _, p in model.named_parameters():
            p.value -= np.float32(0.5) * p.grad
    found = gn.load("out/model.safetensors").state_dict()
    for name, expected in model.state_dict().items():
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_one_sample_a_batch_and_no_shuffling():
    run(
        "training.batch_size=1", "training.shuffle=false", "training.record_steps=true",
        "training.epochs=1", "optimizer.lr=0.0",
    )  # fmt: skip
    config = Config.from_recipe("out/config.toml")
    train = config.load_data().train
    model = gn.load("out/model.safetensors")
    losses = [
        gn.SoftmaxCrossEntropy()(model.infer(x[None]), y[None])[0]
        for x, y in zip(train.x, train.y, strict=True)
    ]
    np.testing.assert_allclose([row["loss"] for row in rows("steps.csv")], losses, rtol=1e-5)


@pytest.mark.parametrize("value", ["some", '"16"', "true", "2.5"])
def test_other_sizes_of_batches_are_refused(value):
    with pytest.raises(gn.ConfigError, match=r"training.batch_size must be a (whole )?number"):
        Config.from_recipe("moons-mlp", [f"training.batch_size={value}"])


# --- figures every so many steps -----------------------------------------------------------------


def test_validation_and_test_part_are_evaluated_within_an_epoch():
    run("training.evaluate_every=3", "training.record_steps=true")  # five steps an epoch
    found = rows("evaluations.csv")
    assert [row["step"] for row in found] == [3, 6, 9, 12, 15]
    assert set(found[0]) == {
        "step", "loss", "lr", "grad_norm", "valid_loss", "valid_accuracy", "test_loss",
        "test_accuracy",
    }  # fmt: skip
    steps = {row["step"]: row["loss"] for row in rows("steps.csv")}
    assert all(steps[row["step"]] == row["loss"] for row in found)
    config = Config.from_recipe("out/config.toml")
    model, data = gn.load("out/model.safetensors"), config.load_data()
    assert found[-1]["test_loss"] == pytest.approx(
        evaluate(model, data.test, gn.SoftmaxCrossEntropy()).loss
    )
    run(out="plain")
    assert not Path("plain/evaluations.csv").exists()
    one, two = gn.load("plain/model.safetensors").state_dict(), model.state_dict()
    assert all(np.array_equal(one[name], two[name]) for name in one)  # looking changes nothing
    with pytest.raises(gn.ConfigError, match="evaluate_every must be at least 0, not -1"):
        run("training.evaluate_every=-1")
    with pytest.raises(gn.ConfigError, match="steps must be at least 1"):
        gn.EvaluateEvery(0, {})


# --- momentum, decay, schedules ------------------------------------------------------------------


def test_momentum_as_an_average_and_a_floor_for_the_rate():
    """v ← m v + (1 − m) g, with lr · γᵗ not below a floor, written out."""
    run(
        "optimizer.name=sgd", "optimizer.lr=0.5", "optimizer.momentum=0.9",
        "optimizer.dampening=0.9", "schedule.name=exponential", "schedule.gamma=0.5",
        "schedule.floor=0.1", "training.batch_size=all", "training.epochs=5",
    )  # fmt: skip
    config = Config.from_recipe("out/config.toml")
    train = config.load_data().train
    model = config.model.build((2,), 2).initialize(seed=0)
    velocity = {name: 0.0 for name, _ in model.named_parameters()}
    for lr in (0.5, 0.25, 0.125, 0.1, 0.1):
        output, cache = model.forward(train.x, training=True)
        model.backward(gn.SoftmaxCrossEntropy()(output, train.y)[1], cache)
        for name, p in model.named_parameters():
            velocity[name] = 0.9 * velocity[name] + (1 - 0.9) * p.grad
            p.value = p.value - lr * velocity[name]
    found = gn.load("out/model.safetensors").state_dict()
    for name, expected in model.state_dict().items():
        np.testing.assert_allclose(found[name], expected, atol=1e-5)


def test_rates_change_at_iterations():
    run(
        "schedule.name=multi-step", "schedule.milestones=[4, 7]", "optimizer.lr=1.0",
        "training.record_steps=true",
    )  # fmt: skip
    rates = [row["lr"] for row in rows("steps.csv")]
    np.testing.assert_allclose(rates, [1.0] * 4 + [0.1] * 3 + [0.01] * 8)


# --- the loss of the first report ----------------------------------------------------------------


def test_the_first_report_s_loss_is_not_a_cross_entropy():
    """Its program's formula, as it is there: a sum over classes, divided by their number."""
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, 10, 20), rng.normal(size=(20, 10)).astype(np.float32)
    sigmoid = 1 / (1 + np.exp(-logits))
    targets = np.full((20, 10), 0.01)
    targets[np.arange(20), y] = 0.99
    by_hand = np.mean([-np.sum(t * np.log(o)) / 10 for t, o in zip(targets, sigmoid, strict=True)])
    assert named_metric("report_a_loss")(sigmoid, y) == pytest.approx(by_hand, rel=1e-6)
    floor = -(0.99 * math.log(0.99) + 9 * 0.01 * math.log(0.01)) / 10
    assert named_metric("report_a_loss")(targets, y) == pytest.approx(floor)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    softmax = named_metric("report_a_softmax_loss")(logits, y)
    assert softmax == pytest.approx(named_metric("report_a_loss")(p, y), rel=1e-5)
    true = named_metric("log_loss")
    assert true(p, y) == pytest.approx(gn.SoftmaxCrossEntropy()(logits, y)[0], rel=1e-5)
    assert true(sigmoid, y) == pytest.approx(true(sigmoid / sigmoid.sum(axis=1, keepdims=True), y))
    assert math.isfinite(named_metric("report_a_loss")(np.eye(10, dtype=np.float32), np.arange(10)))


@pytest.mark.parametrize("name", ["report_a_loss", "log_loss"])
def test_what_are_no_probabilities_are_refused(name):
    with pytest.raises(gn.ConfigError, match="end the network with Sigmoid or Softmax"):
        named_metric(name)(np.array([[2.0, -1.0]]), np.array([0]))


def test_it_can_be_asked_for_and_watched():
    layers = 'model.layers=["Flatten", {type="Linear", out_features=10}, "Sigmoid"]'
    config = Config.from_recipe(
        "digits-mlp",
        [
            "model.name=layers", layers, "loss.name=mse", "training.epochs=2",
            'training.metrics=["accuracy", "report_a_loss", "log_loss"]', "training.patience=1",
            "training.monitor=valid_report_a_loss",
        ],
    )  # fmt: skip
    _, metrics = experiments.train(config, out="out")
    assert 0.0424 < metrics["test_report_a_loss"] < 1
    assert metrics["test_log_loss"] > metrics["test_report_a_loss"]
