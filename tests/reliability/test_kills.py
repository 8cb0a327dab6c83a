"""Runs that are killed at random instants, and come to the same bytes."""

import numpy as np
import pytest

from glassnet.data import load
from glassnet.experiments import verification
from glassnet.experiments.verification import verify_resume

from .trainings import OPTIMIZERS, SCHEDULES, training

THOROUGH = [pytest.mark.slow, pytest.mark.drawn]


@pytest.mark.parametrize(
    "number", [1, *(pytest.param(i, marks=THOROUGH) for i in (0, *range(2, 24)))]
)
def test_killed_at_random_instants_and_resumed(number, undrawn, monkeypatch, tmp_path):
    what, more = training(number), []
    if number == 1:  # without pictures it would often be over before it is killed at its end
        monkeypatch.setattr(verification, "moments", before_the_end)
        digits = load("digits").train
        np.savez(tmp_path / "digits.npz", x=digits.raw, y=digits.y)
        more = ["data.name=npz", f"data.path={tmp_path / 'digits.npz'}"]
    found = verify_resume(
        "digits-mlp", [*what.overrides, *more], kills=3, every=what.every, threads=what.threads,
        kernels="numpy" if number < 2 else what.kernels,
    )  # fmt: skip
    assert found.identical, (what, found)


def before_the_end(count, drawn=verification.moments):
    return [(0.7 * share, "step" if kind == "end" else kind) for share, kind in drawn(count)]


def test_the_trainings_have_everything_a_checkpoint_must_hold():
    words = {word for number in range(25) for word in (*training(number).words,)}
    assert {name for name, *_ in (*OPTIMIZERS, *SCHEDULES)} <= words
    assert {"dropout", "augmentation", "early stopping", "records", "nesterov=true"} <= words
    assert {training(number).threads for number in range(25)} == {1, 2}
    assert {training(number).network for number in range(25)} >= {"MLP", "CNN, batch norm"}


def test_a_file_that_cannot_be_read_after_a_kill_is_found(undrawn, monkeypatch):
    def spoil(folder):
        for file in folder.checkpoints.glob("step-*"):
            file.write_bytes(file.read_bytes()[:-1])
        return really(folder)

    really = verification.unreadable
    monkeypatch.setattr(verification, "unreadable", spoil)
    monkeypatch.setattr(verification, "moments", lambda count: [(0.5, "step")])
    with pytest.raises(Exception, match="no whole checkpoint"):
        verify_resume("moons-mlp", ["data.name=spirals", "training.epochs=200"], every=100)


def test_checkpoints_are_compared_without_what_a_clock_says():
    state = {"seconds": 1.0, "columns": ["loss", "seconds"], "best": [np.arange(3.0), np.ones(2)]}
    found = verification._without_seconds({"history": state})["history"]
    assert found.keys() == {"columns", "best"}
    assert found["columns"] == ["loss"]
    assert [array.tolist() for array in found["best"]] == [[0, 1, 2], [1, 1]]
