"""HTML that notebooks show: escaped, loading nothing, and readable on light and on dark ground.

Text has the colour of the notebook (`currentColor`); where a colour means something, it is one that
stands out on white and on black.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

COLOURS = ("#0a84c6", "#d55e00", "#009e73", "#c05b9a")
GOOD, BAD, DOUBTFUL = "#1b7f3b", "#b3261e", "#7a5c00"
"""Grounds for white letters."""

WIDTH, HEIGHT, LEFT, BELOW = 300, 150, 46, 22
"""Of a chart, in pixels: whole, and beside the plot."""


@dataclass(frozen=True)
class Markup:
    """HTML that is safe as it stands; every other text is escaped."""

    html: str


def escaped(content: object) -> str:
    """Return anything as HTML.

    Examples
    --------
    >>> escaped("a < b"), escaped(Markup("<b>c</b>"))
    ('a &lt; b', '<b>c</b>')
    """
    return content.html if isinstance(content, Markup) else html.escape(str(content))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], left: int = 1) -> str:
    """Return a table; the first `left` columns are text, the others numbers.

    Examples
    --------
    >>> table(["a"], [["<"]])[:52]
    '<table style="text-align:right"><thead><tr><th style'
    """

    def line(cells: Sequence[object], tag: str) -> str:
        whole = []
        for i, cell in enumerate(cells):
            side = "left" if i < left else "right"
            style = f"text-align:{side};padding:.15em .6em"
            whole.append(f'<{tag} style="{style}">{escaped(cell)}</{tag}>')
        return f"<tr>{''.join(whole)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    header = f"<thead>{line(head, 'th')}</thead>" if any(head) else ""
    return f'<table style="text-align:right">{header}<tbody>{body}</tbody></table>'


def badge(word: object, ground: str) -> Markup:
    """Return a word in white on a coloured ground."""
    style = f"background:{ground};color:#fff;padding:0 .45em;border-radius:.3em"
    return Markup(f'<span style="{style}">{escaped(word)}</span>')


def picture(png: bytes, caption: object, height: int = 48) -> str:
    """Return a small picture with a caption below, every pixel of it a square."""
    content = base64.b64encode(png).decode("ascii")
    return (
        '<figure style="display:inline-block;margin:0 6px 6px 0;text-align:center">'
        f'<img alt="{escaped(caption)}" src="data:image/png;base64,{content}" '
        f'style="height:{height}px;width:auto;image-rendering:pixelated;margin:0 auto">'
        f'<figcaption style="font-size:85%">{escaped(caption)}</figcaption></figure>'
    )


def chart(title: str, series: Mapping[str, Sequence[float]]) -> str:
    """Return curves over the epochs as SVG; what is not finite leaves a gap.

    Parameters
    ----------
    title : str
    series : dict of str to sequence of float
        By the name of the curve; the first value is that of epoch 1.
    """
    finite = [v for values in series.values() for v in values if math.isfinite(v)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    room = (high - low) or abs(high) or 1.0
    edge, span = low - 0.05 * room, 1.1 * room
    last = max((len(values) for values in series.values()), default=1)
    right, bottom, top = WIDTH - 8, HEIGHT - BELOW, 24

    def place(epoch: int, value: float) -> tuple[float, float]:
        x = LEFT + (right - LEFT) * ((epoch - 1) / (last - 1) if last > 1 else 0.5)
        return x, bottom - (bottom - top) * (value - edge) / span

    parts = [
        _text(LEFT, 13, title, weight="bold"),
        f'<path d="M{LEFT} {top}V{bottom}H{right}" fill="none" stroke="currentColor" '
        'stroke-opacity=".5"/>',
        *(
            _text(LEFT - 5, round(place(1, v)[1] + 4), f"{v:.3g}", anchor="end")
            for v in dict.fromkeys((high, low))
        ),
        _text(LEFT, HEIGHT - 6, "epoch 1"),
        _text(right, HEIGHT - 6, str(last), anchor="end"),
    ]
    for i, (name, values) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        dash = ' stroke-dasharray="5 3"' if i % 2 else ""  # told apart without colours too
        for points in _runs([place(e, v) for e, v in enumerate(values, 1)]):
            if len(points) == 1:
                (x, y) = points[0]
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            route = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(
                f'<polyline points="{route}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
            )
        parts.append(_text(right - 80 * (len(series) - 1 - i), 13, name, colour, "end"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11" '
        f'style="max-width:100%"><title>{escaped(title)}</title>{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, words: str, colour: str = "currentColor", anchor: str = "start",
    weight: str = "normal",
) -> str:  # fmt: skip
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escaped(words)}</text>"
    )


def _runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the stretches of points without a gap."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if math.isfinite(point[1]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
