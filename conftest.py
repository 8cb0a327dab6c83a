"""What all tests, and the examples in docstrings, may take for granted."""

import importlib.util
import os
from pathlib import Path
from typing import Any

# Two test processes on two processors, each with BLAS threads that wait by running in circles,
# would slow each other down a hundredfold. Read when NumPy is imported, hence before it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The compiled kernels have tests of their own, which ask for them; elsewhere compiling would take
# longer than the tests. CI runs a part of them with the compiled kernels too.
os.environ.setdefault("GLASSNET_KERNELS", "numpy")

import numpy as np
import pytest

import glassnet as gn

ROOT = Path(__file__).parent

# Examples cannot be looked for in modules that cannot be imported, nor run without their library.
collect_ignore_glob = [
    files
    for library, files in (
        ("numba", "src/glassnet/kernels/compiled/*"),
        ("onnx", "src/glassnet/interop/onnx_*"),
        ("onnx", "src/glassnet/interop/from_onnx/reader.py"),
        ("tensorboard", "src/glassnet/tensorboard/*"),
    )
    if not importlib.util.find_spec(library)
]


LONG = ("cli", "kernels", "catalogue", "tensorboard", "reliability", "report", "pictures")
"""Folders of tests in which single tests take seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests: the last of several processes is then not far behind the first."""
    folders = [ROOT / "tests" / name for name in LONG]
    items.sort(key=lambda item: not any(folder in item.path.parents for folder in folders))


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a process that has nothing left take tests from another."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    """Let the examples in docstrings use ``gn`` and ``np``."""
    doctest_namespace.update(gn=gn, np=np)
