"""Curves as SVG that a page can hold and a reader can point at."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from glassnet.report.scales import Scale

MOST_POINTS = 500
"""On a line; of more, evenly chosen ones are drawn."""

LARGEST = 1e300
FACTOR = 100
"""An axis whose positive values span more than this is logarithmic."""


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes
    ----------
    name : str
    values : sequence of float
        What is not finite leaves a gap.
    look : str
        The class that the page's style sheet gives its colour.
    low, high : sequence of float
        The band around it; empty for none.
    """

    name: str
    values: Sequence[float]
    look: str
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    def at(self, places: Sequence[int]) -> Series:
        """Return the line through these of its points only."""
        values, low, high = (
            [_drawable(row[i]) for i in places] if len(row) else []
            for row in (self.values, self.low, self.high)
        )
        return Series(self.name, values, self.look, low, high)


@dataclass(frozen=True)
class Mark:
    """A number on an axis: where it stands, in the chart's units, and what it says."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """A series as SVG: the paths of line and band, and the points that have no neighbour."""

    name: str
    look: str
    path: str
    band: str
    alone: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """What the page's template needs to draw a chart, and its script to answer a pointer."""

    title: str
    x_name: str
    x_marks: tuple[Mark, ...]
    y_marks: tuple[Mark, ...]
    lines: tuple[Line, ...]
    points: str
    """JSON: where each point is, and what it says."""

    width: ClassVar[int] = 440
    height: ClassVar[int] = 280
    left: ClassVar[int] = 62
    right: ClassVar[int] = 426
    top: ClassVar[int] = 12
    bottom: ClassVar[int] = 236


def line_chart(
    title: str, x_name: str, x: Sequence[float], series: Sequence[Series], *, shares: bool = False
) -> Chart | None:
    """Return a chart of some lines over common x values; None where no value is finite.

    Parameters
    ----------
    title, x_name : str
    x : sequence of float
        Rising.
    series : sequence of Series
    shares : bool
        The values are shares, which are written as percentages.

    Examples
    --------
    >>> chart = line_chart("loss", "epoch", [1, 2], [Series("training", [0.5, 0.4], "train")])
    >>> [mark.text for mark in chart.x_marks]
    ['1', '2']
    """
    kept = _kept(len(x))
    xs, lines = [float(x[i]) for i in kept], [s.at(kept) for s in series]
    if not any(math.isfinite(v) for s in lines for v in s.values):
        return None
    across = Scale(
        *((xs[0] - 0.5, xs[0] + 0.5) if xs[0] == xs[-1] else (xs[0], xs[-1])),
        Chart.left, Chart.right,
    )  # fmt: skip
    up = _upright(lines, shares=shares)
    places = [across(v) for v in xs]
    heights = [[up(v) if math.isfinite(v) else None for v in s.values] for s in lines]
    points = {
        "x": places,
        "at": [f"{x_name} {v:g}" for v in xs],
        "lines": [
            {
                "name": s.name,
                "look": s.look,
                "y": y,
                "says": [_says(s, i, shares=shares) for i in range(len(xs))],
            }
            for s, y in zip(lines, heights, strict=True)
        ],
    }
    return Chart(
        title,
        x_name,
        tuple(Mark(across(v), f"{v:g}") for v in across.marks(6, integer=True)),
        tuple(Mark(up(v), number(v, shares=shares, short=True)) for v in up.marks(5)),
        tuple(
            Line(s.name, s.look, _path(places, y), _band(s, places, up), _alone(places, y))
            for s, y in zip(lines, heights, strict=True)
        ),
        json.dumps(points),
    )


def number(value: float, *, shares: bool = False, short: bool = False) -> str:
    """Write a number, or a share as a percentage.

    Examples
    --------
    >>> number(0.123456), number(0.97213, shares=True), number(0.5, shares=True, short=True)
    ('0.1235', '97.21 %', '50 %')
    """
    if not math.isfinite(value):
        return "–"
    if shares:
        return f"{100 * value:.4g} %" if short else f"{100 * value:.2f} %"
    return f"{value:.3g}" if short else f"{value:.4g}"


def _drawable(value: float) -> float:
    """Return a value, or NaN in place of one that is too large to be drawn."""
    return float(value) if abs(value) < LARGEST else math.nan


def _kept(count: int) -> list[int]:
    """Return at most 500 places among so many, evenly chosen, the ends among them."""
    if count <= MOST_POINTS:
        return list(range(count))
    return [round(i * (count - 1) / (MOST_POINTS - 1)) for i in range(MOST_POINTS)]


def _upright(lines: Sequence[Series], *, shares: bool) -> Scale:
    """Return the scale of the y axis: it spans a little more than the values."""
    values = [v for s in lines for v in s.values if math.isfinite(v)]
    low, high = min(values), max(values)
    place = (Chart.bottom, Chart.top)
    if low > 0 and high > FACTOR * low and not shares:
        return Scale(low / 1.3, high * 1.3, *place, is_log=True)
    ends = [v for s in lines for v in (*s.low, *s.high) if math.isfinite(v)]
    floor = 0.0 if low >= 0 else -math.inf  # where no value is below zero, no band is drawn there
    low, high = max(min([low, *ends]), floor), max([high, *ends])
    if low == high:
        low, high = (0.0, 2 * high) if high > 0 else (high - 1, high + 1)
    margin = 0.05 * (high - low)
    low, high = max(low - margin, floor), high + margin
    return Scale(low, min(high, 1.0) if shares else high, *place)


def _path(places: Sequence[float], heights: Sequence[float | None]) -> str:
    """Return the path through points, interrupted where there is no height."""
    parts, pen = [], "M"
    for x, y in zip(places, heights, strict=True):
        if y is None:
            pen = "M"
        else:
            parts.append(f"{pen}{x} {y}")
            pen = "L"
    return "".join(parts)


def _alone(
    places: Sequence[float], heights: Sequence[float | None]
) -> tuple[tuple[float, float], ...]:
    """Return the points to which no line leads: a path would not show them."""
    around = [None, *heights, None]
    return tuple(
        (x, y)
        for i, (x, y) in enumerate(zip(places, heights, strict=True))
        if y is not None and around[i] is None and around[i + 2] is None
    )


def _band(series: Series, places: Sequence[float], up: Scale) -> str:
    """Return the outline of the band: along its lower edge and back along its upper one."""
    both = zip(places, series.low, series.high, strict=False)
    there = [(x, up(a), up(b)) for x, a, b in both if math.isfinite(a) and math.isfinite(b)]
    if len(there) < 2:
        return ""
    edge = [f"{x} {a}" for x, a, _ in there] + [f"{x} {b}" for x, _, b in reversed(there)]
    return "M" + "L".join(edge) + "Z"


def _says(series: Series, place: int, *, shares: bool) -> str:
    text = number(series.values[place], shares=shares)
    if series.low and math.isfinite(series.low[place]):
        ends = (number(end[place], shares=shares) for end in (series.low, series.high))
        text += f" ({' to '.join(ends)})"
    return text
