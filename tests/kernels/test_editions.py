"""The editions have the same kernels, and one can choose between them."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys

import pytest

from glassnet import kernels
from glassnet.errors import ConfigError
from glassnet.kernels import reference, vectorised

FILES = [module.name for module in pkgutil.iter_modules(vectorised.__path__)]


@pytest.fixture(autouse=True)
def _numpy_again():
    before = kernels.active_kernels()
    yield
    kernels.use_kernels(before)


@pytest.mark.parametrize("file", FILES)
def test_equal_names_and_signatures(file):
    ours = importlib.import_module(f"glassnet.kernels.vectorised.{file}")
    theirs = importlib.import_module(f"glassnet.kernels.reference.{file}")
    public = {
        name
        for name, function in inspect.getmembers(ours, inspect.isfunction)
        if function.__module__ == ours.__name__ and not name.startswith("_")
    }
    assert public == set(ours.__all__) == set(theirs.__all__)
    for name in public:
        signature = inspect.signature(getattr(ours, name))
        assert signature == inspect.signature(getattr(theirs, name)), name
        assert getattr(theirs, name).__doc__, name
        assert getattr(vectorised, name) is getattr(ours, name)
        assert getattr(reference, name) is getattr(theirs, name)


def test_editions_have_the_same_files():
    assert FILES == [module.name for module in pkgutil.iter_modules(reference.__path__)]


def test_use_kernels_rebinds_every_name():
    names = [name for file in FILES for name in getattr(vectorised, file).__all__]
    assert len(names) == 42
    for edition, module in (("reference", reference), ("numpy", vectorised)):
        kernels.use_kernels(edition)
        assert kernels.active_kernels() == edition
        for name in names:
            assert getattr(kernels, name) is getattr(module, name)


def test_an_unknown_edition_is_refused_and_changes_nothing():
    before = kernels.active_kernels()
    with pytest.raises(ConfigError, match=r"'fortran'.*numpy, reference"):
        kernels.use_kernels("fortran")
    assert kernels.active_kernels() == before


def test_compiled_edition_has_the_same_kernels():
    theirs = importlib.import_module("glassnet.kernels.compiled")
    found = [module.name for module in pkgutil.iter_modules(theirs.__path__)]
    assert FILES == [name for name in found if not name.startswith("_")]
    for file in FILES:
        for name in getattr(vectorised, file).__all__:
            ours = inspect.signature(getattr(vectorised, name))
            assert ours == inspect.signature(getattr(theirs, name)), name


def test_without_numba(monkeypatch):
    monkeypatch.setattr(kernels, "_has_numba", lambda: False)
    kernels.use_kernels("auto")
    assert kernels.active_kernels() == "numpy"
    with pytest.raises(ConfigError, match=r"glassnet\[fast\]"):
        kernels.use_kernels("numba")
    monkeypatch.setattr(kernels, "_has_numba", lambda: True)
    kernels.use_kernels("auto")
    assert kernels.active_kernels() == "numba"
    assert kernels.relu_forward.__module__ == "glassnet.kernels.compiled.activation"


@pytest.mark.parametrize("edition", ["reference", "numpy", "fortran"])
def test_environment_variable(edition):
    program = (
        "from glassnet import kernels; "
        "print(kernels.active_kernels(), kernels.conv2d_forward.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "GLASSNET_KERNELS": edition, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if edition == "fortran":
        assert done.returncode == 1
        assert "no kernels are called 'fortran'" in done.stderr
    else:
        folder = {"numpy": "vectorised"}.get(edition, edition)
        assert done.stdout.split() == [edition, f"glassnet.kernels.{folder}.conv"]
