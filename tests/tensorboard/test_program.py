"""`glassnet train --tensorboard`: killed and resumed, and without TensorBoard."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import assert_refused, glassnet, process, surroundings  # noqa: F401
from tests.cli.test_resume import SMALL, killed

pytest.importorskip("tensorboard", reason="pip install 'glassnet[tensorboard]'")

from .seeing import content


def test_a_killed_run_shows_every_step_once_when_it_is_resumed():
    board = (*SMALL, "--set", "training.epochs=30", "--tensorboard")
    whole = process("train", *board, "--out", "whole")
    assert whole.code == 0, whole.err
    killed("train", *board, "--out", "run", run=Path("run"), checkpoints=2)
    before = content("run/tensorboard")
    ended = process("resume", "run")
    assert ended.code == 0, ended.err
    found, expected = content("run/tensorboard"), content("whole/tensorboard")
    assert len(before.get("loss/train", ())) < len(expected["loss/train"])
    assert found.keys() == expected.keys()
    for tag, values in expected.items():
        assert found[tag] == values, tag


def test_finetuning_is_shown_too(glassnet):  # noqa: F811
    few = ("--set", "training.epochs=1")
    assert glassnet("train", "moons-mlp", *few, "--out", "first").code == 0
    assert not Path("first/tensorboard").exists()
    assert glassnet("finetune", "first", "--tensorboard", "--out", "second").code == 0
    assert len(content("second/tensorboard")["loss/train"]) == 1


def test_without_the_package_it_is_refused_before_anything_is_done(glassnet, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    ended = glassnet("train", "moons-mlp", "--tensorboard", "--out", "run")
    assert_refused(ended, "pip install 'glassnet[tensorboard]'")
    assert not Path("run").exists()
    assert glassnet("train", "moons-mlp", "--set", "training.epochs=1").code == 0


def test_a_wrong_option_is_named(glassnet):  # noqa: F811
    ended = glassnet("train", "moons-mlp", "--set", "tensorboard.evry=3")
    assert_refused(ended, "evry", "every")
