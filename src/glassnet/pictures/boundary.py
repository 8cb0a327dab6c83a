"""What a classifier of points in the plane says everywhere."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import DataError
from glassnet.layers import Layer
from glassnet.pictures import style
from glassnet.pictures.images import columns_for
from glassnet.pictures.labels import as_labels, both_columns
from glassnet.pictures.words import class_labels, plain

MOST_POINTS = 1000
"""Of each part; of more, evenly chosen ones are drawn."""

MOST_IN_LEGEND = 14


def decision_boundary(
    model: Layer,
    train: Dataset,
    test: Dataset | None = None,
    *,
    feature_names: tuple[str, str] = ("feature 1", "feature 2"),
    grid: int = 300,
) -> Figure:
    """Return a figure of the regions of a classifier's classes, with the samples in them.

    The darker a region, the surer the model; on the black lines two classes are equally likely.

    Parameters
    ----------
    model : Layer
        Any number of outputs; a single one is the logit of class 1.
    train, test : Dataset
        Samples of two features; the axes have their own units, the model sees them scaled.
    feature_names : tuple of two str
        The labels of the axes.
    grid : int
        The model is asked at grid × grid points.

    Raises
    ------
    DataError
        If the samples do not have two features.
    """
    figure = style.new_figure(7.2, 5.2)
    axes = figure.subplots()
    draw_decision_boundary(axes, model, train, test, grid=grid)
    first, second = (plain(name, 40) for name in feature_names)
    style.dress(axes, first, second, "Decision regions: the darker, the surer")
    axes.grid(False)
    _legend(axes, train, test)
    return figure


class Panel(NamedTuple):
    """One model in a grid of decision boundaries, and the samples drawn with it."""

    title: str
    model: Layer
    train: Dataset
    test: Dataset | None = None


def decision_boundaries(
    panels: Sequence[Panel],
    *,
    columns: int | None = None,
    feature_names: tuple[str, str] = ("feature 1", "feature 2"),
    grid: int = 200,
) -> Figure:
    """Return the regions of several models as one figure, in rows of panels with titles.

    Parameters
    ----------
    panels : sequence of Panel
    columns : int, optional
        By default as many as give rows of two to four.
    feature_names, grid
        As in `decision_boundary`.

    Raises
    ------
    DataError
        If there is no panel, or samples do not have two features.
    """
    if not panels:
        raise DataError("there is no model to draw the decision boundary of; give at least one")
    columns = columns or columns_for(len(panels), ratio=1.4)
    rows = -(-len(panels) // columns)
    figure = style.new_figure(0.6 + 3.1 * columns, 0.9 + 2.2 * rows)
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, place + 1)
        draw_decision_boundary(axes, panel.model, panel.train, panel.test, grid=grid)
        is_last = place + columns >= len(panels)
        first, second = (plain(name, 40) for name in feature_names)
        style.dress(axes, first if is_last else "", second if place % columns == 0 else "")
        axes.set_title(plain(panel.title, 34), fontsize=style.TEXT, color=style.INK, loc="left")
        axes.grid(False)
    title = "Decision regions: the darker, the surer"
    figure.suptitle(title, x=0.02, ha="left", fontsize=style.TITLE, color=style.INK)
    entries = _entries(panels[0].train, panels[0].test)
    figure.legend(
        handles=entries, loc="outside lower left", ncols=min(len(entries), 6), frameon=False,
        fontsize=style.TEXT, labelcolor=style.INK,
    )  # fmt: skip
    return figure


def draw_decision_boundary(
    axes: Axes,
    model: Layer,
    train: Dataset,
    test: Dataset | None = None,
    *,
    grid: int = 300,
) -> None:
    """Draw regions and samples into given axes, without labels: for several in one figure.

    Parameters and errors are those of `decision_boundary`.
    """
    if train.sample_shape != (2,):
        raise DataError(
            f"a decision boundary is drawn for samples of 2 features, not of shape "
            f"{train.sample_shape}"
        )
    parts = [train] if test is None else [train, test]
    (left, right), (bottom, top) = (
        _limits(np.concatenate([d.raw[:, k] for d in parts])) for k in (0, 1)
    )
    x, y = np.linspace(left, right, grid), np.linspace(bottom, top, grid)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    scaled = points if train.scaling is None else train.scaling.apply(points, dtype=model.dtype)
    p = both_columns(model.predict_proba(scaled)).reshape(grid, grid, -1)

    axes.imshow(
        _shades(p), origin="lower", extent=(left, right, bottom, top),
        interpolation="bilinear", aspect="auto", zorder=0,
    )  # fmt: skip
    _draw_borders(axes, x, y, p)
    for dataset in parts:
        _draw_samples(axes, dataset, is_test=dataset is test)
    is_square = 1 / 3 < (top - bottom) / (right - left) < 3
    axes.set_aspect("equal" if is_square else "auto")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def _limits(values: Array) -> tuple[float, float]:
    """Return the range of the values and a margin."""
    low, high = float(values.min()), float(values.max())
    margin = 0.1 * (high - low) or 1.0
    return low - margin, high + margin


def _shades(p: Array) -> Array:
    """Return an image (H, W, 3): the likeliest class's colour, paler the less sure it is."""
    classes = p.shape[2]
    best = p.argmax(axis=2)
    sure = (p.max(axis=2) - 1 / classes) / (1 - 1 / classes)
    strength = (0.08 + 0.47 * np.clip(np.nan_to_num(sure), 0, 1))[..., None]
    colours = np.array([to_rgb(_colour(k)) for k in range(classes)])
    shades: Array = 1 - strength * (1 - colours[best])
    return shades


def _draw_borders(axes: Axes, x: Array, y: Array, p: Array) -> None:
    """Draw the lines on which a class is as likely as the best of the others."""
    for k in range(p.shape[2] if p.shape[2] > 2 else 1):
        lead = p[..., k] - np.delete(p, k, axis=2).max(axis=2)
        if lead.min() < 0 < lead.max():
            axes.contour(x, y, lead, levels=[0], colors=[style.INK], linewidths=1.2)


def _draw_samples(axes: Axes, dataset: Dataset, *, is_test: bool) -> None:
    labels = as_labels(dataset.y)
    chosen = np.linspace(0, len(labels) - 1, min(len(labels), MOST_POINTS)).astype(np.int64)
    for k in np.unique(labels[chosen]):
        x, y = dataset.raw[chosen[labels[chosen] == k]].T
        axes.plot(x, y, **_marker(k, is_test=is_test), zorder=3 if is_test else 2)


def _marker(k: int, *, is_test: bool) -> dict[str, Any]:
    """How a sample of class k is drawn: training samples small, test samples larger and framed."""
    return {
        "linestyle": "",
        "marker": style.MARKERS[(k + k // len(style.COLOURS)) % len(style.MARKERS)],
        "markersize": 6.5 if is_test else 4.5,
        "markerfacecolor": _colour(k),
        "markeredgecolor": style.BLACK if is_test else "white",
        "markeredgewidth": 0.9 if is_test else 0.4,
    }


def _legend(axes: Axes, train: Dataset, test: Dataset | None) -> None:
    axes.legend(
        handles=_entries(train, test), loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False,
        fontsize=style.TEXT, labelcolor=style.INK, title="class", alignment="left",
        title_fontproperties={"size": style.TEXT},
    )  # fmt: skip


def _entries(train: Dataset, test: Dataset | None) -> list[Line2D]:
    """Name the classes, and say which samples are which."""
    parts = [train] if test is None else [train, test]
    present = np.unique(np.concatenate([as_labels(part.y) for part in parts]))
    names = class_labels(train.class_names, int(present.max()) + 1)
    entries = [
        Line2D([], [], **_marker(k, is_test=False), label=names[k])
        for k in present[:MOST_IN_LEGEND]
    ]
    if len(present) > MOST_IN_LEGEND:
        entries.append(Line2D([], [], linestyle="", label=f"… of {len(present)} classes"))
    for text, part in (("training", train), ("test", test)):
        if part is not None:
            look = _marker(0, is_test=part is test) | {"markerfacecolor": style.QUIET}
            entries.append(Line2D([], [], **look, label=f"{text} sample"))
    return entries


def _colour(k: int) -> str:
    return style.COLOURS[k % len(style.COLOURS)]
