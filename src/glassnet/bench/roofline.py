"""What the machine could do at best: the roof over every kernel.

A kernel that does F operations on B bytes cannot end before F / peak, nor before B / bandwidth
(Williams, Waterman & Patterson, "Roofline", 2009). Both are measured here, in the same rounds as
what is held against them: the peak as the rate of large matrix products, the bandwidth by copying.
What fits a cache moves faster than what does not, so the bandwidth is measured for several sizes,
and a kernel is held against that of its own (Ilic, Pratas & Sousa, "Cache-aware roofline", 2014).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from glassnet.bench.arithmetic import OPERATIONS, multiply_adds

SIZES = (1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 25, 1 << 27)
"""Bytes that are copied between, source and target together."""
MATRIX = 1024
CACHE_LINE = 16  # float32 numbers
TURN = 0.008  # seconds of copying, about, for each size


class Work(NamedTuple):
    """Operations to do, and bytes to read or write at least once."""

    operations: float
    bytes: float


@dataclass(frozen=True)
class Roof:
    """The rates that a machine reaches.

    Attributes
    ----------
    peak : float
        Operations a second in a large float32 matrix product.
    bandwidth : dict of int to float
        Bytes read and written a second while copying, by the size of what is copied.
    arithmetic : float, optional
        Multiply-adds a second without any memory, counted as two operations each.
    """

    peak: float
    bandwidth: dict[int, float]
    arithmetic: float | None = None

    def seconds(self, work: Work) -> float:
        """Return the shortest time that the work could take.

        Examples
        --------
        >>> roof = Roof(peak=100e9, bandwidth={1 << 20: 50e9, 1 << 27: 20e9})
        >>> roof.seconds(Work(operations=1e9, bytes=1e6))
        0.01
        >>> roof.seconds(Work(operations=0, bytes=1e8))
        0.005
        """
        size = min(self.bandwidth, key=lambda size: abs(math.log(size / work.bytes)))
        return max(work.operations / self.peak, work.bytes / self.bandwidth[size])


def measure_roof(threads: int) -> Roof:
    """Measure the roof, which takes a tenth of a second.

    Each thread works on arrays of its own, so none waits for another, and BLAS has no pool of
    threads that could be in the way of what is measured next.

    Parameters
    ----------
    threads : int

    Examples
    --------
    >>> roof = measure_roof(1)
    >>> roof.peak > 1e9 and min(roof.bandwidth.values()) > 1e8
    True
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        peak = threads * 2 * MATRIX**3 / _together(pool, threads, _product)
        bandwidth = {}
        for size in SIZES:
            times = max(1, round(TURN * 20e9 / size))
            copy = _copier(size // threads, times)
            bandwidth[size] = size * times / _together(pool, threads, copy)
        arithmetic = None
        if multiply_adds() is not None:  # compiles it
            arithmetic = threads * OPERATIONS / _together(pool, threads, multiply_adds)
    return Roof(peak, bandwidth, arithmetic)


def _together(
    pool: ThreadPoolExecutor, threads: int, prepare: Callable[[], Callable[[], object] | None]
) -> float:
    """Return the seconds from the common start until the last thread has done its work."""
    ready = Barrier(threads)

    def turn(_: int) -> tuple[float, float]:
        work = prepare()
        assert work is not None
        ready.wait()
        started = time.perf_counter()
        work()
        return started, time.perf_counter()

    times = list(pool.map(turn, range(threads)))
    return max(ended for _, ended in times) - min(started for started, _ in times)


def _product() -> Callable[[], object]:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, MATRIX, MATRIX), np.float32)
    out = np.empty_like(a)
    np.matmul(a, b, out=out)
    return lambda: np.matmul(a, b, out=out)


def _copier(size: int, times: int) -> Callable[[], Callable[[], object]]:
    """Return what prepares copying back and forth in `size` bytes, `times` times in one call.

    One call for all, because between calls Python lets one thread wait for another.
    """

    def prepare() -> Callable[[], object]:
        length = size // 8  # float32, half of it source and half target
        arrays = np.ones((2, length + times * CACHE_LINE), np.float32)
        source, target = (
            as_strided(array, (times, length), (array.itemsize * CACHE_LINE, array.itemsize))
            for array in arrays
        )  # rows a cache line apart: with the same row again, NumPy would turn the loops round
        np.copyto(target[:1], source[:1])
        return lambda: np.copyto(target, source)

    return prepare
