"""What every picture must be, and how to read one back."""

import itertools
from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from glassnet.arrays import Array


def check(figure: Figure, *, labelled: bool = True) -> None:
    """Draw a figure (all but its pixels), and hold that its axes are labelled."""
    figure.draw_without_rendering()
    for axes in figure.axes if labelled else ():
        assert axes.get_xlabel()
        assert axes.get_ylabel()


def texts(figure: Figure) -> list[str]:
    """Return every text drawn in a figure."""
    return [text.get_text() for text in visible(figure)]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of texts that lie on one another; slanted ones are left out."""
    figure.draw_without_rendering()
    upright = [text for text in visible(figure) if text.get_rotation() % 90 == 0]
    boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in upright]
    return [(a, b) for (a, x), (b, y) in itertools.combinations(boxes, 2) if x.overlaps(y)]


def line(axes: Axes, label: str) -> Array:
    """Return the y values of the line of that label."""
    return next(line.get_ydata() for line in axes.lines if line.get_label() == label)


def visible(figure: Figure) -> list[Text]:
    """Return the texts that are drawn: not the labels of ticks that lie outside the axes."""
    axes = figure.findobj(Axes)
    hidden = {id(text) for each in axes for text in _hidden(each)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text() and id(text) not in hidden
    ]


def _hidden(axes: Axes) -> Iterator[Text]:
    axis: Axis
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not axes.axison or not low <= tick.get_loc() <= high:
                yield from (tick.label1, tick.label2)
