"""The house style: colours that the colour-blind tell apart, readable sizes, quiet lines.

Everything is drawn through matplotlib's objects, never through pyplot: there is no window and no
global state.
"""

import io
import os

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine

from glassnet.files import write_atomically

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
"""The palette of Okabe and Ito (2008)."""

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW)
MARKERS = "o^sDvPX"
"""What is told apart by a colour has a shape too, so that pictures can be read without colours."""

INK, QUIET, GRID = "#222222", "#6B6B6B", "#E2E2E2"
TITLE, TEXT, SMALL = 12.0, 10.0, 9.0
DPI = 150


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches; its parts make room for each other."""
    room = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06, wspace=0.02, hspace=0.02)
    return Figure(figsize=(width, height), dpi=DPI, layout=room, facecolor="white")


def dress(axes: Axes, x: str, y: str, title: str = "") -> None:
    """Give axes their labels, a title, sizes, and a light grid in place of a box."""
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    if title:
        axes.set_title(title, fontsize=TITLE, color=INK, loc="left", pad=9)
    axes.tick_params(labelsize=SMALL, color=QUIET, labelcolor=INK)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)


def without_box(axes: Axes) -> None:
    """Leave pictures in axes alone: no grid, no frame, no tick marks."""
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def message_figure(text: str) -> Figure:
    """Return a figure that only says something: that there is nothing to draw is news too."""
    figure = new_figure(6.0, 1.6)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=TITLE, color=INK)
    return figure


def colour_bar(figure: Figure, axes: Axes, image: AxesImage, label: str) -> Axes:
    """Put a slim, labelled scale of an image's colours beside it, as high as the image is."""
    rows, columns = image.get_size()
    slim = 0.03 * max(1.0, rows / columns)
    place = axes.inset_axes((1 + 0.7 * slim, 0.0, slim, 1.0))
    bar = figure.colorbar(image, cax=place)
    bar.outline.set_visible(False)
    place.set_ylabel(label, fontsize=TEXT, color=INK)
    place.tick_params(labelsize=SMALL, color=QUIET, labelcolor=INK)
    return place


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, whole or not at all.

    The same figure gives the same bytes: no date and no version is written into the file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_atomically(path, png(figure))


def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file, without empty margins."""
    content = io.BytesIO()
    figure.savefig(
        content,
        format="png",
        dpi=DPI,
        metadata={"Software": None},
        bbox_inches="tight",
        pad_inches=0.12,
    )
    return content.getvalue()
