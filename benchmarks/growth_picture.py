"""The picture of how time grows."""

import statistics

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator
from tasks import NAMES

from glassnet.pictures import style

LOOKS = {
    "torch-fused": (style.VERMILION, "s", "--"),
    "numba": (style.BLUE, "o", "-"),
    "numpy": (style.GREEN, "^", ":"),
}
"""Colour, mark and line: any of them tells the contestants apart."""
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def growth_figure(lines: dict[str, dict[int, dict[str, list[float]]]]) -> Figure:
    """Draw median seconds over the size, a band from least to most, and a panel for each axis."""
    figure = style.new_figure(9.0, 6.8)
    panels = figure.subplots(2, 2).flat
    for axes, (axis, sizes) in zip(panels, lines.items(), strict=False):
        for name, (colour, mark, dash) in LOOKS.items():
            shown = {size: times[name] for size, times in sizes.items() if name in times}
            if not shown:
                continue
            middle = [statistics.median(times) for times in shown.values()]
            axes.plot(list(shown), middle, dash, color=colour, marker=mark, markersize=5,
                      linewidth=1.8, label=NAMES[name])  # fmt: skip
            low, high = ([choose(times) for times in shown.values()] for choose in (min, max))
            axes.fill_between(list(shown), low, high, color=colour, alpha=0.15, linewidth=0)
        what = "epoch" if axis == "samples" else "step"
        style.dress(axes, axis, f"time of one {what}")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: in_words(seconds)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    for axes in list(panels)[len(lines) :]:
        axes.set_axis_off()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False,
                  fontsize=style.TEXT, labelcolor=style.INK)  # fmt: skip
    return figure


def in_words(seconds: float) -> str:
    """Write a power of ten of seconds."""
    scale, unit = next((u for u in UNITS if seconds >= 0.999 * u[0]), UNITS[-1])
    return f"{seconds / scale:g} {unit}"
