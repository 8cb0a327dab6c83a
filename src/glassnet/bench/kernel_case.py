"""A kernel on some arrays, to be timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from glassnet.bench.roofline import Work

Call = Callable[[], object]


class KernelCase(NamedTuple):
    """A kernel on some arrays: its family, the work, and what makes the call ready."""

    name: str
    family: str
    work: Work
    prepare: Callable[[], Call]
