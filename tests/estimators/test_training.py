"""What the estimators do that scikit-learn's own networks do not."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification

import glassnet as gn
from glassnet.sklearn import GlassClassifier, GlassRegressor
from glassnet.sklearn.versions import HAS_CALLBACKS

OPTIMIZERS = ["sgd", gn.SGD(0.01, momentum=0.9), "adam", "adamw", "rmsprop", "adagrad"]


def assert_equal_networks(a, b):
    ours, theirs = a.model_.state_dict(), b.model_.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batch_after_batch_is_fit_without_shuffling(classes, optimizer, dtype):
    X, y = classes
    options = {
        "optimizer": optimizer, "dtype": dtype, "shuffle": False, "batch_size": 32,
        "random_state": 3, "dropout": 0.2, "batch_norm": True, "l2": 1e-3,
    }  # fmt: skip
    whole = GlassClassifier((16,), epochs=4, **options).fit(X, y)
    parts = GlassClassifier((16,), **options)
    for _ in range(4):
        for start in range(0, 300, 32):
            batch = slice(start, start + 32)
            parts.partial_fit(X[batch], y[batch], classes=["cat", "dog", "owl"])
    assert_equal_networks(whole, parts)
    assert parts.trainer_.step_count == whole.trainer_.step_count == 40


def test_epoch_after_epoch_is_fit_with_shuffling_too(numbers):
    options = {"random_state": 1, "dropout": 0.1, "epochs": 3, "batch_size": 50}
    whole = GlassRegressor(**options | {"epochs": 6}).fit(*numbers)
    parts = GlassRegressor(**options)
    for _ in range(6):
        parts.partial_fit(*numbers)
    assert_equal_networks(whole, parts)
    twice = GlassRegressor(**options, warm_start=True).fit(*numbers).fit(*numbers)
    assert_equal_networks(whole, twice)
    assert twice.n_iter_ == len(twice.history_) == 6
    assert_equal_networks(GlassRegressor(**options).fit(*numbers), parts.fit(*numbers))


def test_what_may_change_before_going_on_and_what_may_not(numbers):
    model = GlassRegressor(epochs=2, warm_start=True, random_state=0).fit(*numbers)
    model.set_params(learning_rate=1e-5, epochs=3, batch_size=7).fit(*numbers)
    assert model.history_["lr"] == [1e-3] * 2 + [1e-5] * 3
    with pytest.raises(ValueError, match="hidden, l2 changed since the first fit"):
        model.set_params(hidden=(3,), l2=0.1).fit(*numbers)
    assert model.set_params(warm_start=False).fit(*numbers).n_iter_ == 3


def test_partial_fit_refuses_what_needs_the_whole(classes):
    X, y = classes
    with pytest.raises(ValueError, match="needs classes"):
        GlassClassifier().partial_fit(X, y)
    for parameters in (
        {"early_stopping": True},
        {"schedule": gn.Cosine()},
        {"class_weight": "balanced"},
    ):
        with pytest.raises(ValueError, match="partial_fit"):
            GlassClassifier(**parameters).partial_fit(X, y, classes=np.unique(y))
    model = GlassClassifier().partial_fit(X[:1], y[:1], classes=["owl", "dog", "cat"])
    assert model.classes_.tolist() == ["cat", "dog", "owl"]
    with pytest.raises(ValueError, match="but were"):
        model.partial_fit(X, y, classes=["cat", "fox"])


# --- weights --------------------------------------------------------------------------------------


def test_class_weights_move_the_boundary():
    X, y = make_classification(600, weights=[0.93], class_sep=0.5, flip_y=0.05, random_state=0)

    def recall(weight):
        model = GlassClassifier((8,), epochs=30, random_state=0, class_weight=weight).fit(X, y)
        return (model.predict(X)[y == 1] == 1).mean()

    assert recall({0: 5.0, 1: 1.0}) <= recall(None) < recall("balanced") - 0.2


def test_class_weights_are_sample_weights_and_those_are_repetition(classes):
    X, y = classes
    weight = np.where(y == "dog", 3.0, 1.0)
    options = {"epochs": 5, "batch_size": 10**6, "random_state": 0}
    by_class = GlassClassifier(**options, class_weight={"dog": 3.0}).fit(X, y)
    by_sample = GlassClassifier(**options).fit(X, y, sample_weight=weight)
    assert_equal_networks(by_class, by_sample)
    repeated = GlassClassifier(**options).fit(
        np.repeat(X, weight.astype(int), 0), np.repeat(y, weight.astype(int))
    )
    np.testing.assert_allclose(by_class.predict_proba(X), repeated.predict_proba(X), rtol=1e-9)
    plain = GlassClassifier(**options).fit(X, y)
    assert np.abs(plain.predict_proba(X) - by_class.predict_proba(X)).max() > 0.01


def test_samples_without_weight_are_left_out_also_where_a_batch_has_no_others(classes):
    X, y = classes
    weight = (np.arange(300) >= 100).astype(float)
    options = {"epochs": 2, "batch_size": 20, "shuffle": False, "random_state": 0}
    weighted = GlassClassifier(**options).fit(X, y, sample_weight=weight)
    shorter = GlassClassifier(**options).fit(X[100:], y[100:], sample_weight=np.ones(200))
    assert_equal_networks(weighted, shorter)


# --- validation -----------------------------------------------------------------------------------


def test_early_stopping_goes_back_to_the_best_weights(classes):
    X, y = classes
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(300) < 0.4, rng.permutation(y), y)
    model = GlassClassifier(
        early_stopping=True, epochs=500, learning_rate=0.02, random_state=0, patience=5
    )
    model.fit(X[:200], noisy[:200], X_val=X[200:], y_val=noisy[200:])
    curve = model.history_["valid_loss"]
    assert model.n_iter_ == len(curve) == model.best_epoch_ + 5 < 500
    assert curve[model.best_epoch_ - 1] == min(curve)
    p = model.predict_proba(X[200:])
    own = p[np.arange(100), np.searchsorted(model.classes_, noisy[200:])]
    np.testing.assert_allclose(-np.log(own).mean(), min(curve), rtol=1e-5)


def test_the_part_held_out(classes):
    held = GlassClassifier(epochs=3, validation_fraction=0.2, random_state=0).fit(*classes)
    assert len(held.history_["valid_accuracy"]) == 3
    assert "valid_loss" not in GlassClassifier(epochs=3).fit(*classes).history_.columns
    watched = GlassClassifier(
        epochs=9, early_stopping="train_loss", patience=2, learning_rate=0.0, shuffle=False
    )
    assert watched.fit(*classes).n_iter_ == 3
    assert "valid_loss" not in watched.history_.columns
    assert watched.best_epoch_ == 1


# --- networks and losses --------------------------------------------------------------------------


def small_cnn(sample_shape, outputs):
    channels, height, width = sample_shape
    return gn.Sequential(
        gn.Conv2d(channels, 8, 3), gn.ReLU(), gn.MaxPool2d(2), gn.Flatten(),
        gn.Linear(8 * (height // 2 - 1) * (width // 2 - 1), outputs),
    )  # fmt: skip


def test_convolutions_on_images():
    X, y = load_digits(return_X_y=True)
    X = X[:600] / 16
    model = GlassClassifier(
        model=small_cnn, image_shape=(1, 8, 8), epochs=15, learning_rate=0.01, random_state=0
    )
    model.fit(X, y[:600])
    assert isinstance(model.model_[0], gn.Conv2d)
    assert model.score(X, y[:600]) > 0.97
    np.testing.assert_array_equal(model.predict(X.reshape(-1, 1, 8, 8)), model.predict(X))


def test_a_network_with_weights_is_where_training_starts(classes):
    X, y = classes
    given = gn.Sequential(gn.Linear(8, 4), gn.Tanh(), gn.Linear(4, 3)).initialize(seed=9)
    before = given.state_dict()
    model = GlassClassifier(model=given, learning_rate=0.0, epochs=1, dtype="float32").fit(X, y)
    for name, value in model.model_.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    GlassClassifier(model=given, epochs=1).fit(X, y)
    assert all(np.array_equal(given.state_dict()[name], before[name]) for name in before)


def quantile_loss(output, target, sample_weight=None):
    error = target - output
    gradient = np.where(error > 0, -0.9, 0.1).astype(output.dtype) / len(output)
    return float(np.where(error > 0, 0.9 * error, -0.1 * error).mean()), gradient


def test_a_loss_of_ones_own():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 1)), rng.normal(size=500)
    model = GlassRegressor((8,), loss=quantile_loss, learning_rate=0.01, random_state=0).fit(X, y)
    assert 0.87 < (y < model.predict(X)).mean() < 0.93


@pytest.mark.parametrize("classes_", [2, 3])
def test_binary_cross_entropy_gives_probabilities_too(classes_):
    X, y = make_classification(
        300, n_informative=5, n_classes=classes_, class_sep=2, random_state=0
    )
    model = GlassClassifier(
        (16,), loss="binary-cross-entropy", epochs=40, learning_rate=0.01, random_state=0
    )
    p = model.fit(X, y).predict_proba(X)
    assert p.shape == (300, classes_)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert model.model_.output_shape((20,)) == ((1,) if classes_ == 2 else (3,))
    assert model.score(X, y) > 0.9
    np.testing.assert_array_equal(p.argmax(axis=1), model.predict(X))
    np.testing.assert_array_equal(model.predict_log_proba(X), np.log(p))


def test_several_numbers_and_what_the_history_tells(numbers, capsys):
    X, y = numbers
    model = GlassRegressor(
        (32,), epochs=40, learning_rate=0.01, validation_fraction=0.2, random_state=0,
        schedule=gn.Cosine(), verbose=True,
    ).fit(X, y)  # fmt: skip
    assert model.predict(X).shape == (300, 2)
    assert model.score(X, y) > 0.95
    assert {"train_loss", "valid_loss", "valid_mae", "valid_r2"} <= set(model.history_.columns)
    assert len(capsys.readouterr().out.splitlines()) == 40
    assert model.history_["lr"][-1] < 1e-4
    one = GlassRegressor(epochs=1).fit(X, y[:, 0])
    assert one.predict(X).shape == (300,)
    column = GlassRegressor(epochs=1).fit(X, y[:, :1])
    assert column.predict(X).shape == (300, 1)


# --- scikit-learn's callbacks ---------------------------------------------------------------------

needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="this scikit-learn has no callbacks")


class StopAfter:
    """Counts what it is told, and wants to end after some epochs."""

    def __init__(self, epochs):
        self.epochs, self.told = epochs, []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.told.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.told.append(f"end {context.task_name}")
        return self.told.count("end epoch") == self.epochs


@needs_callbacks
def test_callbacks_hear_of_every_epoch_and_may_end_the_fit(classes):
    stop = StopAfter(3)
    model = GlassClassifier(epochs=10, random_state=0).set_callbacks(stop).fit(*classes)
    assert model.n_iter_ == 3
    epochs = ["begin epoch", "end epoch"] * 3
    assert stop.told == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    failing = GlassClassifier(epochs=3, learning_rate=1e30, optimizer="sgd").set_callbacks(
        again := StopAfter(9)
    )
    with pytest.raises(gn.TrainingError):
        failing.fit(*classes)
    assert again.told[-1] == "teardown"
    assert "end fit" not in again.told


@needs_callbacks
def test_what_a_callback_is_shown_stays_as_it_was(classes):
    class Keep(StopAfter):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            self.told.append(fitted_estimator)

    keep = Keep(0)
    GlassClassifier(epochs=3, random_state=0).set_callbacks(keep).fit(*classes)
    shown = [one for one in keep.told if isinstance(one, GlassClassifier)]
    assert [one.n_iter_ for one in shown] == [1, 2, 3, 3]
    once = GlassClassifier(epochs=1, random_state=0).fit(*classes)
    assert_equal_networks(shown[0], once)


@needs_callbacks
def test_the_scoring_monitor_sees_the_network_of_each_epoch(classes):
    from sklearn.callback import ScoringMonitor

    X, y = classes
    monitor = ScoringMonitor(scoring="accuracy")
    model = GlassClassifier(epochs=4, learning_rate=0.01, random_state=0).set_callbacks(monitor)
    model.fit(X, y)
    told = [row["accuracy"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    expected = [
        GlassClassifier(epochs=n, learning_rate=0.01, random_state=0).fit(X, y).score(X, y)
        for n in (1, 2, 3, 4)
    ]
    assert told == expected
    assert len(set(told)) > 1
