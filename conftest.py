"""What the examples in docstrings may take for granted: ``gn`` and ``np``."""

import numpy as np
import pytest

import glassnet as gn


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(gn=gn, np=np)
