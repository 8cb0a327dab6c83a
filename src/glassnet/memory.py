"""Keeping memory from one step to the next."""

import ctypes
from contextlib import suppress

KEPT = 1 << 30
"""Bytes; no step of a small network needs more."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in glibc's malloc.h


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, for the arrays of the next step.

    A step frees its activations, some megabytes. The GNU C library gives such blocks back to the
    system, and has to ask for them again at the next step; the system hands out new pages, each
    filled with zeros first, and that can take as long as the arithmetic. The memory that a process
    needs at its most does not change. Other C libraries are left alone.
    """
    with suppress(AttributeError, OSError, TypeError):  # no mallopt, no libc by that name
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, KEPT)  # from here on glibc adapts neither threshold by itself
        if not mallopt(_MMAP_THRESHOLD, KEPT):  # older editions of glibc take no more than this
            mallopt(_MMAP_THRESHOLD, 1 << 25)
