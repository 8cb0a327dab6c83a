"""Early stopping by hand: when it stops, and which weights it leaves."""

import os
import signal

import numpy as np
import pytest

import glassnet as gn

from .conftest import assert_same_state, network, points

LOSS = gn.SoftmaxCrossEntropy()


class Told(gn.Callback):
    """Puts figures made up beforehand into the records, and keeps the weights of every epoch."""

    def __init__(self, name, figures):
        self.name, self.figures, self.states = name, figures, []

    def on_epoch(self, trainer, record):
        record[self.name] = self.figures[len(self.states)]
        self.states.append(trainer.model.state_dict())


def fit(figures, metric="valid_loss", **options):
    told, stopping = Told(metric, figures), gn.EarlyStopping(metric, **options)
    model = network()
    trainer = gn.Trainer(model, LOSS, gn.SGD(lr=0.1), callbacks=[told, stopping])
    trainer.fit(points(), epochs=len(figures), batch_size=8)
    return trainer, told, stopping


@pytest.mark.parametrize(
    ("figures", "patience", "epochs", "best"),
    [
        ([5, 4, 4, 4, 4, 4], 2, 4, 2),  # two epochs without improvement, and it stops
        ([5, 4, 4, 3, 4, 4, 4], 2, 6, 4),  # an improvement begins the count anew
        ([5, 6, 7, 8], 1, 2, 1),
        ([5, 4, 3, 2], 1, 4, 4),
        ([5, 4, 5, 4, 3, 2], 3, 6, 6),
        ([float("nan")] * 5, 2, 2, 0),  # never better: there is nothing to go back to
        ([5, float("nan"), float("nan"), 1], 2, 3, 1),
    ],
)
def test_it_stops_after_patience_epochs_and_restores_the_best(figures, patience, epochs, best):
    trainer, told, stopping = fit(figures, patience=patience)
    assert len(trainer.history) == epochs
    assert stopping.best_epoch == best
    assert_same_state(trainer.model.state_dict(), told.states[best - 1 if best else -1])
    assert_same_state(stopping.last_weights, told.states[-1])
    stopped = f"no better valid_loss for {patience} epochs"
    assert trainer.history.stopped == (stopped if epochs < len(figures) or best == 0 else "")


@pytest.mark.parametrize(
    ("metric", "figures", "best"),
    [
        ("valid_accuracy", [0.1, 0.3, 0.2, 0.2], 2),
        ("valid_loss", [0.1, 0.3, 0.05, 0.2], 3),
        ("valid_mae", [0.4, 0.3, 0.2, 0.5], 3),
        ("valid_r2", [-3.0, -1.0, -2.0, -2.0], 2),
    ],
)
def test_losses_and_errors_fall_everything_else_rises(metric, figures, best):
    assert fit(figures, metric, patience=9)[2].best_epoch == best


def test_min_delta_is_what_an_improvement_must_exceed():
    figures = [1.0, 0.95, 0.9, 0.85]
    assert fit(figures, patience=3, min_delta=0.1)[2].best_epoch == 4
    trainer, _, stopping = fit(figures, patience=3, min_delta=0.15)
    assert (stopping.best_epoch, len(trainer.history)) == (1, 4)


def test_restoring_can_be_left_out():
    trainer, told, stopping = fit([1, 2, 3], patience=2, restore_best=False)
    assert_same_state(trainer.model.state_dict(), told.states[2])
    assert_same_state(stopping.best_weights, told.states[0])


def test_the_best_state_includes_running_statistics():
    data = points()
    model = gn.Sequential(gn.Linear(4, 5), gn.BatchNorm1d(5), gn.Linear(5, 3))
    told, stopping = Told("valid_loss", [2, 1, 3, 4]), gn.EarlyStopping(patience=2)
    trainer = gn.Trainer(model, LOSS, gn.SGD(lr=0.1), callbacks=[told, stopping])
    trainer.fit(data, epochs=9, batch_size=8)
    assert "1.running_mean" in stopping.best_weights
    assert_same_state(model.state_dict(), told.states[1])


def test_after_ctrl_c_the_best_weights_are_back():
    class Interrupt(gn.Callback):
        def on_step(self, trainer, record):
            if trainer.step_count == 8:  # in the third epoch
                os.kill(os.getpid(), signal.SIGINT)

    told, stopping = Told("valid_loss", [1, 2, 3]), gn.EarlyStopping(patience=5)
    model = network()
    trainer = gn.Trainer(model, LOSS, gn.SGD(lr=0.1), callbacks=[told, stopping, Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(points(), epochs=9, batch_size=8)
    assert_same_state(model.state_dict(), told.states[0])
    assert trainer.step_count == 8
    assert not np.array_equal(stopping.last_weights["0.weight"], told.states[1]["0.weight"])


def test_a_second_fit_goes_on_from_the_best_of_the_first():
    told, stopping = Told("valid_loss", [3, 1, 2, 5, 4, 6]), gn.EarlyStopping(patience=2)
    trainer = gn.Trainer(network(), LOSS, gn.SGD(lr=0.1), callbacks=[told, stopping])
    for epochs, length, reason in ((3, 3, ""), (3, 5, "no better valid_loss for 2 epochs")):
        trainer.fit(points(), epochs=epochs, batch_size=8)
        assert (len(trainer.history), trainer.history.stopped) == (length, reason)
        assert_same_state(trainer.model.state_dict(), told.states[1])


def test_a_metric_that_is_not_there_is_refused():
    trainer = gn.Trainer(network(), LOSS, gn.SGD(), callbacks=[gn.EarlyStopping("valid_loss")])
    with pytest.raises(gn.ConfigError, match=r"watches 'valid_loss', but .* give validation data"):
        trainer.fit(points(), epochs=3, batch_size=8)


@pytest.mark.parametrize("options", [{"patience": 0}, {"min_delta": -1}, {"min_delta": np.inf}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(gn.ConfigError, match="EarlyStopping"):
        gn.EarlyStopping(**options)
