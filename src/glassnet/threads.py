"""How many threads work on one step.

The compiled kernels share one pool of threads, and run their matrix products in it too, so that no
second pool (that of BLAS) stands in its way: two pools on the same processors cost up to a factor
of ten, because a thread that waits does so by running in circles. BLAS is left with what is small,
and is told to use one thread as soon as compiled kernels run.

Waiting threads run in circles for about 75 µs and then sleep: long enough to meet the next kernel
of the same step in 2 µs instead of 25 to 60, short enough not to be in the way of other programs.
An `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` in the environment is respected. While others want the same
processors, fewer threads do the same work, to the same bits (`crowd.py`).
"""

from __future__ import annotations

import os
import threading

from glassnet.crowd import Crowd
from glassnet.errors import ConfigError
from glassnet.memory import keep_freed_memory

_SPIN = {"GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1"}  # of GNU's and of LLVM's OpenMP
_CHOICES = ("OMP_WAIT_POLICY", *_SPIN)


def available() -> int:
    """Return on how many processors this program may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _at_start() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(int(asked), available()) if asked.isdecimal() and int(asked) else available()


_count = _at_start()
_forked = False  # whether the pool was lost: OpenMP's threads do not follow a fork
_started = False
_launched = 0
_crowd = Crowd()
_claimed = False  # whether compiled kernels have been used
_applied = threading.local()
_one_at_a_time: threading.Lock | None = None


def set_threads(count: int) -> None:
    """Use so many threads for one step, in all kernels; without compiled ones, in NumPy's BLAS.

    Results have the same bits every time for the same number of threads. The environment variable
    ``OMP_NUM_THREADS`` says the same at the start; by default all processors are used. More than
    there are processors are not used, and while other programs want them, fewer do the work of all.

    Parameters
    ----------
    count : int

    Raises
    ------
    ConfigError
        If `count` is below 1.

    Examples
    --------
    >>> before = threads()
    >>> set_threads(1); threads()
    1
    >>> set_threads(before)
    """
    global _count  # noqa: PLW0603 — one setting for the program
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ConfigError(f"the number of threads must be an integer of at least 1, not {count!r}")
    _count = min(count, available())
    _limit_blas(1 if _claimed else _count)


def claim() -> None:
    """Leave BLAS one thread, because compiled kernels are about to use the others; keep memory."""
    global _claimed  # noqa: PLW0603 — of this process
    if not _claimed:
        _claimed = True
        _limit_blas(1)
        keep_freed_memory()


def _limit_blas(count: int) -> None:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # then BLAS keeps its own idea
        return
    threadpool_limits(count, user_api="blas")


def threads() -> int:
    """Return how many threads work on one step."""
    return _count


def pool() -> int:
    """Make ready the compiled kernels' threads for this Python thread; return how many there are.

    One, and no pool, in a process that was forked from one that had a pool.
    """
    if _forked or _count == 1:
        return 1
    working = _crowd.threads(_count)
    if getattr(_applied, "count", None) != working:
        _apply(working)
    return min(_count, _launched)


def one_at_a_time() -> threading.Lock | None:
    """Return the lock that keeps two Python threads from using the pool at once, if it needs one.

    OpenMP and TBB do not; Numba's own work queue, where there is neither, does.
    """
    return _one_at_a_time


def _apply(count: int) -> None:
    """Tell Numba, which has a number for each Python thread; start the pool the first time."""
    global _started, _launched, _one_at_a_time  # noqa: PLW0603 — there is one pool
    if not _started and not any(name in os.environ for name in _CHOICES):
        os.environ.update(_SPIN)  # read when the pool starts
    import numba

    if not _started:
        if "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
            numba.config.THREADING_LAYER_PRIORITY = ["omp", "tbb", "workqueue"]
        from numba.np.ufunc.parallel import _launch_threads

        _launch_threads()
        _one_at_a_time = threading.Lock() if numba.threading_layer() == "workqueue" else None
        _started, _launched = True, int(numba.config.NUMBA_NUM_THREADS)
    _applied.count = count
    numba.set_num_threads(min(count, _launched))


def _after_fork() -> None:
    global _forked  # noqa: PLW0603 — of this process
    _forked = _started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
