"""The loop: what a step does, what an epoch records, and that nothing but the seed is chance."""

import copy
import math
import threading

import numpy as np
import pytest

import glassnet as gn
from glassnet.data import batches
from glassnet.randomness import stream

from .conftest import assert_same_state, network, points

LOSS = gn.SoftmaxCrossEntropy()


def fitted(model, data, *, epochs=3, batch_size=8, valid=None, shuffle=True, **options):
    options = {"optimizer": gn.SGD(lr=0.1), "seed": 0} | options
    trainer = gn.Trainer(model, LOSS, options.pop("optimizer"), **options)
    trainer.fit(data, valid, epochs=epochs, batch_size=batch_size, shuffle=shuffle)
    return trainer


def test_fit_is_the_loop_one_would_write(data):
    by_hand = network()
    order = stream(0, "shuffle")
    for _ in range(3):
        for x, y, _ in batches(data, 8, order):
            output, cache = by_hand.forward(x, training=True)
            _, dy = LOSS(output, y)
            by_hand.backward(dy, cache)
            for _, p in by_hand.named_parameters():
                p.value -= np.float32(0.1) * p.grad
    model = network()
    fitted(model, data)
    if gn.active_kernels() == "numpy":
        assert_same_state(model.state_dict(), by_hand.state_dict())
    for name, value in by_hand.state_dict().items():  # compiled updates round once where this twice
        np.testing.assert_allclose(model.state_dict()[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", [gn.SGD, gn.Adam])
def test_the_same_seed_gives_the_same_bits(data, valid, optimizer):
    def run(seed):
        model = network(dropout=0.5)
        trainer = fitted(model, data, valid=valid, optimizer=optimizer(lr=0.05), seed=seed)
        seconds = {"seconds"}
        records = [{k: v for k, v in r.items() if k not in seconds} for r in trainer.history.epochs]
        return model.state_dict(), records

    (first, history), (again, same_history), (other, _) = run(0), run(0), run(1)
    assert_same_state(first, again)
    assert history == same_history
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_initial_weights_come_from_the_seed_where_there_are_none(data):
    def fresh():
        return gn.Sequential(gn.Linear(4, 3))

    model = fresh()
    fitted(model, data, epochs=1, batch_size=23, optimizer=gn.SGD(lr=0.0), seed=5)
    assert_same_state(model.state_dict(), fresh().initialize(seed=5).state_dict())
    trained = model.state_dict()
    fitted(model, data, epochs=1, optimizer=gn.SGD(lr=0.0), seed=6)
    assert_same_state(model.state_dict(), trained)


def test_two_fits_of_five_epochs_are_one_of_ten(data, valid):
    one, two = network(dropout=0.3), network(dropout=0.3)
    whole = fitted(one, data, valid=valid, epochs=10, optimizer=gn.Adam(lr=0.02))
    parts = gn.Trainer(two, LOSS, gn.Adam(lr=0.02), seed=0)
    for _ in range(2):
        parts.fit(data, valid, epochs=5, batch_size=8)
    assert_same_state(one.state_dict(), two.state_dict())
    assert parts.history["epoch"] == list(range(1, 11))
    assert parts.history["valid_loss"] == whole.history["valid_loss"]
    assert parts.step_count == whole.step_count == 30


def test_each_use_of_chance_has_a_stream_of_its_own(data):
    def orders(dropout):
        seen = []

        class Watch(gn.Callback):
            def on_step(self, trainer, record):
                seen.append(trainer.seen)

        class Watched(gn.Sequential):
            def forward(self, x, *, training=False, rng=None):
                trainer.seen = x.copy()
                return super().forward(x, training=training, rng=rng)

        model = Watched(*network(dropout).layers)
        trainer = gn.Trainer(model, LOSS, gn.SGD(), callbacks=[Watch()], seed=3)
        trainer.fit(data, epochs=2, batch_size=8)
        return np.concatenate(seen), model[0].weight.value.copy()

    (plain, weights), (dropped, other) = orders(0.0), orders(0.5)
    np.testing.assert_array_equal(plain, dropped)
    assert not np.array_equal(weights, other)
    assert not np.array_equal(plain[:23], plain[23:])  # every epoch has an order of its own
    assert sorted(map(tuple, plain[:23])) == sorted(map(tuple, plain[23:]))


def test_the_global_generator_and_other_threads_change_nothing(data):
    expected = network(dropout=0.5)
    fitted(expected, data, epochs=5)
    np.random.seed(0)  # noqa: NPY002 (the point is that nobody uses it)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    models = [network(dropout=0.5) for _ in range(4)]
    threads = [
        threading.Thread(target=fitted, args=(m, data), kwargs={"epochs": 5}) for m in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model in models:
        assert_same_state(model.state_dict(), expected.state_dict())
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_without_shuffling_the_order_of_the_data_is_kept(data):
    model, by_hand = network(), network()
    fitted(model, data, epochs=1, shuffle=False)
    trainer = gn.Trainer(by_hand, LOSS, gn.SGD(lr=0.1))
    for start in (0, 8, 16):
        trainer.step(data.x[start : start + 8], data.y[start : start + 8])
    for name, value in by_hand.state_dict().items():  # compiled, `fit` may round otherwise
        np.testing.assert_allclose(model.state_dict()[name], value, rtol=1e-5, atol=1e-7)


def test_learning_rates_are_those_of_the_schedule(data):
    schedule = gn.Warmup(4)
    trainer = fitted(network(), data, epochs=3, schedule=schedule, record_steps=True)
    rates = [record["lr"] for record in trainer.history.steps]
    np.testing.assert_allclose(rates, [0.025, 0.05, 0.075] + [0.1] * 6)
    assert [record["step"] for record in trainer.history.steps] == list(range(1, 10))
    assert trainer.history["lr"] == rates[2::3]  # of an epoch, that of its last step
    by_epoch = fitted(network(), data, epochs=4, schedule=gn.StepDecay(2, 0.5, unit="epoch"))
    np.testing.assert_allclose(by_epoch.history["lr"], [0.1, 0.1, 0.05, 0.05])
    cosine = fitted(network(), data, epochs=4, schedule=gn.Cosine(unit="epoch"))
    expected = [0.05 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4)]
    np.testing.assert_allclose(cosine.history["lr"], expected)


def test_reduce_on_plateau_watches_the_validation_loss(data):
    class Worse(gn.SoftmaxCrossEntropy):
        """A loss that never falls, whatever the network learns."""

        def __call__(self, output, target, sample_weight=None):
            return 1.0, super().__call__(output, target, sample_weight)[1]

    trainer = gn.Trainer(
        network(), Worse(), gn.SGD(lr=1.0), schedule=gn.ReduceOnPlateau(0.5, patience=1)
    )
    trainer.fit(data, data, epochs=7, batch_size=23)
    assert trainer.history["lr"] == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_a_regularizer_adds_its_gradient_to_weights_only_and_its_value_nowhere(data):
    plain, punished = network(), network()
    for layer in (plain[0], plain[3], punished[0], punished[3]):
        layer.bias.value[...] = 1.0  # biases of zero would have no penalty to speak of
    x, y = data.x, data.y
    gn.Trainer(plain, LOSS, gn.SGD(lr=0.0)).step(x, y)
    trainer = gn.Trainer(punished, LOSS, gn.SGD(lr=0.0), regularizers=[gn.L2(0.1), gn.L1(0.01)])
    _, record = trainer.step(x, y)
    sizes = 0.0
    for (name, p), (_, q) in zip(
        plain.named_parameters(), punished.named_parameters(), strict=True
    ):
        extra = q.grad - p.grad
        if name.endswith("weight"):
            w = q.value
            np.testing.assert_allclose(extra, 2 * 0.1 * w + 0.01 * np.sign(w), atol=1e-6)
            sizes += 0.1 * np.square(w).sum() + 0.01 * np.abs(w).sum()
        else:
            np.testing.assert_array_equal(extra, 0)
    assert trainer.penalty() == pytest.approx(sizes, rel=1e-5)
    assert record["loss"] == LOSS(plain.infer(x), y)[0]


def test_the_penalty_is_reported_beside_the_loss(data, valid):
    trainer = fitted(
        network(), data, epochs=1, batch_size=23, valid=valid, optimizer=gn.SGD(lr=0.0),
        regularizers=[gn.L2(10.0)],
    )  # fmt: skip
    (record,) = trainer.history.epochs
    assert record["train_loss"] == pytest.approx(LOSS(network().infer(data.x), data.y)[0], rel=1e-6)
    assert record["valid_loss"] == pytest.approx(
        LOSS(network().infer(valid.x), valid.y)[0], rel=1e-6
    )
    assert record["penalty"] == trainer.penalty() > 10
    assert fitted(network(), data).history["penalty"] == [0, 0, 0]


def test_gradients_are_clipped_by_the_norm_of_all_together(data):
    free, clipped = network(), network()
    before = free.state_dict()
    _, record = gn.Trainer(free, LOSS, gn.SGD(lr=1.0)).step(data.x, data.y)
    limit = record["grad_norm"] / 3
    _, same = gn.Trainer(clipped, LOSS, gn.SGD(lr=1.0), clip_norm=limit).step(data.x, data.y)
    assert same["grad_norm"] == record["grad_norm"]  # recorded as it was
    for name, start in before.items():
        moved, less = free.state_dict()[name] - start, clipped.state_dict()[name] - start
        np.testing.assert_allclose(less, moved / 3, atol=1e-6)
    unchanged = network()
    gn.Trainer(unchanged, LOSS, gn.SGD(lr=1.0), clip_norm=limit * 4).step(data.x, data.y)
    assert_same_state(unchanged.state_dict(), free.state_dict())


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_training_before_the_step(data, poison):
    class Poisoned(gn.SoftmaxCrossEntropy):
        steps = 0

        def __call__(self, output, target, sample_weight=None):
            value, dy = super().__call__(output, target, sample_weight)
            Poisoned.steps += 1
            return (value, dy) if Poisoned.steps < 5 else (value, dy * poison)

    model, expected = network(), network()
    trainer = gn.Trainer(model, Poisoned(), gn.Adam())
    with pytest.raises(gn.TrainingError, match=r"gradient .* at step 5 \(epoch 2, learning rate"):
        trainer.fit(data, epochs=9, batch_size=8)
    assert trainer.step_count == 4
    twin = gn.Trainer(expected, LOSS, gn.Adam())
    order = stream(0, "shuffle")
    for x, y, _ in [*batches(data, 8, order), *batches(data, 8, order)][:4]:
        twin.step(x, y)
    assert_same_state(model.state_dict(), expected.state_dict())


def test_a_training_that_diverges_is_refused_without_warnings(data):
    model = gn.Sequential(gn.Linear(4, 6), gn.ReLU(), gn.Linear(6, 3))
    with pytest.raises(gn.TrainingError, match=r"no longer finite.*smaller learning rate"):
        fitted(model, data, epochs=20, optimizer=gn.SGD(lr=1e25))
    assert all(np.isfinite(value).all() for value in model.state_dict().values())


def test_history_has_a_record_of_every_epoch(data, valid):
    history = fitted(network(), data, valid=valid).history
    assert set(history.columns) == {
        "epoch", "train_loss", "grad_norm", "train_accuracy", "penalty", "lr", "valid_loss",
        "valid_accuracy", "seconds",
    }  # fmt: skip
    assert [len(history), history["epoch"], history.steps] == [3, [1, 2, 3], []]
    assert all(type(v) in (int, float) for r in history.epochs for v in r.values())
    assert "valid_loss" not in fitted(network(), data).history.columns


def test_training_figures_count_every_sample_once(data):
    trainer = fitted(network(), data, epochs=1, batch_size=7, optimizer=gn.SGD(lr=0.0))
    outputs = network().infer(data.x)
    assert trainer.history["train_loss"][0] == pytest.approx(LOSS(outputs, data.y)[0], rel=1e-5)
    right = (outputs.argmax(axis=1) == data.y).mean()
    assert trainer.history["train_accuracy"][0] == pytest.approx(right)


def test_metrics_can_be_chosen(data, valid):
    history = fitted(network(), data, valid=valid, metrics=("top2",)).history
    assert history["train_top2"][-1] > 0.5
    assert history["valid_top2"][-1] > 0.5
    assert "train_accuracy" not in history.columns
    with pytest.raises(gn.ConfigError, match="no metric is called 'acuracy'"):
        gn.Trainer(network(), LOSS, gn.SGD(), metrics=("acuracy",))


def test_frozen_parameters_stay_as_they_are(data):
    model = network()
    model[0].weight.trainable = model[3].bias.trainable = False
    before = model.state_dict()
    fitted(model, data, optimizer=gn.AdamW(lr=0.1, weight_decay=0.5), regularizers=[gn.L2(0.1)])
    after = model.state_dict()
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert changed == {"0.bias", "3.weight"}
    for _, parameter in model.named_parameters():
        parameter.trainable = False
    with pytest.raises(gn.ConfigError, match="no parameter to train"):
        fitted(model, data)


def test_batch_normalisation_learns_its_running_statistics(data):
    model = gn.Sequential(gn.Linear(4, 5), gn.BatchNorm1d(5), gn.ReLU(), gn.Linear(5, 3))
    trainer = fitted(model, data, epochs=60, batch_size=11, optimizer=gn.Adam(lr=0.01))
    hidden = model[0].infer(data.x)
    np.testing.assert_allclose(model[1].running_mean.value, hidden.mean(axis=0), atol=0.2)
    assert trainer.history["train_accuracy"][-1] > 0.8


@pytest.mark.parametrize("samples", [9, 17])
def test_a_last_batch_of_one_sample_is_a_step_like_any(samples):
    trainer = fitted(network(), points(samples=samples), epochs=2, batch_size=8)
    assert trainer.step_count == 2 * (samples // 8 + 1)


def test_sample_weights_reach_the_loss(data):
    weight = (data.y == 0).astype(np.float32) + 0.25
    weighted = gn.Dataset(data.raw, data.y, sample_weight=weight)
    model, by_hand = network(), network()
    fitted(model, weighted, epochs=1, batch_size=23, shuffle=False)
    gn.Trainer(by_hand, LOSS, gn.SGD(lr=0.1)).step(data.x, data.y, weight)
    assert_same_state(model.state_dict(), by_hand.state_dict())
    unweighted = network()
    fitted(unweighted, data, epochs=1, batch_size=23, shuffle=False)
    assert not np.array_equal(unweighted[0].weight.value, model[0].weight.value)


def test_a_model_cast_between_two_fits_goes_on(data):
    model = network()
    trainer = gn.Trainer(model, LOSS, gn.Adam(lr=0.01), regularizers=[gn.L2(1e-3)])
    trainer.fit(data, epochs=2, batch_size=8)
    mean = trainer.optimizer.state["mean"].copy()
    model.astype(np.float64)
    trainer.fit(data, epochs=1, batch_size=8)
    assert model.dtype == trainer.optimizer.state["mean"].dtype == np.float64
    assert trainer.optimizer.steps == 9
    assert not np.array_equal(mean, trainer.optimizer.state["mean"])
    assert trainer.penalty() == pytest.approx(
        1e-3 * sum(float(np.square(model[i].weight.value).sum()) for i in (0, 3))
    )


def test_a_deep_copy_trains_alone(data):
    trainer = gn.Trainer(network(), LOSS, gn.Adam(lr=0.01))
    trainer.fit(data, epochs=2, batch_size=8)
    before = trainer.model.state_dict()
    twin = copy.deepcopy(trainer)
    twin.fit(data, epochs=2, batch_size=8)
    assert_same_state(trainer.model.state_dict(), before)
    trainer.fit(data, epochs=2, batch_size=8)
    assert_same_state(trainer.model.state_dict(), twin.model.state_dict())


def test_the_optimizer_s_state_follows_its_parameters_when_some_are_frozen(data):
    """Thawing the body moves every parameter to another place in the flat vectors."""
    model = network()
    model[0].weight.trainable = model[0].bias.trainable = False
    trainer = gn.Trainer(model, LOSS, gn.Adam(lr=0.01))
    trainer.fit(data, epochs=2, batch_size=8)
    head = {"3.weight": (6, 3), "3.bias": (3,)}
    before = trainer.store.by_name(trainer.optimizer.state["mean"])
    assert before.keys() == head.keys()
    model[0].weight.trainable = model[0].bias.trainable = True
    trainer.pack()
    after = trainer.store.by_name(trainer.optimizer.state["mean"])
    for name in head:
        np.testing.assert_array_equal(after[name], before[name])
    np.testing.assert_array_equal(after["0.weight"], 0)
    trainer.fit(data, epochs=1, batch_size=8)
    assert trainer.store.by_name(trainer.optimizer.state["mean"])["0.weight"].any()


def test_figures_of_a_regression(data):
    target = (data.raw[:, :1] * 2).astype(np.float32)
    numbers = gn.Dataset(data.raw, target)
    model = gn.Sequential(gn.Linear(4, 1))
    trainer = gn.Trainer(model, gn.MeanSquaredError(), gn.SGD(lr=0.1))
    history = trainer.fit((numbers.x, target), numbers, epochs=100, batch_size=23)
    assert history["valid_r2"][-1] > 0.99
    assert history["valid_mae"][-1] < 0.05
    assert "train_r2" not in history.columns  # that of a batch means nothing


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, gn.ConfigError, "epochs must be at least 1"),
        ({"batch_size": 24}, gn.ConfigError, "batch of 24 is larger than points with its 23"),
        ({"batch_size": 0}, gn.ConfigError, "batch_size must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_step(data, options, error, words):
    trainer = gn.Trainer(network(), LOSS, gn.SGD())
    with pytest.raises(error, match=words):
        trainer.fit(data, **{"epochs": 1, "batch_size": 8} | options)
    assert trainer.step_count == 0


def test_a_model_that_does_not_fit_the_data_is_refused(data):
    trainer = gn.Trainer(gn.Sequential(gn.Linear(5, 3)), LOSS, gn.SGD())
    with pytest.raises(gn.ShapeError, match="layer 0"):
        trainer.fit(data, batch_size=8)
    with pytest.raises(gn.ShapeError, match="a Dataset or a pair"):
        trainer.fit([1, 2, 3])
    with pytest.raises(gn.ConfigError, match="clip_norm must be above 0"):
        gn.Trainer(network(), LOSS, gn.SGD(), clip_norm=-1)


@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_samples_come_as_rows_where_the_model_would_flatten_them(kernels, monkeypatch):
    rng = np.random.default_rng(0)
    data = gn.Dataset(rng.random((96, 1, 24, 24), np.float32), rng.integers(0, 3, 96))

    def trained():
        model = gn.Sequential(gn.Flatten(), gn.Linear(576, 40), gn.Tanh(), gn.Linear(40, 3))
        gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.1), seed=0).fit(
            data, epochs=3, batch_size=32
        )
        return np.concatenate([p.value.ravel() for _, p in model.named_parameters()])

    gn.use_kernels(kernels)
    given = []
    gather = gn.kernels.gather
    monkeypatch.setattr(
        gn.kernels, "gather", lambda x, *more: given.append(x.ndim) or gather(x, *more)
    )
    as_rows = trained()
    assert set(given) == {2}
    monkeypatch.setattr("glassnet.training.epoch.begins_flat", lambda model: False)
    as_images = trained()
    assert set(given) == {2, 4}
    np.testing.assert_allclose(as_rows, as_images, rtol=1e-4, atol=1e-6)


def test_a_training_that_nobody_watches_can_be_stopped(data):
    class Enough(gn.Schedule):
        def __call__(self, lr, progress):
            if progress.step == 4:
                trainer.stop("enough")
            return lr

    trainer = gn.Trainer(network(), LOSS, gn.SGD(), schedule=Enough())
    trainer.fit(data, epochs=9, batch_size=8)
    assert (len(trainer.history), trainer.step_count) == (2, 6)


def test_what_a_callback_computes_at_the_end_of_an_epoch_may_warn(data):
    class Overflows(gn.Callback):
        def on_epoch(self, trainer, record):
            self.result = np.float32(1e38) * np.float32(1e38)

    trainer = gn.Trainer(network(), LOSS, gn.SGD(), callbacks=[Overflows()])
    with pytest.warns(RuntimeWarning, match="overflow"):
        trainer.fit(data, epochs=1, batch_size=8)
