"""What all tests, and the examples in docstrings, may take for granted."""

import importlib.util
import os

# Two test processes on two processors, each with BLAS threads that wait by running in circles,
# would slow each other down a hundredfold. Read when NumPy is imported, hence before it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The compiled kernels have tests of their own, which ask for them; elsewhere compiling would take
# longer than the tests. CI runs a part of them with the compiled kernels too.
os.environ.setdefault("GLASSNET_KERNELS", "numpy")

import numpy as np
import pytest

import glassnet as gn

# Examples cannot be looked for in modules that cannot be imported, nor run without their library.
collect_ignore_glob = [
    files
    for library, files in (
        ("numba", "src/glassnet/kernels/compiled/*"),
        ("onnx", "src/glassnet/interop/onnx_*"),
        ("tensorboard", "src/glassnet/tensorboard/*"),
    )
    if not importlib.util.find_spec(library)
]


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    """Let the examples in docstrings use ``gn`` and ``np``."""
    doctest_namespace.update(gn=gn, np=np)
