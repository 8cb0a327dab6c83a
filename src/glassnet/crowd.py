"""How many threads pay while other programs want the same processors.

Threads that share a step wait for each other many times in it. Where another program runs on the
same processors, one of them is always without, and the others wait: two trainings of a small
network on two processors then take nine times as long as one, and with a thread each hardly longer
than alone. The operating system counts how often it takes a processor away from us.
"""

from __future__ import annotations

import time

try:
    import resource
except ImportError:  # Windows, which does not say
    resource = None  # type: ignore[assignment]

LOOK = 0.02
"""Seconds after which is counted again."""
OFTEN = 300
"""Times a second that a thread loses its processor where it is crowded: two of them lost theirs at
most 400 times alone, and at least 800 beside another training."""
SHORT, LONG = 0.1, 3.2
"""Seconds until more threads are tried again: doubled each time that it was in vain."""


class Crowd:
    """What was found out so far."""

    def __init__(self) -> None:
        self._halved = 0  # times that the number of threads was
        self._lost = 0
        self._since = self._next = 0.0
        self._pause = SHORT

    def threads(self, count: int) -> int:
        """Return how many of so many threads pay at the moment.

        This takes a tenth of a microsecond, but for every `LOOK` seconds.
        """
        now = time.perf_counter()
        if now >= self._next:
            self._count(now, max(1, count >> self._halved))
        return max(1, count >> self._halved)

    def _count(self, now: float, working: int) -> None:
        """Halve the threads if they lose their processors often; try again after a pause."""
        lost = _lost()
        crowded = lost - self._lost > OFTEN * working * (now - self._since) and working > 1
        self._lost, self._since, self._next = lost, now, now + LOOK
        if crowded:
            self._halved += 1
            self._next += self._pause
            self._pause = min(2 * self._pause, LONG)
        elif self._halved:
            self._halved = max(0, self._halved - 1)  # another Python thread may do so just now
        else:
            self._pause = SHORT


def _lost() -> int:
    """Return how often this process has lost a processor that it was using."""
    return 0 if resource is None else resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
