"""A training that is killed and resumed shows every step once, as if it had never been left."""

import pytest

import glassnet as gn
from glassnet.training import Checkpoint
from glassnet.training.checkpoint import file_name, files

pytest.importorskip("tensorboard", reason="pip install 'glassnet[tensorboard]'")

from .seeing import content

EPOCHS = 4  # of five steps


class Killed(Exception):
    """The process is gone."""


class Kill(gn.Callback):
    """End the training at a step, or at the end of an epoch, leaving files open."""

    is_last = True

    def __init__(self, step, in_epoch):
        self.step, self.in_epoch = step, in_epoch

    def on_step(self, trainer, record):
        if self.in_epoch and trainer.step_count == self.step:
            raise Killed

    def on_epoch(self, trainer, record):
        if not self.in_epoch and trainer.step_count == self.step:
            raise Killed


def training(folder, *others):
    data = gn.data.load("moons", samples=100, valid=30, test=0)
    board = gn.TensorBoard(folder / "board", samples=data.train.x, every=2)
    checkpointer = gn.Checkpointer(folder / "checkpoints", steps=1, minutes=0, keep_last=50)
    model = gn.Sequential(gn.Linear(2, 6), gn.Tanh(), gn.Linear(6, 2))
    trainer = gn.Trainer(
        model, gn.SoftmaxCrossEntropy(), gn.Adam(),
        callbacks=[gn.EvaluateEvery(5, {"test": data.valid}), board, checkpointer, *others],
    )  # fmt: skip

    def fit(resume=None):
        return trainer.fit(data.train, data.valid, epochs=EPOCHS, batch_size=14, resume=resume)

    return fit


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    training(folder)()
    return content(folder / "board")


@pytest.mark.parametrize(
    ("step", "lost", "in_epoch"),
    [
        (4, 0, True), (4, 4, True), (5, 0, True), (5, 0, False), (5, 1, False), (6, 1, True),
        (6, 4, True), (10, 1, True), (10, 4, False), (13, 0, True), (13, 4, True),
    ],
)  # fmt: skip
def test_no_step_is_missing_or_doubled(tmp_path, whole, step, lost, in_epoch):
    """Killed at a step, and resumed from so many steps before it."""
    with pytest.raises(Killed):
        training(tmp_path, Kill(step, in_epoch))()
    resumed = Checkpoint.read(tmp_path / "checkpoints" / file_name(max(step - lost, 1)))
    training(tmp_path)(resume=resumed)
    found = content(tmp_path / "board")
    assert found.keys() == whole.keys()
    for tag, values in whole.items():
        assert found[tag] == values, tag


def test_a_training_that_begins_anew_takes_the_old_one_s_place(tmp_path, whole):
    with pytest.raises(Killed):
        training(tmp_path, Kill(13, True))()
    for file in files(tmp_path / "checkpoints"):
        file.unlink()
    training(tmp_path)()
    assert content(tmp_path / "board") == whole
