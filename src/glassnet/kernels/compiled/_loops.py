"""Compiling a loop, for one thread and for several, when it is first used.

Nothing here imports Numba before a loop is really run. A network so small that NumPy does all of it
pays neither for the import, half a second, nor for compiling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from glassnet import threads
from glassnet.arrays import Array
from glassnet.kernels import codes

prange = range
"""In a compiled loop Numba's, which divides the turns among threads."""

ENOUGH = 200_000
"""Multiply-adds from which threads pay: some 4 µs on one, against 2 µs to tell the other of it.

A thread that has gone to sleep takes 25 µs or more to wake; within a step few do.
"""

MEMORY = 8
"""Multiply-adds that are worth as much as to fetch one number from memory."""

MANY = 16
"""Samples that fill a register, or more: from there on they, and not units, lie side by side in the
loops that go through whole networks."""

_INSIDE: dict[str, Any] = {"no_cpython_wrapper": True}
"""What only compiled loops call needs no way in from Python, which would be compiled too."""


class Loop:
    """A compiled loop in two forms: for one thread, and with its `prange` divided among all.

    Each form is compiled when it is first called, and kept on disk. What a `prange` does must not
    depend on the order: every turn writes places of its own, so the result has the same bits
    whatever the number of threads.

    A loop may be written for functions that it only knows by name; those are handed over beside it.
    Loops that it calls take the form that it has itself.
    """

    def __init__(self, function: Callable[..., Any], **functions: Inner | Loop) -> None:
        self.function, self.functions = function, functions
        self.__doc__ = function.__doc__

    def __call__(self, operations: int, *arguments: Any) -> Any:
        """Run the loop, on several threads if it has so many operations that it pays."""
        if operations < ENOUGH or threads.pool() == 1:
            return self.serial(*arguments)
        lock = threads.one_at_a_time()
        if lock is None:
            return self.parallel(*arguments)
        with lock:
            return self.parallel(*arguments)

    @cached_property
    def serial(self) -> Any:
        """The loop on one thread."""
        return _compiled(self.function, self._suffix, self.functions, fastmath={"contract"})

    @cached_property
    def parallel(self) -> Any:
        """The loop on all threads."""
        options: dict[str, Any] = {"fastmath": {"contract"}, "parallel": True}
        return _compiled(self.function, f"{self._suffix}_on_threads", self.functions, **options)

    @property
    def _suffix(self) -> str:
        return "".join(f"_{f.function.__name__}" for f in self.functions.values())


class Inner:
    """A function that compiled loops call.

    Sums in it may be taken in another order, as vectors do; NaN and infinity remain what they are.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        """Run it as it stands."""
        return self.function(*arguments)

    @cached_property
    def compiled(self) -> Any:
        """The compiled function."""
        return _compiled(self.function, "", {}, fastmath={"reassoc", "contract", "nsz"}, **_INSIDE)


class Exact(Inner):
    """A function that compiled loops call, whose operations stay in their order."""

    @cached_property
    def compiled(self) -> Any:
        """The compiled function."""
        return _compiled(self.function, "", {}, fastmath={"contract"}, **_INSIDE)


def _compiled(
    function: Callable[..., Any], suffix: str, given: dict[str, Inner | Loop], **options: Any
) -> Any:
    """Let Numba compile a copy, under a name of its own, because its files on disk go by the name.

    Numba looks whether the file of the loop has changed, but not the files of what the loop calls;
    so a digest of them all is part of the name.

    The copy does not wait for Python's lock, so another Python thread can go on, and divides by
    zero as NumPy does.
    """
    import numba

    threads.claim()
    assert isinstance(function, FunctionType)
    known = function.__globals__
    called = {name: known[name] for name in function.__code__.co_names if name in known} | given
    inner = {name: f.compiled for name, f in called.items() if isinstance(f, Inner)}
    form = "parallel" if options.get("parallel") else "serial"
    inner |= {name: getattr(f, form) for name, f in called.items() if isinstance(f, Loop)}
    names = known | inner | {"prange": numba.prange}
    copy = FunctionType(function.__code__, names, function.__name__)
    copy.__module__, copy.__doc__ = function.__module__, function.__doc__
    copy.__qualname__ = f"{function.__qualname__}{suffix}_{_sources()}"
    options |= {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    try:
        return numba.njit(cache=True, **options)(copy)
    except RuntimeError:  # there is no folder to keep it in; then it is compiled in every run
        return numba.njit(**options)(copy)


@cache
def _sources() -> str:
    return digest(Path(__file__).parent, Path(codes.__file__))


def digest(folder: Path, *more: Path) -> str:
    """Return some digits that are others as soon as any source, in the folder or besides, is."""
    sources = (path.read_bytes() for path in (*sorted(folder.glob("*.py")), *more))
    return blake2b(b"".join(sources), digest_size=4).hexdigest()


@Inner
def new_zeros(count: int, like: Array) -> Array:
    """Return zeros; in a loop on threads Numba would share out even the writing of a few."""
    return np.zeros(count, like.dtype)


@Inner
def part_of(turn: int, parts: int, rows: int, length: int) -> tuple[int, int]:
    """Return where a turn starts and ends: the first part of every row comes first."""
    part, start = turn // rows, turn % rows * length
    return start + part * length // parts, start + (part + 1) * length // parts
