"""An evaluation in batches gives what one of everything together would."""

import tracemalloc

import numpy as np
import pytest

import glassnet as gn
from glassnet.training import evaluate

from .conftest import network, points

LOSSES = [
    gn.SoftmaxCrossEntropy(),
    gn.SoftmaxCrossEntropy(class_weight=(1.0, 5.0, 0.2), label_smoothing=0.1),
    gn.MeanSquaredError(),
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_give_the_same_as_the_whole(loss, weighted):
    plain = points(samples=101)
    rng = np.random.default_rng(0)
    weight = rng.uniform(0, 3, 101).astype(np.float32) if weighted else None
    if weighted:
        weight[:20] = 0  # whole batches that do not count
    data = gn.Dataset(plain.raw, np.sort(plain.y), sample_weight=weight)
    model = network()
    outputs = model.infer(data.x)
    expected, _ = loss(outputs, data.y, weight)
    for batch_size in (1, 7, 100, 101, 5000):
        found = evaluate(model, data, loss, batch_size=batch_size, metrics=("accuracy", "top2"))
        assert found.loss == pytest.approx(expected, rel=1e-6)
        assert found.metrics["accuracy"] == (outputs.argmax(axis=1) == data.y).mean()
        np.testing.assert_allclose(found.outputs, outputs, atol=1e-6)


def test_evaluation_changes_nothing_and_drops_nothing():
    model = gn.Sequential(
        gn.Linear(4, 8), gn.BatchNorm1d(8), gn.Dropout(0.9), gn.ReLU(), gn.Linear(8, 3)
    ).initialize(seed=0)
    before = model.state_dict()
    first, second = (evaluate(model, points(), gn.SoftmaxCrossEntropy()) for _ in range(2))
    np.testing.assert_array_equal(first.outputs, second.outputs)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_figures_suit_loss_and_targets():
    data = points()
    numbers = gn.Dataset(data.raw, np.zeros((23, 3), np.float32))
    binary = gn.Dataset(data.raw, data.y % 2)
    single = gn.Sequential(gn.Linear(4, 1)).initialize(seed=0)

    def names(model, dataset, loss):
        return list(evaluate(model, dataset, loss).record("test"))

    assert names(network(), data, gn.SoftmaxCrossEntropy()) == ["test_loss", "test_accuracy"]
    assert names(network(), data, gn.MeanSquaredError()) == ["test_loss", "test_accuracy"]
    assert names(single, binary, gn.BinaryCrossEntropy()) == ["test_loss", "test_accuracy"]
    assert names(network(), numbers, gn.Huber()) == ["test_loss", "test_mae", "test_r2"]


def test_r2_is_over_all_samples():
    data = points(samples=50)
    target = data.raw[:, 0].astype(np.float32)
    model = gn.Sequential(gn.Linear(4, 1)).initialize(seed=0)
    found = evaluate(model, gn.Dataset(data.raw, target), gn.MeanSquaredError(), batch_size=10)
    error = np.square(found.outputs[:, 0] - target).sum()
    assert found.metrics["r2"] == pytest.approx(1 - error / np.square(target - target.mean()).sum())


def test_memory_is_that_of_a_batch():
    data = gn.Dataset(np.zeros((20_000, 1, 8, 8), np.uint8), np.zeros(20_000, np.int64))
    model = gn.Sequential(gn.Flatten(), gn.Linear(64, 256), gn.ReLU(), gn.Linear(256, 2))
    model.initialize(seed=0)
    evaluate(model, data, gn.SoftmaxCrossEntropy())  # imports and compiles
    tracemalloc.start()
    evaluate(model, data, gn.SoftmaxCrossEntropy())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6e6  # all hidden units of all samples would be 20 MB
