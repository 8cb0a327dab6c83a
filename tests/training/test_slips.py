"""Slips that are easily made in a program of one's own, each met with a sentence that mends it."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.training import evaluate

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
LABELS = np.arange(12) % 2


def network(outputs: int = 2) -> gn.Sequential:
    return gn.Sequential(gn.Linear(3, 4), gn.Tanh(), gn.Linear(4, outputs))


def test_early_stopping_used_for_a_second_model_starts_anew() -> None:
    stopping = gn.EarlyStopping("train_loss", patience=3)
    weights = []
    for seed, epochs in ((0, 30), (1, 1)):  # the first gets far better than the second
        model = network()
        trainer = gn.Trainer(
            model, gn.SoftmaxCrossEntropy(), gn.Adam(0.1), callbacks=[stopping], seed=seed
        )
        trainer.fit((X, LABELS), epochs=epochs, batch_size=4)
        weights.append(model[0].weight.value.copy())
    assert not np.array_equal(*weights)


def test_an_optimizer_is_not_shared_between_trainers() -> None:
    adam = gn.Adam()
    gn.Trainer(network(), gn.SoftmaxCrossEntropy(), adam).fit((X, LABELS), epochs=1, batch_size=4)
    with pytest.raises(gn.ConfigError, match="optimizer of its own"):
        gn.Trainer(network(), gn.SoftmaxCrossEntropy(), adam)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": gn.SoftmaxCrossEntropy}, "loss must be like gn.SoftmaxCrossEntropy"),
        ({"loss": "ce"}, "loss must be like"),
        ({"optimizer": gn.Adam}, r"optimizer must be like gn.Adam\(\), not the class Adam"),
        ({"regularizers": gn.L2(1e-3)}, r"regularizers must be like \[gn.L2"),
        ({"model": "mlp"}, "model must be like"),
    ],
)
def test_wrong_arguments_are_refused_where_they_are_given(changes: dict, words: str) -> None:
    given = {"model": network(), "loss": gn.SoftmaxCrossEntropy(), "optimizer": gn.Adam()}
    with pytest.raises(gn.ConfigError, match=words):
        gn.Trainer(**(given | changes))


class OnlyOutput(gn.Layer):
    def forward(self, x, *, training=False, rng=None):
        return x

    def backward(self, dy, cache):
        return dy


def test_a_layer_that_returns_no_cache_is_named_when_the_network_is_built() -> None:
    with pytest.raises(gn.ShapeError, match=r"layer 1, OnlyOutput.* must return \(output, cache"):
        gn.Sequential(gn.Linear(3, 4), OnlyOutput(), gn.Linear(4, 2))


@pytest.mark.parametrize("samples", [2, 5])
def test_a_layer_that_returns_no_cache_is_named_when_it_is_used(samples: int) -> None:
    model = gn.Sequential(OnlyOutput(), gn.Linear(3, 2)).initialize(seed=0)
    for use in (model.forward, model.predict):
        with pytest.raises(gn.GlassnetError, match=r"OnlyOutput.forward must return \(output"):
            use(X[:samples])


def test_one_output_is_no_softmax() -> None:
    with pytest.raises(gn.ShapeError, match="at least two outputs"):
        gn.SoftmaxCrossEntropy()(np.zeros((3, 1)), np.zeros(3, int))


def test_whole_numbers_to_come_near_to_are_no_classes() -> None:
    ages = gn.Dataset(X, np.arange(12))
    model = network(outputs=1).initialize(seed=0)
    assert set(evaluate(model, ages, gn.MeanSquaredError()).metrics) == {"mae", "r2"}
    history = gn.Trainer(model, gn.MeanSquaredError(), gn.Adam()).fit(ages, epochs=1, batch_size=4)
    assert "train_mae" in history.columns
    classes = network(outputs=12).initialize(seed=0)
    assert set(evaluate(classes, ages, gn.MeanSquaredError()).metrics) == {"accuracy"}


def test_batch_normalisation_of_single_samples_is_refused() -> None:
    model = gn.Sequential(gn.Linear(3, 4), gn.BatchNorm1d(4), gn.Linear(4, 2))
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam())
    with pytest.raises(gn.ConfigError, match="batches of one sample"):
        trainer.fit((X, LABELS), epochs=1, batch_size=1)
