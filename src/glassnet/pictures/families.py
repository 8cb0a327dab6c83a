"""Several families of runs in one plot: the mean over the seeds, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from glassnet.arrays import Array
from glassnet.errors import DataError
from glassnet.pictures import style
from glassnet.pictures.scales import axis_name, finite, is_share, scale
from glassnet.pictures.words import counted, plain
from glassnet.training import History

Line = Literal["-", "--", "-.", ":"]
LINES: tuple[Line, ...] = ("-", "--", "-.", ":")
MARKS = 10
"""On a line, so that lines are told apart by their shapes where colours do not do it."""

MOST_POINTS = 400
"""Along the axis; of more steps, neighbours are averaged."""

PARTS = {"train": "training", "valid": "validation"}


class Band(NamedTuple):
    """A mean over runs at each point, and the ends of its 95 % interval."""

    x: Array
    mean: Array
    low: Array
    high: Array


def family_curves(
    families: Mapping[str, Sequence[History]],
    columns: Sequence[str] | None = None,
    *,
    by: Literal["epoch", "step"] = "epoch",
) -> Figure:
    """Return a figure of families of runs, each a line and a band: mean and 95 % interval.

    The interval is Student's, over the runs of a family, which should differ in their seed only. A
    family of one run has no band. Where some runs ended earlier, it is that of the others.

    Parameters
    ----------
    families : mapping of str to sequence of History
        By the name that the legend gives them.
    columns : sequence of str, optional
        Columns of the histories, a panel each; by default loss and first metric, of the validation
        part where there is one.
    by : {"epoch", "step"}
        With ``"step"`` the columns are those of the recorded steps, by default the batch's loss and
        first metric.

    Raises
    ------
    DataError
        If there is nothing to draw, or a family lacks a column.

    Examples
    --------
    >>> seeds = [gn.History(), gn.History()]
    >>> for run, loss in zip(seeds, (0.5, 0.7)):
    ...     run.epochs.append({"epoch": 1, "train_loss": loss})
    >>> family_curves({"default": seeds}).axes[0].get_ylabel()
    'training loss'
    """
    drawn = {name: list(runs) for name, runs in families.items() if runs}
    if not drawn:
        raise DataError("there is no run to draw; give at least one for each family")
    columns = columns or _columns(drawn, by)
    figure = style.new_figure(0.8 + 4.6 * len(columns), 4.3)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        part, _, name = column.partition("_") if by == "epoch" else ("", "", column)
        named = f"{PARTS[part]} {axis_name(name)}" if part in PARTS else axis_name(column)
        style.dress(axes, "iteration (batches)" if by == "step" else "epoch", named)
        for i, (family, runs) in enumerate(drawn.items()):
            _draw(axes, _band(family, runs, column, by), i)
        scale(axes, shares=is_share(name or column))
        _keep_to_lines(axes)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    _legend(figure, drawn)
    return figure


def _columns(families: Mapping[str, Sequence[History]], by: str) -> list[str]:
    """Return the loss and the first metric that all runs have."""
    runs = [run for family in families.values() for run in family]
    every = [set().union(*(run.steps if by == "step" else run.epochs)) for run in runs]
    common = set.intersection(*every)
    first = runs[0].steps if by == "step" else runs[0].epochs
    inner = {"step", "lr", "grad_norm", "epoch", "seconds", "penalty"}
    ordered = [name for name in (first[0] if first else {}) if name in common - inner]
    if by == "epoch":
        part = "valid" if any(name.startswith("valid_") for name in ordered) else "train"
        ordered = [name for name in ordered if name.startswith(f"{part}_")]
    if not ordered:
        what = "step; train with training.record_steps = true" if by == "step" else "finished epoch"
        raise DataError(f"the runs have no figure in common: some have no {what}")
    return ordered[:2]


def _band(family: str, runs: Sequence[History], column: str, by: str) -> Band:
    """Return mean and interval of a column over runs."""
    from scipy.stats import t

    series = []
    for run in runs:
        records = run.steps if by == "step" else run.epochs
        if not any(column in record for record in records):
            raise DataError(f"a run of {family!r} has no {column!r}; leave the family out")
        series.append(finite(record.get(column, np.nan) for record in records))
    table = np.full((len(series), max(map(len, series))), np.nan)
    for row, values in zip(table, series, strict=True):
        row[: len(values)] = values
    table, x = _thinned(table)
    there = np.isfinite(table)
    n = there.sum(axis=0)
    filled = np.where(there, table, 0.0)
    mean = np.divide(filled.sum(axis=0), n, out=np.full(len(n), np.nan), where=n > 0)
    squares = np.where(there, np.square(table - mean), 0.0).sum(axis=0)
    variance = np.divide(squares, n - 1, out=np.full(len(n), np.nan), where=n > 1)
    half = np.full(len(n), np.nan)
    sure = n > 1
    half[sure] = t.ppf(0.975, n[sure] - 1) * np.sqrt(variance[sure] / n[sure])
    return Band(x, mean, mean - half, mean + half)


def _thinned(table: Array) -> tuple[Array, Array]:
    """Return a table of runs (R, T) with at most 400 columns, neighbours averaged, and their x."""
    times = table.shape[1]
    width = -(-times // MOST_POINTS)
    padded = np.pad(table, ((0, 0), (0, -times % width)), constant_values=np.nan)
    groups = padded.reshape(len(table), -1, width)
    n = np.isfinite(groups).sum(axis=2)
    sums = np.nansum(groups, axis=2)
    means = np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0)
    x = np.arange(means.shape[1]) * width + (width + 1) / 2
    return means, x


def _draw(axes: Axes, band: Band, place: int) -> None:
    apart = max(1, len(band.x) // MARKS)
    axes.fill_between(band.x, band.low, band.high, color=_colour(place), alpha=0.2, linewidth=0)
    axes.plot(
        band.x, band.mean, _line(place), color=_colour(place), linewidth=1.8,
        marker=style.MARKERS[place % len(style.MARKERS)], markersize=4.5,
        markevery=(2 * place % apart, apart),
    )  # fmt: skip


def _keep_to_lines(axes: Axes) -> None:
    """Cut bands off that leave the range of the lines: a share above 100 %, a loss below zero."""
    low, high = axes.get_ylim()
    values = np.concatenate([np.asarray(line.get_ydata()) for line in axes.lines])
    if axes.get_yscale() == "linear" and np.nanmin(values) >= 0:
        low = max(low, -0.03 * high)
    if "%" in axes.get_ylabel():
        high = min(high, 1.03)
    axes.set_ylim(low, high)


def _legend(figure: Figure, families: Mapping[str, Sequence[History]]) -> None:
    entries = [
        Line2D(
            [], [], linestyle=_line(i), color=_colour(i), linewidth=1.8, markersize=4.5,
            marker=style.MARKERS[i % len(style.MARKERS)],
            label=f"{plain(name, 40)} ({counted(len(runs), 'seed')})",
        )
        for i, (name, runs) in enumerate(families.items())
    ]  # fmt: skip
    banded = any(len(runs) > 1 for runs in families.values())
    figure.legend(
        handles=entries, loc="outside upper left", ncols=min(len(entries), 3), frameon=False,
        fontsize=style.TEXT, labelcolor=style.INK, alignment="left",
        title="mean over seeds; the band is its 95 % interval" if banded else None,
        title_fontproperties={"size": style.TEXT},
    )  # fmt: skip


def _colour(place: int) -> str:
    return style.COLOURS[place % len(style.COLOURS)]


def _line(place: int) -> Line:
    return LINES[place // len(style.COLOURS) % len(LINES)]
