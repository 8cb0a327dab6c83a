"""The house style: colours that the colour-blind tell apart, readable sizes, quiet lines.

Everything is drawn through matplotlib's objects, never through pyplot: no window, no global state,
and figures can be drawn in threads.
"""

import io
import os

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glassnet.arrays import Array
from glassnet.files import write_atomically

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
"""The palette of Okabe and Ito (2008)."""

INK, QUIET, GRID = "#222222", "#6B6B6B", "#E2E2E2"
TITLE, TEXT, SMALL = 12.0, 10.0, 9.0
DPI = 150


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches; its parts make room for each other."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08, wspace=0.03, hspace=0.04)  # type: ignore[union-attr]
    return figure


def dress(axes: Axes, x: str, y: str, title: str = "") -> None:
    """Give axes their labels, title and sizes, a light grid, and no box."""
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    if title:
        axes.set_title(title, fontsize=TITLE, color=INK, loc="left")
    axes.tick_params(labelsize=SMALL, color=QUIET, labelcolor=INK)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)


def bare(axes: Axes, title: str = "") -> None:
    """Give axes that hold pictures a title and nothing else."""
    axes.set_axis_off()
    axes.set_title(title, fontsize=TITLE, color=INK, loc="left")


def message_figure(text: str) -> Figure:
    """Return a figure that only says something: that there is nothing to draw is news too."""
    figure = new_figure(6.0, 1.6)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=TITLE, color=INK)
    return figure


def colour_bar(figure: Figure, image: object, axes: Axes, label: str) -> Axes:
    """Put a slim, labelled scale of an image's colours beside its axes."""
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, aspect=30)  # type: ignore[arg-type]
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.set_label(label, fontsize=TEXT, color=INK)
    bar.ax.tick_params(labelsize=SMALL, color=QUIET, labelcolor=INK)
    return bar.ax


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
    """Return a figure as the bytes of a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI, metadata={"Software": None})
    return content.getvalue()
