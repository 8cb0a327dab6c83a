"""Fixtures that every test can use."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from glassnet import kernels

ROOT = Path(__file__).parent.parent
UNDRAWN = Path(__file__).parent / "undrawn"
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)
"""A picture of one pixel."""


@pytest.fixture(autouse=True)
def _same_kernels():
    """No test leaves other kernels behind than it found."""
    before = kernels.active_kernels()
    yield
    if kernels.active_kernels() != before:
        kernels.use_kernels(before)


@pytest.fixture
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs make their figures, but each is drawn as one pixel; in processes there are none.

    To draw takes longer than to train. A test that looks at pictures is marked `drawn`.
    """
    if request.node.get_closest_marker("drawn") is None:
        monkeypatch.setattr("glassnet.pictures.style.png", lambda figure: DOT)
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
