"""Fixtures that every test can use."""

import os
from pathlib import Path

import pytest

from glassnet import kernels

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _same_kernels():
    """No test leaves other kernels behind than it found."""
    before = kernels.active_kernels()
    yield
    if kernels.active_kernels() != before:
        kernels.use_kernels(before)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; tests that need it skip with a word where it is absent."""
    folder = Path(os.environ.get("GLASSNET_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "mnist").is_dir():
        pytest.skip(f"no data sets in {folder}; set GLASSNET_DATA to a folder that holds mnist/")
    return folder
