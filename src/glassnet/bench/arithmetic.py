"""The rate of multiply-adds alone: numbers stay in registers, nothing is fetched.

BLAS need not reach it: a build may not know the widest vectors that a processor has.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from glassnet.arrays import Array

CHAIN = 16
NUMBERS = 1024
"""Enough that the next multiply-add never waits for the last one's result."""
TIMES = 10_000
OPERATIONS = 2 * CHAIN * NUMBERS * TIMES


def multiply_adds() -> Callable[[], object] | None:
    """Return what does `OPERATIONS` in registers, or None without Numba to compile it."""
    if importlib.util.find_spec("numba") is None:
        return None
    numbers, loop = np.ones(NUMBERS, np.float32), _compiled()
    half = np.float32(0.5)
    loop(numbers, half, half, 1)
    return lambda: loop(numbers, half, half, TIMES)


@cache
def _compiled() -> Any:
    import numba

    return numba.njit(nogil=True, fastmath={"contract"})(_loop)


def _loop(numbers: Array, a: np.float32, b: np.float32, times: int) -> None:
    for _ in range(times):
        for i in range(numbers.size):
            x = numbers[i]
            for _ in range(CHAIN):
                x = x * a + b
            numbers[i] = x
