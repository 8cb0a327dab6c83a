"""Tables for the page: times, ratios with their quartiles, and what became of a target."""

import statistics
from collections.abc import Iterable, Sequence

from glassnet.bench import Spread, readable

Times = list[float] | str
"""Seconds in every round, or why there are none."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time_cell(times: Times | None, steps: int = 1) -> str:
    """Return a median time, of one step of several."""
    if times is None or isinstance(times, str):
        return "–"
    return readable(statistics.median(times) / steps)


def ratio(ours: Times, theirs: Times) -> Spread | None:
    """Return the ratio of two contestants' times, taken within each round."""
    if isinstance(ours, str) or isinstance(theirs, str):
        return None
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


def ratio_cell(found: Spread | None) -> str:
    """Return a ratio and its quartiles."""
    if found is None:
        return "–"
    return f"**{found.median:.2f}** [{found.low:.2f}–{found.high:.2f}]"


def verdict(found: Spread | None, target: float) -> str:
    """Say what the target is, and whether it was met."""
    if found is None:
        return f"{target:.2f}: not measured"
    return f"{target:.2f}: {'met' if found.median <= target else '**not met**'}"


def better(times: dict[str, Times], names: Iterable[str]) -> str | None:
    """Return who of them was the fastest, by the median."""
    able = [name for name in names if isinstance(times.get(name), list)]
    return min(able, key=lambda name: statistics.median(times[name]), default=None)


def reasons(results: dict[str, dict[str, Times]]) -> str:
    """Say who could not do what, and why."""
    said = [
        f"- {name} on {case}: {times}"
        for case, members in results.items()
        for name, times in members.items()
        if isinstance(times, str)
    ]
    return "\n\nNot measured, and what the library said:\n\n" + "\n".join(said) if said else ""
