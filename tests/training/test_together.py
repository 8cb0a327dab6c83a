"""Steps that one kernel takes, against steps that go layer by layer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet import threads
from glassnet.training import together

from .conftest import assert_same_state, network, points

pytest.importorskip("numba")

few = settings(max_examples=40, deadline=None, database=None)
ACTIVATIONS = [gn.ReLU, gn.LeakyReLU, gn.Sigmoid, gn.Tanh, gn.ELU, gn.SiLU, gn.GELU, gn.Identity]
OPTIMIZERS = {  # with rates at which nothing diverges: there no two roundings agree
    "sgd": lambda: gn.SGD(lr=0.05),
    "momentum": lambda: gn.SGD(lr=0.005, momentum=0.9, dampening=0.5, weight_decay=0.1),
    "nesterov": lambda: gn.SGD(lr=0.005, momentum=0.9, nesterov=True),
    "adam": lambda: gn.Adam(lr=0.01),
    "adamw": lambda: gn.AdamW(lr=0.01, weight_decay=0.1),
}
LOSSES = {
    "cross-entropy": gn.SoftmaxCrossEntropy(label_smoothing=0.1),
    "squared": gn.MeanSquaredError(targets=(0.01, 0.99)),
    "binary": gn.BinaryCrossEntropy(),
}


@pytest.fixture(autouse=True)
def compiled():
    gn.use_kernels("auto")


def layer_by_layer(train, *arguments):
    """Train with no kernel for whole steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together.Steps, "of", lambda trainer: None)
        return train(*arguments)


def targets(kind, samples, classes, rng):
    if kind == "labels":
        return rng.integers(0, classes, samples)
    rows = rng.random((samples, classes)).astype(np.float32)
    return rows / rows.sum(axis=1, keepdims=True)


@given(
    st.lists(st.sampled_from(ACTIVATIONS), min_size=1, max_size=3),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.sampled_from(["labels", "rows"]),
    st.sampled_from([1, 7, 16, 40]),
    st.sampled_from([(), (gn.L1(1e-3), gn.L2(0.01))]),
    st.sampled_from([None, 0.1]),
    st.integers(0, 99),
)
@few
def test_the_same_training_as_layer_by_layer(
    activations, loss, optimizer, kind, batch_size, penalties, clip_norm, seed
):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40, 1, 2, 3)).astype(np.float32)
    data = gn.Dataset(x, targets(kind, 40, 3, rng))

    def train():
        layers = [gn.Flatten(), gn.Linear(6, 5)]
        for activation in activations:
            layers += [activation(), gn.Linear(5, 5, bias=seed % 2 == 0)]
        model = gn.Sequential(*layers, gn.Linear(5, 3)).initialize(seed=seed)
        trainer = gn.Trainer(
            model, LOSSES[loss], OPTIMIZERS[optimizer](), schedule=gn.Cosine(),
            regularizers=penalties, clip_norm=clip_norm, record_steps=True, seed=seed,
        )  # fmt: skip
        history = trainer.fit(data, data, epochs=3, batch_size=batch_size)
        return trainer, history

    trainer, history = train()
    other, expected = layer_by_layer(train)
    assert trainer.together is not None
    assert other.together is None
    assert (trainer.step_count, trainer.optimizer.steps) == (other.step_count, other.step_count)
    np.testing.assert_allclose(trainer.store.value, other.store.value, rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(history.steps, expected.steps, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    for name in expected.epochs[0].keys() - {"seconds", "train_accuracy", "valid_accuracy"}:
        assert history[name] == pytest.approx(expected[name], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("batch_size", [6, 64])
def test_the_same_training_with_layers_that_threads_share(batch_size, count):
    rng = np.random.default_rng(0)
    data = gn.Dataset(rng.standard_normal((200, 1, 20, 20), np.float32), rng.integers(0, 10, 200))

    def train():
        layers = [gn.Flatten(), gn.Linear(400, 90), gn.ReLU(), gn.Linear(90, 70), gn.Tanh()]
        model = gn.Sequential(*layers, gn.Linear(70, 10))
        trainer = gn.Trainer(
            model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.005, momentum=0.9), record_steps=True
        )
        return trainer, trainer.fit(data, epochs=3, batch_size=batch_size)

    before = threads.threads()
    try:
        threads.set_threads(count)
        trainer, history = train()
        again, _ = train()
        other, expected = layer_by_layer(train)
    finally:
        threads.set_threads(before)
    assert trainer.together is not None
    assert other.together is None
    np.testing.assert_array_equal(again.store.value, trainer.store.value)
    np.testing.assert_allclose(trainer.store.value, other.store.value, rtol=1e-3, atol=1e-4)
    for ours, theirs in zip(history.steps, expected.steps, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4)


class Watcher(gn.Callback):
    def __init__(self):
        self.steps = []

    def on_step(self, trainer, record):
        self.steps.append((trainer.step_count, record["loss"], trainer.store.value.copy()))


@pytest.mark.parametrize("batch_size", [1, 5, 20])
@pytest.mark.parametrize("count", [1, 2])
def test_somebody_who_watches_every_step_changes_no_bit(batch_size, count):
    def train(*callbacks):
        trainer = gn.Trainer(
            network(), gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=callbacks, record_steps=True
        )
        return trainer, trainer.fit(points(), epochs=3, batch_size=batch_size)

    before = threads.threads()
    try:
        threads.set_threads(count)
        trainer, history = train()
        watcher = Watcher()
        watched, expected = train(watcher)
    finally:
        threads.set_threads(before)
    assert watched.together is not None
    assert [step for step, _, _ in watcher.steps] == list(range(1, trainer.step_count + 1))
    assert [loss for _, loss, _ in watcher.steps] == [step["loss"] for step in history.steps]
    assert history.steps == expected.steps
    assert history["train_accuracy"] == expected["train_accuracy"]
    np.testing.assert_array_equal(watcher.steps[-1][2], trainer.store.value)
    assert_same_state(trainer.model.state_dict(), watched.model.state_dict())


@pytest.mark.parametrize("fault", ["sample", "label", "rate"])
def test_what_comes_to_no_number_is_said_as_layer_by_layer(fault):
    data = points(40)
    if fault == "sample":
        data.raw[17, 2] = np.nan
    if fault == "label":
        data.y[17] = 3

    def train():
        model = gn.Sequential(gn.Linear(4, 6), gn.ReLU(), gn.Linear(6, 3)).initialize(seed=0)
        lr = 1e30 if fault == "rate" else 0.1
        trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=lr))
        with pytest.raises(gn.GlassnetError) as raised:
            trainer.fit(data, epochs=2, batch_size=4)
        return trainer, str(raised.value)

    trainer, message = train()
    other, expected = layer_by_layer(train)
    assert message == expected
    assert trainer.step_count == other.step_count
    np.testing.assert_allclose(trainer.store.value, other.store.value, rtol=1e-4)


class Own(gn.Linear):
    pass


def frozen():
    model = network()
    gn.freeze(model, "0.*")
    return model


def patched():
    model = network()
    model[0].forward = lambda x, **more: (np.zeros((len(x), 6), np.float32), x)
    return model


class Doubled(gn.Sequential):
    def forward(self, x, *, training=False, rng=None):
        return super().forward(2 * x, training=training, rng=rng)


@pytest.mark.parametrize(
    "change",
    [
        {"model": lambda: network(dropout=0.5)},
        {"model": lambda: gn.Sequential(Own(4, 3))},
        {"model": frozen},
        {"model": patched},
        {"model": lambda: Doubled(*network().layers)},
        {"model": lambda: network().astype(np.float64)},
        {"model": lambda: gn.Sequential(gn.Tanh(), gn.Linear(4, 3))},
        {"model": lambda: gn.Sequential(gn.Linear(4, 9000), gn.Linear(9000, 3))},
        {"loss": gn.SoftmaxCrossEntropy(class_weight=(1.0, 2.0, 3.0))},
        {"loss": gn.MeanAbsoluteError()},
        {"optimizer": gn.RMSprop},
        {"lr_of": {"0.*": 0.1}},
    ],
)
def test_everything_else_goes_layer_by_layer(change):
    change = {"model": network, "loss": gn.SoftmaxCrossEntropy(), "optimizer": gn.SGD} | change
    model, loss, optimizer = (change.pop(name) for name in ("model", "loss", "optimizer"))
    trainer = gn.Trainer(model(), loss, optimizer(), **change)
    trainer.fit(points(), epochs=1, batch_size=20)
    assert trainer.together is None
    assert trainer.step_count == 2


@pytest.mark.parametrize("least", [0, 1])
def test_networks_go_layer_by_layer_from_a_size_on(least, monkeypatch):
    monkeypatch.setattr(together, "LARGE", 20 * (4 * 70 + 70 * 80 + 80 * 3) - least)
    model = gn.Sequential(gn.Linear(4, 70), gn.Linear(70, 80), gn.Linear(80, 3))
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD())
    trainer.fit(points(), epochs=1, batch_size=20)
    assert (trainer.together is None) == bool(least)


def test_with_the_numpy_kernels_steps_go_layer_by_layer():
    gn.use_kernels("numpy")
    trainer = gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.SGD())
    trainer.fit(points(), epochs=1, batch_size=20)
    assert trainer.together is None


def test_parameters_that_move_out_in_the_middle_are_still_trained():
    class Caster(gn.Callback):
        def on_step(self, trainer, record):
            if trainer.step_count == 2:
                trainer.model.astype(np.float64).astype(np.float32)

    trainer = gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.SGD(), callbacks=[Caster()])
    trainer.fit(points(), epochs=1, batch_size=5)
    expected = gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.SGD())
    expected.fit(points(), epochs=1, batch_size=5)
    np.testing.assert_allclose(trainer.store.value, expected.store.value, rtol=1e-5, atol=1e-6)
