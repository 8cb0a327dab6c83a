"""How the values of each layer moved over a training: distributions, gradients, dead units."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from glassnet.arrays import Array
from glassnet.errors import DataError
from glassnet.pictures import style
from glassnet.pictures.images import columns_for
from glassnet.pictures.scales import finite, scale
from glassnet.pictures.words import plain
from glassnet.training.layer_record import BINS, KINDS, Distribution, Kind, LayerRecord

MOST_PANELS = 12
MOST_LINES = 14
PAPER_TO_BLUE = LinearSegmentedColormap.from_list("", ["white", style.SKY, style.BLUE])
ROWS = 160
"""Of pixels in the picture of a histogram over time."""

TITLES: dict[Kind, str] = {
    "weight": "Weights of every layer",
    "bias": "Biases of every layer",
    "gradient": "Gradients of every layer, at the last step of each epoch",
    "activation": "Activations of every layer",
}
UNITS: dict[Kind, str] = {kind: kind for kind in KINDS}


def layer_distributions(record: LayerRecord, kind: Kind = "weight") -> Figure:
    """Return a figure of the distribution of each layer's values, epoch by epoch.

    A column of a panel is the histogram of one epoch: the darker, the more values, compared with
    the fullest bin of that epoch. Lines show the mean, one standard deviation to each side, and
    the least and the largest value.

    Parameters
    ----------
    record : LayerRecord
    kind : {"weight", "bias", "gradient", "activation"}

    Raises
    ------
    DataError
        If nothing of that kind was recorded.
    """
    names = record.names(kind)[:MOST_PANELS]
    if not names:
        raise DataError(f"no {kind} was recorded; train with training.record_layers = true")
    columns = min(len(names), 4) if len(names) <= 4 else columns_for(len(names), ratio=1.3)
    rows = -(-len(names) // columns)
    figure = style.new_figure(max(0.5 + 2.9 * columns, 6.4), 0.9 + 2.2 * rows)
    for place, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, place + 1)
        style.dress(
            axes,
            "epoch" if place + columns >= len(names) else "",
            UNITS[kind] if place % columns == 0 else "",
        )
        label = record.labels.get(name.rpartition(".")[0] if kind != "activation" else name, "")
        axes.set_title(
            plain(f"{name}  {label}", 30), fontsize=style.TEXT, color=style.INK, loc="left"
        )
        _draw_distribution(axes, record.epochs, record.distributions[kind, name])
    figure.suptitle(TITLES[kind], x=0.02, ha="left", fontsize=style.TITLE, color=style.INK)
    figure.legend(
        handles=[
            Patch(color=style.SKY, label="histogram"),
            Line2D([], [], color=style.VERMILION, linewidth=1.8, label="mean"),
            Line2D([], [], color=style.INK, linewidth=1.2, linestyle="--", label="± std"),
            Line2D([], [], color=style.INK, linewidth=0.9, label="min, max"),
        ],
        loc="outside lower left", ncols=4, frameon=False,
        fontsize=style.TEXT, labelcolor=style.INK,
    )  # fmt: skip
    return figure


def _draw_distribution(axes: Axes, epochs: list[int], values: Distribution) -> None:
    statistics = np.array(values.statistics, np.float64)
    statistics[~np.isfinite(statistics).all(axis=1)] = np.nan
    low, high, mean, std = statistics.T
    axes.grid(False)
    if not np.isfinite(mean).any():
        axes.text(0.5, 0.5, "no finite value", ha="center", transform=axes.transAxes)
        return
    bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
    margin = 0.06 * (top - bottom) or 0.5
    edges = np.linspace(bottom - margin, top + margin, ROWS + 1)
    shades = _shades(edges, low, high, values.counts)
    # Every epoch is as wide as the way to the next one.
    borders = np.concatenate([np.array(epochs) - 0.5, [epochs[-1] + 0.5]])
    axes.pcolormesh(borders, edges, shades, cmap=PAPER_TO_BLUE, vmin=0, vmax=1, rasterized=True)
    axes.plot(epochs, mean, color=style.VERMILION, linewidth=1.8)
    for line in (mean - std, mean + std):
        axes.plot(epochs, line, "--", color=style.INK, linewidth=1.2)
    for line in (low, high):
        axes.plot(epochs, line, color=style.INK, linewidth=0.9)
    axes.set_ylim(edges[0], edges[-1])
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _shades(edges: Array, low: Array, high: Array, counts: list[Array]) -> Array:
    """Return (ROWS, T): at each value and epoch the density, against the largest of that epoch."""
    shades = np.zeros((len(edges) - 1, len(counts)))
    for t, (bottom, top, bins) in enumerate(zip(low, high, counts, strict=True)):
        if not np.isfinite(bottom) or not bins.sum():
            continue
        if top <= bottom:  # one value: one line
            shades[min(np.searchsorted(edges, bottom) - 1, len(shades) - 1), t] = 1.0
            continue
        # The share of values below each edge, which differences turn into that between two.
        below = np.interp(edges, np.linspace(bottom, top, BINS + 1), np.cumsum([0, *bins]))
        share = np.diff(below)
        shades[:, t] = np.sqrt(share / share.max())
    return shades


def layer_health(record: LayerRecord) -> Figure:
    """Return a figure of gradient norms by layer, and of the share of dead units, over the epochs.

    Gradients that shrink from the last layer to the first vanish on their way back; a unit is dead
    that gives the same output for every recorded sample.

    Parameters
    ----------
    record : LayerRecord

    Raises
    ------
    DataError
        If nothing was recorded.
    """
    norms = {n: v for n, v in record.gradient_norms.items() if not n.endswith("bias")}
    if not norms:
        raise DataError("no gradient was recorded; train with training.record_layers = true")
    panels = 2 if record.dead else 1
    figure = style.new_figure(1.0 + 4.8 * panels, 4.0)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    style.dress(axes[0], "epoch", "gradient norm", "Gradients: mean norm over the epoch's steps")
    _lines(axes[0], record.epochs, norms)
    scale(axes[0], shares=False)
    if record.dead:
        style.dress(axes[1], "epoch", "dead units", "Units that give one output for all samples")
        dead = {f"{n} {record.labels.get(n, '')}": v for n, v in record.dead.items()}
        _lines(axes[1], record.epochs, dead)
        scale(axes[1], shares=True)
        axes[1].set_ylim(0, max(0.1, 1.15 * max(map(np.nanmax, record.dead.values()))))
    return figure


def _lines(axes: Axes, epochs: list[int], series: dict[str, list[float]]) -> None:
    """Draw a line for each layer, the first one darkest."""
    shown = list(series.items())[:MOST_LINES]
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(shown)))
    for i, (name, values) in enumerate(shown):
        axes.plot(
            epochs, finite(values), color=colours[i], linewidth=1.8, label=plain(name, 24),
            marker=style.MARKERS[i % len(style.MARKERS)], markersize=4.5,
            markevery=max(1, len(epochs) // 12), clip_on=False, zorder=3,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.legend(
        frameon=False, fontsize=style.SMALL, labelcolor=style.INK, loc="upper left",
        bbox_to_anchor=(1.0, 1.0), title="layer", title_fontproperties={"size": style.SMALL},
    )  # fmt: skip
