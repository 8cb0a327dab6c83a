"""A training that was killed and resumed has the same bits as one that never was."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.training import LayerRecorder
from glassnet.training.checkpoint import files

from .conftest import network, points

EPOCHS = 4


class Killed(BaseException):
    """As abrupt as a signal: nobody catches it."""


class KillAt(gn.Callback):
    """Ends the training without a word, after some step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, record):
        if trainer.step_count == self.step:
            raise Killed


class Thaw(gn.Callback):
    """Trains the first layer from the second epoch on, at half the rate."""

    def on_start(self, trainer):
        if not trainer.step_count:
            trainer.model[0].weight.trainable = False

    def on_epoch(self, trainer, record):
        if record["epoch"] == 1:
            trainer.model[0].weight.trainable = True
            trainer.optimizer.lr /= 2


def images(samples=22, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % 3
    raw = rng.integers(0, 200, (samples, 1, 6, 6)) + 20 * y[:, None, None, None]
    return gn.Dataset(raw.astype(np.uint8), y, name="images")


def mlp(dropout):
    return gn.Sequential(
        gn.Linear(4, 6), gn.BatchNorm1d(6), gn.Tanh(), gn.Dropout(dropout), gn.Linear(6, 3)
    )


def cnn(dropout):
    return gn.Sequential(
        gn.Conv2d(1, 3, 3), gn.BatchNorm2d(3), gn.ReLU(), gn.MaxPool2d(2), gn.Flatten(),
        gn.Dropout(dropout), gn.Linear(12, 3),
    )  # fmt: skip


OPTIMIZERS = {
    "SGD": lambda: gn.SGD(0.05),
    "momentum": lambda: gn.SGD(0.05, momentum=0.9),
    "Nesterov": lambda: gn.SGD(0.05, momentum=0.9, nesterov=True),
    "Adagrad": lambda: gn.Adagrad(0.05),
    "RMSprop": lambda: gn.RMSprop(0.01, momentum=0.5),
    "Adam": lambda: gn.Adam(0.01),
    "AdamW": lambda: gn.AdamW(0.01),
}
SCHEDULES = {
    "constant": gn.Constant,
    "one-cycle": gn.OneCycle,
    "plateau": lambda: gn.ReduceOnPlateau(0.5, patience=0),
    "cosine": gn.Cosine,
}


@st.composite
def trainings(draw):
    """Return a function that makes the same Trainer every time, its data and how it is fitted."""
    is_cnn, augmented = draw(st.booleans()), draw(st.booleans())
    dropout = draw(st.sampled_from([0.0, 0.4]))
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    schedule = draw(st.sampled_from(sorted(SCHEDULES)))
    patience = draw(st.sampled_from([0, 1, 3]))
    evaluated, recorded, thawed = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    validated = draw(st.booleans()) or bool(patience)
    kinds = images if is_cnn else points
    data, valid = kinds(), kinds(seed=1) if validated else None

    def trainer(*callbacks):
        own = [Thaw()] if thawed else []
        own += [gn.EarlyStopping(patience=patience)] if patience else []
        own += [gn.EvaluateEvery(3, {"test": data})] if evaluated else []
        own += [LayerRecorder(data.x[:5])] if recorded else []
        augment = [gn.augmentation.Rotate(20), gn.augmentation.Noise(5)] if augmented else []
        return gn.Trainer(
            (cnn if is_cnn else mlp)(dropout), gn.SoftmaxCrossEntropy(), OPTIMIZERS[optimizer](),
            schedule=SCHEDULES[schedule](), regularizers=[gn.L2(1e-3)], seed=3, clip_norm=2.0,
            record_steps=True, augment=augment if is_cnn else [], callbacks=[*callbacks, *own],
        )  # fmt: skip

    fit = {"epochs": EPOCHS, "batch_size": draw(st.integers(2, 22)), "shuffle": draw(st.booleans())}
    return trainer, data, valid, fit


def without_clock(value):
    """Return a state without the seconds, which are never the same."""
    if isinstance(value, dict):
        names = [name for name in value if name != "seconds"]
        return {name: without_clock(value[name]) for name in names}
    return value


def assert_same(first, second, where="state"):
    assert type(first) is type(second), where
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for name in first:
            assert_same(first[name], second[name], f"{where}/{name}")
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype, where
        assert first.tobytes() == second.tobytes(), where
    elif isinstance(first, list):
        assert len(first) == len(second), where
        for i, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f"{where}/{i}")
    else:
        assert first == second or first != first, where


@settings(max_examples=40, deadline=None)
@given(trainings(), st.data())
def test_a_resumed_training_has_the_same_bits(tmp_path_factory, training, draw):
    make, data, valid, fit = training
    whole = make()
    whole.fit(data, valid, **fit)
    every = draw.draw(st.integers(1, 7), label="every")
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoint, last = None, 0
    for _ in range(draw.draw(st.integers(1, 3), label="kills")):
        step = draw.draw(st.integers(last + 1, max(last + 1, whole.step_count)), label="step")
        last = step
        killed = make(KillAt(step), gn.Checkpointer(folder, steps=every, minutes=0, keep_best=1,
                                                    metric="train_loss"))  # fmt: skip
        try:
            killed.fit(data, valid, **fit, resume=checkpoint)
        except Killed:
            assert killed.step_count == step
        if files(folder):
            checkpoint, damaged = gn.newest_checkpoint(folder)
            assert not damaged
    resumed = make(gn.Checkpointer(folder, steps=every, minutes=0, keep_best=1,
                                   metric="train_loss"))  # fmt: skip
    resumed.fit(data, valid, **fit, resume=checkpoint)
    first, second = whole.state_dict(), resumed.state_dict()
    del second["callbacks"]["Checkpointer"]
    assert_same(without_clock(first), without_clock(second))
    for name, rng in whole.streams.items():
        assert rng.random() == resumed.streams[name].random()


def test_early_stopping_goes_on_waiting(tmp_path):
    """Nothing gets better at a rate of 0: four epochs, wherever the training was left."""
    for step in range(1, 13):
        folder = tmp_path / str(step)
        for resume in (False, True):
            stopping = gn.EarlyStopping(patience=3)
            own = [stopping, gn.Checkpointer(folder, steps=1, minutes=0)]
            own += [] if resume else [KillAt(step + 1)]
            trainer = gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.SGD(0.0), callbacks=own)
            found = gn.newest_checkpoint(folder)[0] if resume else None
            try:
                trainer.fit(points(), points(), epochs=20, batch_size=8, resume=found)
            except Killed:
                continue
        assert (len(trainer.history), stopping.best_epoch) == (4, 1)
