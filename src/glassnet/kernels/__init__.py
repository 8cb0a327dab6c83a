"""The array functions that layers are made of, in several editions with equal signatures.

`vectorised` is NumPy and runs anywhere; `reference` is textbook loops, obviously right and slow:
the oracle for the others and the text to learn from. Layers call ``kernels.conv2d_forward(...)``;
`use_kernels` rebinds these names to another edition, so choosing costs nothing per call.
"""

# ruff: noqa: F403 (each file of an edition says in __all__ what its kernels are)
import importlib
import os
from typing import Final

from glassnet.errors import ConfigError
from glassnet.kernels import vectorised
from glassnet.kernels.vectorised.activation import *
from glassnet.kernels.vectorised.conv import *
from glassnet.kernels.vectorised.dense import *
from glassnet.kernels.vectorised.norm import *
from glassnet.kernels.vectorised.pool import *
from glassnet.kernels.vectorised.softmax import *
from glassnet.kernels.vectorised.update import *

_EDITIONS: Final = {"numpy": "vectorised", "reference": "reference"}
_KERNELS: Final = [name for name, value in vars(vectorised).items() if callable(value)]
_active = "numpy"


def use_kernels(edition: str) -> None:
    """Choose the edition of the kernels that all layers use from now on.

    Parameters
    ----------
    edition : {"numpy", "reference"}
        The environment variable ``GLASSNET_KERNELS`` chooses the same at the start.

    Raises
    ------
    ConfigError
        If there is no such edition.

    Examples
    --------
    >>> use_kernels("reference"); active_kernels()
    'reference'
    >>> use_kernels("numpy")
    """
    global _active  # noqa: PLW0603 — which edition is bound is state of this module, and only of it
    if edition not in _EDITIONS:
        raise ConfigError(f"no kernels are called {edition!r}; there are {', '.join(_EDITIONS)}")
    module = importlib.import_module(f"{__name__}.{_EDITIONS[edition]}")
    globals().update({name: getattr(module, name) for name in _KERNELS})
    _active = edition


def active_kernels() -> str:
    """Return the name of the edition in use."""
    return _active


if "GLASSNET_KERNELS" in os.environ:
    use_kernels(os.environ["GLASSNET_KERNELS"])
