"""The loops of non-linearities with an exponential."""

from typing import Any

from glassnet.arrays import Array
from glassnet.kernels.compiled._elements import activate, differentiate
from glassnet.kernels.compiled._loops import Loop, part_of, prange


@Loop
def curve(x: Array, kind: int, slope: Any, parts: int, rows: int, y: Array) -> None:
    """Write y = f(x); f by its number in `codes`."""
    length = len(x) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        activate(kind, slope, x[start:end], y[start:end])


@Loop
def slopes(
    dy: Array, known: Array, kind: int, slope: Any, parts: int, rows: int, dx: Array
) -> None:
    """Write dx = dy · f′; `known` is the input or the output of f, whichever f′ follows from."""
    length = len(dy) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        result = dx[start:end]
        result[:] = dy[start:end]
        differentiate(kind, slope, known[start:end], known[start:end], result)
