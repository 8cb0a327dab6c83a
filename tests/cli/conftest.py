"""Running the program: inside this process where speed matters, as one of its own where it must."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from glassnet import kernels
from glassnet.cli import main


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out.splitlines()[-1])


SPIRALS = ("moons-mlp", "--set", "data.name=spirals")
"""For processes, where any training will do: to import scikit-learn, whose data the other recipes
take, takes longer than to train on these."""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path, undrawn):
    """Every test works in an empty folder, without the user's data, colours and terminal."""
    for name in ("GLASSNET_DATA", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GLASSNET_KERNELS", kernels.active_kernels())  # in other processes too
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the program would set it for the other tests too
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)


@pytest.fixture
def glassnet(monkeypatch, capsys):
    """Run the program in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["glassnet", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return Ended(code, *capsys.readouterr())

    return run


def start(*arguments, **options):
    """Start the program as a process of its own, Ctrl-C being what it is in a terminal."""

    def prepare():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if before := options.pop("before", None):
            before()

    command = [sys.executable, "-m", "glassnet", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {
        name: options.pop(name) for name in ("stdout", "stderr", "cwd") if name in options
    }
    # No other thread runs here, so what the child does before it starts is safe.
    return subprocess.Popen(command, text=True, preexec_fn=prepare, **pipes)  # noqa: PLW1509


def process(*arguments, **options):
    """Run the program as a process of its own."""
    program = start(*arguments, **options)
    out, err = program.communicate(timeout=600)
    return Ended(program.returncode, out or "", err or "")


def snapshot(folder="."):
    """Return every file below a folder with a checksum of its content."""
    return {
        os.path.relpath(file, folder): file.is_file()
        and hashlib.sha256(file.read_bytes()).hexdigest()
        for file in Path(folder).rglob("*")
    }


def assert_refused(ended, *words):
    """One sentence on standard error, exit code 2, and no traceback."""
    assert ended.code == 2, ended.err
    said = [line for line in ended.err.splitlines() if line.startswith("glassnet:")]
    assert len(said) == 1, ended.err
    assert ended.err.splitlines()[-1] == said[0]
    assert "Traceback" not in ended.err
    assert "Warning" not in ended.err
    for word in words:
        assert str(word) in said[0]


@pytest.fixture(scope="session")
def bare_train(once):
    """Where a bare `glassnet train` was, how it ended, and how many seconds it was given."""

    def make(folder):
        before, wall = os.times(), time.perf_counter()
        ended = process("train", cwd=folder)
        wall, after = time.perf_counter() - wall, os.times()
        # Where others keep the machine busy, the time it was given counts.
        seconds = min(wall, after.children_user - before.children_user)
        (folder / "ended.json").write_text(json.dumps([asdict(ended), seconds]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSNET_KERNELS", kernels.active_kernels())
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("COLUMNS", "100")
        patch.delenv("GLASSNET_DATA", raising=False)
        folder = once("bare-train", make)
    ended, seconds = json.loads((folder / "ended.json").read_text())
    return folder, Ended(**ended), seconds


@pytest.fixture(scope="session")
def digits_run(bare_train):
    """The run folder of a bare `glassnet train`, and its metrics."""
    folder = bare_train[0] / "runs" / "digits-mlp-001"
    return folder, json.loads((folder / "metrics.json").read_text("utf-8"))
