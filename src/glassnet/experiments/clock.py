"""Where the time of a run goes."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Clock:
    """The seconds of each part of a run, one after the other.

    Parameters
    ----------
    before : float
        Seconds that had passed when the clock was started; they belong to the first part.

    Attributes
    ----------
    parts : dict of str to float

    Examples
    --------
    >>> clock = Clock(before=2.0)
    >>> clock.lap("start"); clock.lap("data")
    >>> list(clock.parts), clock.parts["start"] >= 2, clock.total >= 2
    (['start', 'data'], True, True)
    """

    def __init__(self, before: float = 0.0) -> None:
        self.parts: dict[str, float] = {}
        self._last = time.perf_counter() - before

    def lap(self, part: str) -> None:
        """End a part here: it has all the time since the part before."""
        now = time.perf_counter()
        self.parts[part] = now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """The seconds of all parts together."""
        return sum(self.parts.values())


_imported = time.monotonic()


def seconds_of_process() -> float:
    """Return for how long this process has been running, Python's own start included.

    Linux says it, to a hundredth of a second. Elsewhere it is counted from the import of this
    module.

    Examples
    --------
    >>> seconds_of_process() >= 0
    True
    """
    status = Path("/proc/self/stat")
    if not (hasattr(time, "CLOCK_BOOTTIME") and status.is_file()):
        return time.monotonic() - _imported
    # The program's name, in brackets, may hold blanks; the 20th field behind it is the start.
    ticks = int(status.read_text().rpartition(")")[2].split()[19])
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, since_boot - ticks / os.sysconf("SC_CLK_TCK"))
