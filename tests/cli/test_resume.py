"""Runs that are killed and resumed, through the program."""

import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from glassnet.experiments import killing, verification
from glassnet.training import History, newest_checkpoint
from glassnet.training.checkpoint import files

from .conftest import SPIRALS, assert_refused, process, snapshot, start

SMALL = (
    *SPIRALS, "--set", "training.epochs=60", "--set", "checkpoint.steps=7",
    "--set", "checkpoint.minutes=0",
)  # fmt: skip


def wait_for(condition, program=None, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        assert program is None or program.poll() is None, program.communicate()
        time.sleep(0.002)


def killed(*arguments, run, checkpoints=1):
    """Start the program, and kill it as soon as there are so many checkpoints."""
    program = start(*arguments)
    before = len(files(run / "checkpoints"))
    wait_for(lambda: len(files(run / "checkpoints")) >= before + checkpoints, program)
    program.kill()
    program.communicate()
    assert program.returncode == -signal.SIGKILL


def rows(run):
    history = History.from_csv((Path(run) / "history.csv").read_text())
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history.epochs]


SLOW = (*SPIRALS, "--set", "training.epochs=60", "--set", "training.patience=40",
        "--set", "checkpoint.steps=80", "--set", "checkpoint.keep_last=30",
        "--set", "checkpoint.minutes=0")  # fmt: skip


def test_a_killed_run_is_resumed_to_the_same_bytes(glassnet):
    whole, run = glassnet("train", *SLOW, "--out", "whole", "--json"), Path("run")
    assert whole.code == 0, whole.err
    killed("train", *SLOW, "--out", run, run=run, checkpoints=3)
    assert not (run / "metrics.json").exists()
    newest = files(run / "checkpoints")[0]
    newest.write_bytes(newest.read_bytes()[:-1])
    ended = process("resume", run, "--json", "--strict")
    assert ended.code == 0, ended.err
    assert f"{newest.name} is damaged" in ended.err.replace("\n", " ")
    assert "an older one is used" in ended.err
    assert "goes on after step" in ended.err
    assert rows(run) == rows("whole")
    for name in ("model.safetensors", "last.safetensors", "predictions.safetensors"):
        assert (run / name).read_bytes() == Path("whole", name).read_bytes(), name
    for name, value in whole.json.items():
        if not name.startswith("seconds") and name not in ("run", "environment"):
            assert ended.json[name] == value, name
    assert not (run / ".lock").exists()
    before = snapshot(run)
    assert_refused(glassnet("resume", run), "has ended", "nothing to resume")
    assert snapshot(run) == before


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(glassnet):
    long = (*SPIRALS, "--set", "training.epochs=200")
    program = start("train", *long, "--out", "run")
    for line in program.stderr:  # the second that tells of an epoch
        if "20/200" in line:
            break
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 130, err
    assert "glassnet resume run goes on" in err
    assert json.loads(Path("run/metrics.json").read_text())["stopped"] == "interrupted"
    assert len(files("run/checkpoints")) == 1
    ended = glassnet("resume", "run", "--json")
    assert ended.code == 0, ended.err
    assert (ended.json["epochs"], ended.json["stopped"]) == (200, "")
    whole = glassnet("train", *long, "--out", "whole", "--json")
    assert rows("run") == rows("whole")
    assert ended.json["test_loss"] == whole.json["test_loss"]


def test_short_runs_write_no_checkpoints(glassnet):
    ended = glassnet("train", "moons-mlp", "--set", "training.epochs=2", "--out", "run")
    assert ended.code == 0, ended.err
    assert not Path("run/checkpoints").exists()
    assert not Path("run/.lock").exists()


def test_a_run_killed_before_its_first_checkpoint_begins_anew(glassnet):
    program = start("train", *SPIRALS, "--out", "run")
    wait_for(Path("run/config.toml").exists, program)
    program.kill()
    program.communicate()
    ended = glassnet("resume", "run", "--json")
    assert ended.code == 0, ended.err
    assert "begins anew" in ended.err
    assert glassnet("train", *SPIRALS, "--out", "whole").code == 0
    assert rows("run") == rows("whole")


@pytest.fixture
def half(glassnet, once):
    """A small run that Ctrl-C ended in the middle, with checkpoints."""

    def make(folder):
        run = folder / "half"
        ended = glassnet("train", *SMALL, "--set", "training.epochs=12", "--out", run)
        assert ended.code == 0, ended.err
        (run / "metrics.json").unlink()

    shutil.copytree(once("half", make) / "half", "half")
    return Path("half")


def test_two_at_once_are_refused(glassnet, half):
    endless = ("--set", "training.epochs=9999", "--set", "training.patience=9999")
    program = start("train", *SLOW, *endless, "--out", "run")
    wait_for(Path("run/config.toml").exists, program)
    ended = glassnet("resume", "run")
    assert_refused(ended, "in use by process", str(program.pid))
    program.kill()
    program.communicate()
    assert Path("run/.lock").exists()  # a stale one, which is no hindrance
    (half / ".lock").write_text("1\n")
    assert glassnet("resume", half).code == 0
    assert not (half / ".lock").exists()


def test_what_has_changed_is_said_or_refused(glassnet, half, monkeypatch):
    monkeypatch.setattr("glassnet.experiments.circumstances.threads", lambda: 77)
    monkeypatch.setattr("glassnet.experiments.folder.source_version", lambda: "other")
    before = snapshot(half)
    refused = glassnet("resume", half, "--strict")
    assert_refused(refused, "the code of Glassnet", ", now 77)", "--strict")
    assert snapshot(half) == before
    ended = glassnet("resume", half)
    assert ended.code == 0
    assert "have changed: the code of Glassnet; the number of threads" in ended.err


def test_other_data_are_said(glassnet):
    Path("d.csv").write_text("a,b,y\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(80)))
    options = ("--set", "data.name=csv", "--set", "data.path=d.csv", "--set", "data.target=y")
    ended = glassnet("train", *SMALL, *options, "--out", "run")
    assert ended.code == 0, ended.err
    Path("run/metrics.json").unlink()
    Path("d.csv").write_text(Path("d.csv").read_text().replace("\n3,", "\n3.5,", 1))
    assert_refused(glassnet("resume", "run", "--strict"), "have changed: the data;")


def test_a_configuration_that_was_changed_is_said(glassnet, half):
    text = (half / "config.toml").read_text()
    (half / "config.toml").write_text(text.replace("epochs = 12", "epochs = 13"))
    assert_refused(glassnet("resume", half), "epochs = 12, not 13")
    assert_refused(glassnet("resume", half, "--strict"), "have changed: the configuration")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda run: (run / "config.toml").unlink(), "no config.toml"),
        (lambda run: (run / "config.toml").write_text("x"), "config.toml cannot be used"),
        (lambda run: [f.write_bytes(b"") for f in files(run / "checkpoints")], "no whole checkp"),
        (lambda run: (run / "metrics.json").write_text("[]"), "metrics.json cannot be read"),
        (lambda run: (run / "metrics.json").write_text('{"stopped": "the loss is no"}'), "ended"),
    ],
)
def test_what_cannot_be_resumed_is_refused_in_a_sentence(glassnet, half, spoil, words):
    spoil(half)
    before = snapshot(half)
    assert_refused(glassnet("resume", half), words)
    assert snapshot(half) == before
    assert_refused(glassnet("resume", "nowhere"), "no run folder")


def test_one_flipped_bit_in_a_checkpoint(glassnet, half):
    newest, _ = files(half / "checkpoints")
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 16
    newest.write_bytes(content)
    ended = glassnet("resume", half)
    assert ended.code == 0, ended.err
    assert f"{newest.name} is damaged" in ended.err
    assert newest_checkpoint(half / "checkpoints")[0].path == newest  # written anew


@pytest.fixture
def in_the_middle(monkeypatch):
    """Kill where the training is not yet at its end, whatever chance says."""
    monkeypatch.setattr(killing, "LONGEST", 0.02)
    drawn = [(0.2, "step"), (0.5, "write")]
    monkeypatch.setattr(verification, "moments", lambda count: drawn[:count])


def test_the_certificate(glassnet, in_the_middle):
    ended = glassnet("verify-resume", *SLOW[:5], "--kills", "2", "--every", "20", "--json")
    assert ended.code == 0, ended.err
    found = ended.json
    assert found["identical"] is True
    assert [kill["moment"] for kill in found["kills"]] == ["step", "write"]
    assert len(found["compared"]) >= 4
    assert all(found["compared"].values())


CNN = (
    "--set", "data.name=npz", "--set", "data.path=images.npz", "--set", "training.epochs=4",
    "--set", "training.batch_size=16", "--set", "augment.rotate=10",
)  # fmt: skip


def test_the_certificate_of_a_convolutional_recipe(glassnet, in_the_middle):
    """The recipe of MNIST, on a few small images."""
    rng = np.random.default_rng(0)
    np.savez("images.npz", x=rng.integers(0, 255, (200, 1, 8, 8), np.uint8), y=np.arange(200) % 3)
    ended = glassnet("verify-resume", "mnist-cnn", *CNN, "--kills", "1", "--every", "5",
                     "--threads", "1")  # fmt: skip
    assert ended.code == 0, ended.err
    assert re.search(r"mnist-cnn: compared after step \d\d, and at the end", ended.out)
    assert "killed after" in ended.out
    assert "resumed and uninterrupted run: identical" in ended.out
    assert "NumPy" in ended.out
    assert "1 thread, " in ended.out


def test_a_certificate_needs_a_checkpoint(glassnet):
    ended = glassnet("verify-resume", *SMALL[:5], "--every", "5000")
    assert_refused(ended, "before its first checkpoint, after 5000 steps", "--every")


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (("steps=10", "minutes=0", "keep_last=3"), [280, 290, 300]),
        (("steps=0", "minutes=0", "keep_last=1", "keep_best=2"), None),
        (("minutes=0.00001", "keep_last=1"), 1),
        (("minutes=0",), []),
    ],
)
def test_when_and_which_is_said_on_the_command_line_or_in_the_file(glassnet, settings, kept):
    few = ("moons-mlp", "--set", "training.batch_size=65", "--set", "training.epochs=30")
    by_option = [word for setting in settings for word in ("--set", f"checkpoint.{setting}")]
    shown = glassnet("train", *few, *by_option, "--show")
    Path("recipe.toml").write_text(shown.out)
    for run, arguments in (("a", (*few, *by_option)), ("b", ("recipe.toml",))):
        ended = glassnet("train", *arguments, "--out", run)
        assert ended.code == 0, ended.err
        found = sorted(int(file.stem[5:]) for file in files(f"{run}/checkpoints"))
        if isinstance(kept, list):
            assert found == kept
            continue
        if kept == 1:
            assert len(found) == 1
            continue
        losses = [row["valid_loss"] for row in rows(run)]
        best = sorted(range(30), key=losses.__getitem__)[:2]
        assert {10 * (epoch + 1) for epoch in best} <= set(found)
        assert len(found) <= 3


def test_threads_that_were_others_are_said(glassnet, half):
    ended = process("resume", half, "--threads", "2", "--strict")
    if "have changed" in ended.err:  # more than one processor
        assert_refused(ended, "the number of threads (1, now 2)", "--strict")
        ended = process("resume", half, "--threads", "1", "--strict")
    assert ended.code == 0, ended.err


def test_other_kernels_are_said(glassnet, half, monkeypatch):
    monkeypatch.setenv("GLASSNET_KERNELS", "reference")
    refused = process("resume", half, "--strict")
    assert_refused(refused, "the edition of the kernels (", "now reference)", "--strict")


def test_a_certificate_of_what_differs(glassnet, monkeypatch):
    """Where the second run is trained otherwise, the certificate says so."""

    def otherwise(arguments, environment, folder, **options):
        steps = ("--set", "checkpoint.steps=25")
        process("train", *SMALL, "--seed", "5", *steps, "--out", folder.path)

    monkeypatch.setattr(verification, "killed", otherwise)
    monkeypatch.setenv("COLUMNS", "100")
    ended = glassnet("verify-resume", *SMALL[:5])
    assert ended.code == 1, ended.err
    assert "not identical" in ended.out
    assert "differs" in ended.out
    assert os.listdir() == []
