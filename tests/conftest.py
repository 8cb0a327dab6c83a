"""Fixtures that every test can use."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from glassnet import kernels

settings.register_profile("unhurried", deadline=None)  # others use the machine too
settings.load_profile("unhurried")
ROOT = Path(__file__).parent.parent
UNDRAWN = Path(__file__).parent / "undrawn"
collect_ignore = ["undrawn"]  # which is for other processes


@pytest.fixture(autouse=True)
def _same_kernels():
    """No test leaves other kernels behind than it found."""
    before = kernels.active_kernels()
    yield
    if kernels.active_kernels() != before:
        kernels.use_kernels(before)


@pytest.fixture
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs have one picture, of one pixel; so have those of programs that tests start.

    To draw takes longer than to train. A test that looks at pictures is marked `drawn`.
    """
    if request.node.get_closest_marker("drawn") is None:
        dot = (UNDRAWN / "dot.png").read_bytes()
        monkeypatch.setattr("glassnet.pictures.style.png", lambda figure: dot)
        monkeypatch.setattr("glassnet.pictures.run_figures", lambda *arguments: {"curves": None})
        monkeypatch.setenv("PYTHONPATH", str(UNDRAWN), prepend=os.pathsep)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a folder once, whichever of pytest's workers asks first."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def of(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = base / name, base / f"{name}.made"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return of


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; tests that need it skip with a word where it is absent."""
    folder = Path(os.environ.get("GLASSNET_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "mnist").is_dir():
        pytest.skip(f"no data sets in {folder}; set GLASSNET_DATA to a folder that holds mnist/")
    return folder
