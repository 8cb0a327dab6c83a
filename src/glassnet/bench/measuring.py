"""Timing several things so that they compare: in turns, round after round.

A machine changes its speed within seconds, a virtual one more than others. So everything that is
to be compared takes its turn in every round, in another order each time; what counts is the median
over the rounds, and the quartiles say how far to trust it.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Timer = Callable[[int], float]
"""Runs something so many times, and returns the mean seconds of once."""


class Spread(NamedTuple):
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the median and quartiles of values.

        Examples
        --------
        >>> Spread.of([1.0, 2.0, 3.0, 4.0, 5.0])
        Spread(median=3.0, low=2.0, high=4.0)
        """
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(middle, low, high)


def readable(seconds: float) -> str:
    """Write a time in the unit that suits it.

    Examples
    --------
    >>> readable(2.5e-6), readable(0.0123), readable(3.21)
    ('2.5 µs', '12.3 ms', '3.21 s')
    """
    if seconds < 0.001:
        return f"{seconds * 1e6:.{1 if seconds < 1e-5 else 0}f} µs"
    return (
        f"{seconds * 1e3:.{2 if seconds < 0.01 else 1}f} ms" if seconds < 1 else f"{seconds:.2f} s"
    )


def timer(function: Callable[[], object]) -> Timer:
    """Return what times a function."""

    def seconds(repetitions: int) -> float:
        started = time.perf_counter()
        for _ in range(repetitions):
            function()
        return (time.perf_counter() - started) / repetitions

    return seconds


def interleave(
    timers: Mapping[str, Timer],
    *,
    rounds: int,
    turn: float,
    on_turn: Callable[[str], object] | None = None,
) -> dict[str, list[float]]:
    """Return the seconds of everything in every round.

    Parameters
    ----------
    timers : mapping of str to Timer
        Each is run once before anything counts, which compiles and warms up.
    rounds : int
    turn : float
        Seconds that one of them works in one round: enough that its threads are awake.
    on_turn : callable, optional
        Told the name before every turn; for a bar of progress.

    Examples
    --------
    >>> times = interleave({"a": timer(lambda: sum(range(99)))}, rounds=3, turn=1e-4)
    >>> len(times["a"])
    3
    """
    shuffle = random.Random(0)
    often: dict[str, int] = {}
    for name, seconds in timers.items():
        if on_turn:
            on_turn(name)
        seconds(1)
        once = seconds(1)
        if once < turn / 4:  # too short to tell how long it takes
            once = seconds(math.ceil(turn / 4 / max(once, 1e-7)))
        often[name] = max(1, round(turn / max(once, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name in shuffle.sample(list(timers), len(timers)):
            if on_turn:
                on_turn(name)
            times[name].append(timers[name](often[name]))
    return times
