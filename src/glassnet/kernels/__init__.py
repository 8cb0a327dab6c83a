"""The array functions that layers are made of, in several editions with equal signatures.

`vectorised` is NumPy and runs anywhere; `reference` is textbook loops, obviously right and slow:
the oracle for the others and the text to learn from; `compiled` is loops for Numba, used where that
is installed, for float32. Layers call ``kernels.conv2d_forward(...)``;
`use_kernels` rebinds these names to another edition, so choosing costs nothing per call.

The compiled edition imports Numba, and compiles each loop or fetches it from disk, when the loop is
first run. What it does follows from the arguments alone, never from what was computed
before, so the same seed gives the same bits in whatever order networks are trained.
"""

# ruff: noqa: F403 (each file of an edition says in __all__ what its kernels are)
import importlib
import importlib.util
import os
from typing import Final

from glassnet.errors import ConfigError
from glassnet.kernels import vectorised
from glassnet.kernels.vectorised.activation import *
from glassnet.kernels.vectorised.batch import *
from glassnet.kernels.vectorised.conv import *
from glassnet.kernels.vectorised.dense import *
from glassnet.kernels.vectorised.network import *
from glassnet.kernels.vectorised.norm import *
from glassnet.kernels.vectorised.pool import *
from glassnet.kernels.vectorised.softmax import *
from glassnet.kernels.vectorised.stages import *
from glassnet.kernels.vectorised.update import *

_EDITIONS: Final = {"numpy": "vectorised", "reference": "reference", "numba": "compiled"}
_KERNELS: Final = [name for name, value in vars(vectorised).items() if callable(value)]
_active = "numpy"


def use_kernels(edition: str) -> None:
    """Choose the edition of the kernels that all layers use from now on.

    Parameters
    ----------
    edition : {"auto", "numba", "numpy", "reference"}
        "auto", the default, is "numba" where Numba is installed, but float64 is left to NumPy: the
        gradient doctor would wait for compilers longer than for numbers. The environment variable
        ``GLASSNET_KERNELS`` chooses the same at the start.

    Raises
    ------
    ConfigError
        If there is no such edition, or it needs Numba and there is none.

    Examples
    --------
    >>> use_kernels("reference"); active_kernels()
    'reference'
    >>> use_kernels("numpy")
    """
    global _active  # noqa: PLW0603 — which edition is bound is state of this module, and only of it
    chosen_for_us = edition == "auto"
    if chosen_for_us:
        edition = "numba" if _has_numba() else "numpy"
    if edition not in _EDITIONS:
        raise ConfigError(
            f"no kernels are called {edition!r}; there are {', '.join(_EDITIONS)} and auto"
        )
    if edition == "numba" and not _has_numba():
        raise ConfigError(
            "the kernels called 'numba' need Numba, which is not installed; "
            "install it with pip install 'glassnet[fast]', or choose 'auto' or 'numpy'"
        )
    module = importlib.import_module(f"{__name__}.{_EDITIONS[edition]}")
    if edition == "numba":
        module.compile_float64(not chosen_for_us)
    globals().update({name: getattr(module, name) for name in _KERNELS})
    _active = edition


def active_kernels() -> str:
    """Return the name of the edition in use."""
    return _active


def _has_numba() -> bool:
    """Whether Numba is installed; asking does not import it."""
    return importlib.util.find_spec("numba") is not None


use_kernels(os.environ.get("GLASSNET_KERNELS") or "auto")
