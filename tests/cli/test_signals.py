"""Signals, closed terminals and full disks, through the program: what there is stays good."""

import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassnet.experiments import RunFolder
from glassnet.experiments.killing import unreadable
from glassnet.training import History
from glassnet.training.checkpoint import files

from .conftest import SPIRALS, assert_refused, process, start
from .test_resume import rows, wait_for

LONG = (*SPIRALS, "--set", "training.epochs=20000", "--set", "checkpoint.steps=50",
        "--set", "training.patience=20000")  # fmt: skip


@pytest.fixture(autouse=True)
def _hanging_up_counts():
    """Programs end at SIGHUP, also where the tests themselves were started with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def begun(*arguments, **options):
    """Start a long training in the folder `run`, and wait for its first checkpoint."""
    program = start("train", *LONG, *arguments, "--out", "run", **options)
    wait_for(lambda: files("run/checkpoints"), program)
    return program


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_signals_end_between_two_steps_with_all_files(glassnet, number, code):
    program = begun()
    program.send_signal(number)
    _, err = program.communicate(timeout=100)
    assert program.returncode == code, err
    assert "glassnet: interrupted; run holds what was trained, and glassnet resume run" in err
    assert json.loads(Path("run/metrics.json").read_text())["stopped"] == "interrupted"
    assert unreadable(RunFolder(Path("run"))) == []
    assert glassnet("evaluate", "run", "--json").code == 0


def test_what_sigterm_ended_is_resumed_to_the_same_bytes(glassnet):
    short = (*SPIRALS, "--set", "training.epochs=80", "--set", "checkpoint.steps=20")
    program = start("train", *short, "--out", "run")
    wait_for(lambda: files("run/checkpoints"), program)
    program.send_signal(signal.SIGTERM)
    program.send_signal(signal.SIGTERM)  # as `timeout` does: to the program, and to its group
    program.communicate()
    assert program.returncode == 143
    ended = process("resume", "run", "--strict")
    assert ended.code == 0, ended.err
    assert glassnet("train", *short, "--out", "whole").code == 0
    assert rows("run") == rows("whole")
    first, second = (Path(run, "model.safetensors").read_bytes() for run in ("run", "whole"))
    assert first == second


def test_a_second_ctrl_c_ends_at_once_and_leaves_a_run_to_resume(glassnet):
    program = begun()
    program.send_signal(signal.SIGINT)
    program.send_signal(signal.SIGINT)
    while program.poll() is None:
        program.send_signal(signal.SIGINT)
        time.sleep(0.001)
    _, err = program.communicate()
    assert program.returncode in (130, -signal.SIGINT), err
    assert unreadable(RunFolder(Path("run"))) == []
    assert files("run/checkpoints")
    if Path("run/metrics.json").exists():
        assert json.loads(Path("run/metrics.json").read_text())["stopped"] == "interrupted"


def test_nohup_goes_on():
    program = begun(before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    newest = files("run/checkpoints")[0]
    program.send_signal(signal.SIGHUP)
    wait_for(lambda: files("run/checkpoints")[0] != newest, program)
    program.kill()
    program.communicate()


def test_a_terminal_that_is_closed_leaves_a_checkpoint_and_all_files():
    own, its = pty.openpty()
    command = [sys.executable, "-m", "glassnet", "train", *LONG, "--out", "run"]
    program = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command], stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    wait_for(lambda: files("run/checkpoints"), program)
    os.close(own)
    wait_for(Path("run/metrics.json").exists, seconds=100)
    assert json.loads(Path("run/metrics.json").read_text())["stopped"] == "interrupted"
    program.wait(100)
    assert unreadable(RunFolder(Path("run"))) == []


def test_a_reader_of_the_progress_that_goes_away_does_not_end_the_training():
    program = start("train", *SPIRALS, "--set", "training.epochs=100", "--out", "run", "--json")
    program.stderr.close()
    with program:
        out = program.stdout.read()
    assert program.returncode == 0
    assert json.loads(out.splitlines()[-1])["epochs"] == 100


# --- disks and folders ---------------------------------------------------------------------------


SHORT = (*SPIRALS, "--set", "training.epochs=60", "--set", "checkpoint.steps=50")


def limited(size):
    """Return what makes every file longer than so many bytes fail, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_told_and_what_was_there_stays(glassnet):
    program = begun()
    soft = (2_000, resource.RLIM_INFINITY)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, soft)  # from now on the disk is full
    before = files("run/checkpoints")
    time.sleep(0.3)
    program.send_signal(signal.SIGTERM)
    _, err = program.communicate(timeout=100)
    assert program.returncode in (2, 143), err
    assert "Traceback" not in err
    assert "no checkpoint after step" in err
    assert unreadable(RunFolder(Path("run"))) == []
    assert set(before) & set(files("run/checkpoints"))


@pytest.mark.drawn
@pytest.mark.parametrize("size", [300, 20_000])  # of a configuration, and of a picture
def test_a_disk_that_is_full_from_the_beginning(size):
    ended = process("train", *SHORT, "--out", "run", before=limited(size))
    assert_refused(ended, "cannot write", "run", "free some space")
    assert unreadable(RunFolder(Path("run"))) == []


def test_a_folder_that_nobody_may_write_to(glassnet):
    for place in ("/proc/run", "/sys/a/run", "/dev/null/run"):
        assert_refused(glassnet("train", *SHORT, "--out", place), "cannot make a run folder")


def test_a_run_folder_that_was_removed_is_made_anew_at_the_end():
    program = start("train", *SHORT, "--out", "run", "--json")
    wait_for(lambda: files("run/checkpoints"), program)
    os.rename("run", "gone")
    shutil.rmtree("gone")
    out, err = program.communicate(timeout=100)
    assert program.returncode == 0, err
    assert "run was removed while it trained, and is made anew" in " ".join(err.split())
    assert process("train", *SHORT, "--out", "whole").code == 0
    assert sorted(p.name for p in Path("run").iterdir()) == sorted(
        p.name for p in Path("whole").iterdir()
    )
    assert json.loads(out.splitlines()[-1])["epochs"] == 60
    assert rows("run") == rows("whole")


def test_a_run_folder_that_another_run_has_taken_is_left_to_it(glassnet):
    program = start("train", *LONG, "--set", "checkpoint.steps=0", "--out", "run")
    wait_for(Path("run/config.toml").exists, program)
    time.sleep(0.5)
    os.rename("run", "moved")
    other = start("train", *LONG, "--seed", "1", "--out", "run")
    wait_for(lambda: files("run/checkpoints"), other)
    program.send_signal(signal.SIGTERM)
    _, err = program.communicate(timeout=100)
    other.send_signal(signal.SIGTERM)
    _, its = other.communicate(timeout=100)
    assert (program.returncode, other.returncode) == (2, 143), (err, its)
    assert "run is no longer the folder of this run" in " ".join(err.split())
    assert "Traceback" not in err
    assert unreadable(RunFolder(Path("run"))) == unreadable(RunFolder(Path("moved"))) == []
    assert "seed = 1" in Path("run/config.toml").read_text()
    assert "seed = 0" in Path("moved/config.toml").read_text()
    assert glassnet("evaluate", "run").code == 0


def test_a_clock_that_is_set_back_changes_nothing(glassnet, monkeypatch):
    now = [2e9]

    def back():
        now[0] -= 3600
        return now[0]

    assert glassnet("train", *SHORT, "--out", "whole").code == 0
    monkeypatch.setattr(time, "time", back)
    assert glassnet("train", *SHORT, "--out", "run").code == 0
    newest = files("run/checkpoints")
    for i, file in enumerate(newest):
        os.utime(file, (i, i))  # the newest is the oldest, by the clock
    Path("run/metrics.json").unlink()
    ended = glassnet("resume", "run", "--json", "--strict")
    assert ended.code == 0, ended.err
    assert rows("run") == rows("whole")
    history = History.from_csv(Path("run/history.csv").read_text())
    assert min(history["seconds"]) >= 0


# --- several at once -----------------------------------------------------------------------------


def test_several_runs_at_once_in_one_parent_folder():
    few = (*SPIRALS, "--set", "training.epochs=3", "--json")
    programs = [start("train", *few, "--seed", str(seed)) for seed in range(4)]
    ended = [(program.communicate(timeout=200), program.returncode) for program in programs]
    assert [code for _, code in ended] == [0] * 4, ended
    places = [json.loads(out.splitlines()[-1])["run"] for (out, _), _ in ended]
    assert sorted(places) == [f"runs/moons-mlp-00{i}" for i in (1, 2, 3, 4)]
    for seed, place in enumerate(places):
        assert f"seed = {seed}" in Path(place, "config.toml").read_text()
        assert unreadable(RunFolder(Path(place))) == []


def test_two_runs_at_once_into_one_folder_one_is_refused():
    few = (*SPIRALS, "--set", "training.epochs=3", "--out", "run")
    programs = [start("train", *few) for _ in range(3)]
    ended = [(program.communicate(timeout=200)[1], program.returncode) for program in programs]
    assert sorted(code for _, code in ended) == [0, 2, 2], ended
    for err, code in ended:
        assert code == 0 or "in use by process" in err or "never overwrites" in err
    assert unreadable(RunFolder(Path("run"))) == []


def test_a_run_killed_before_it_had_a_configuration_leaves_its_folder_free(glassnet):
    Path("run").mkdir()
    Path("run/.lock").write_text("1\n")
    Path("run/.config.toml.a1b2c3").write_text("name = ")
    ended = glassnet("train", "moons-mlp", "--set", "training.epochs=1", "--out", "run")
    assert ended.code == 0, ended.err
    assert not RunFolder(Path("run")).half_written()
