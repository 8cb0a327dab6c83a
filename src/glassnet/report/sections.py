"""What a page says of one run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.arrays import Array
from glassnet.errors import GlassnetError
from glassnet.experiments import RunRecord
from glassnet.experiments.confounds import PARTS, flattened
from glassnet.experiments.groups import rank
from glassnet.experiments.predictions import Predictions
from glassnet.layers import Layer
from glassnet.pictures.scales import is_share
from glassnet.report.charts import Chart, number
from glassnet.report.curves import charts_of
from glassnet.report.images import MOST_CLASSES, Picture, pictures_of
from glassnet.report.samples import batch_of
from glassnet.report.timing import LayerTime, time_layers
from glassnet.storage import load

LARGEST_BATCH = 128
LARGEST_MODEL = 1 << 30
MOST_CLASS_ROWS = 200
MOST_TILES = 6


@dataclass(frozen=True)
class ClassRow:
    """A class in the table of classes."""

    name: str
    precision: str
    recall: str
    f1: str
    support: str
    mistaken: str
    """The class it is most often taken for, and how often."""


@dataclass(frozen=True)
class RunSection:
    """One run, in the words and numbers of the page."""

    name: str
    path: str
    tiles: list[tuple[str, str, str]]
    """Figure, what it is, and a remark."""
    data: list[tuple[str, str]]
    charts: list[Chart]
    pictures: list[Picture]
    classes: list[ClassRow]
    classes_left_out: int
    times: list[LayerTime]
    batch_size: int
    on_own_samples: bool
    """Whether the times were measured on training samples, not on random numbers."""
    config: list[tuple[str, list[tuple[str, str]]]]
    environment: list[tuple[str, str]]
    notes: list[str]


def section_of(run: RunRecord, data_dir: str | Path | None = None) -> RunSection:
    """Read, draw and measure everything that the page says of a run.

    Raises
    ------
    CheckpointError
        If predictions, steps or the layers' record are damaged.
    """
    notes: list[str] = []
    if run.metrics.stopped:
        notes.append(f"The training ended early: {run.metrics.stopped}.")
    notes += [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in run.metrics.warnings]
    said, history = run.predictions(), run.with_steps()
    model = _model(run, notes)
    batch_size = _batch_size(run)
    times, on_own_samples = _times(model, run, batch_size, data_dir, notes)
    figures = run.metrics.per_class
    return RunSection(
        name=str(run.config.get("name") or run.path.name),
        path=str(run.path),
        tiles=_tiles(run, said),
        data=_data(run),
        charts=charts_of(history),
        pictures=pictures_of(run, model, notes),
        classes=_classes(run, said),
        classes_left_out=max(0, len(figures) - MOST_CLASS_ROWS),
        times=times,
        batch_size=batch_size,
        on_own_samples=on_own_samples,
        config=_config(run.config),
        environment=[*run.metrics.environment.items(), ("kernels", run.metrics.kernels or "–")],
        notes=notes,
    )


def _tiles(run: RunRecord, said: Predictions | None) -> list[tuple[str, str, str]]:
    """Return the numbers that come first: how good, how large, how long."""
    tiles = []
    figures = run.metrics.figures
    for name in sorted(figures, key=rank)[:MOST_TILES]:
        value = figures[name]
        part, _, figure = name.partition("_")
        remark = ""
        if name == "test_accuracy" and said is not None:
            remark = _interval(said)
        shown = number(value, shares=is_share(figure))
        tiles.append((shown, f"{PARTS[part]} {figure.replace('_', ' ')}", remark))
    best = f"best: epoch {run.metrics.best_epoch}" if run.metrics.best_epoch else ""
    tiles.append((f"{run.metrics.epochs:,}", "epochs", best))
    tiles.append((f"{run.metrics.parameters:,}", "parameters", ""))
    tiles.append((f"{run.metrics.seconds:,.1f} s", "training time", ""))
    tiles.append((str(run.metrics.seed), "seed", ""))
    return tiles


def _interval(said: Predictions) -> str:
    """Return how sure the share of right predictions is (Wilson, 1927)."""
    from scipy.stats import binomtest

    found = binomtest(int(said.right.sum()), len(said.right)).proportion_ci(method="wilson")
    low, high = (f"{100 * end:.1f}" for end in (found.low, found.high))
    return f"95 % interval {low} to {high} %, of {len(said.right):,} samples"


def _data(run: RunRecord) -> list[tuple[str, str]]:
    data = run.data
    rows = [("data set", data.name), ("sample", "×".join(map(str, data.sample_shape)))]
    for part, word in PARTS.items():
        if part in data.samples:
            mark = data.fingerprints.get(part, "")
            told = f"{data.samples[part]:,}" + (f" (fingerprint {mark})" if mark else "")
            rows.append((f"{word} samples", told))
    if data.classes:
        rows.append(("classes", f"{data.classes:,}"))
    return rows


def _classes(run: RunRecord, said: Predictions | None) -> list[ClassRow]:
    confusion: Array | None = None
    if said is not None and said.classes <= MOST_CLASSES:
        confusion = said.confusion
    names = [figures.name for figures in run.metrics.per_class]
    return [
        ClassRow(
            figures.name,
            _share(figures.precision),
            _share(figures.recall),
            _share(figures.f1),
            f"{figures.support:,}",
            _mistaken(confusion, k, names),
        )
        for k, figures in enumerate(run.metrics.per_class[:MOST_CLASS_ROWS])
    ]  # fmt: skip


def _share(value: float | None) -> str:
    return number(math.nan if value is None else value, shares=True)


def _mistaken(confusion: Array | None, k: int, names: Sequence[str]) -> str:
    if confusion is None or k >= len(confusion):
        return ""
    others = confusion[k].copy()
    others[k] = 0
    worst = int(others.argmax())
    if not others[worst]:
        return "–"
    return f"{names[worst] if worst < len(names) else worst} ({others[worst]:,} times)"


def _model(run: RunRecord, notes: list[str]) -> Layer | None:
    file = run.path / "model.safetensors"
    try:
        if file.is_file() and file.stat().st_size > LARGEST_MODEL:
            notes.append("The model is larger than 1 GB and was not read.")
            return None
        return load(file)
    except (GlassnetError, OSError) as error:
        notes.append(f"The model cannot be read: {error}")
        return None


def _times(
    model: Layer | None,
    run: RunRecord,
    batch_size: int,
    data_dir: str | Path | None,
    notes: list[str],
) -> tuple[list[LayerTime], bool]:
    if model is None:
        return [], False
    try:
        x, are_own = batch_of(run, model, batch_size, data_dir)
        return time_layers(model, x), are_own
    except (GlassnetError, ValueError, MemoryError) as error:
        notes.append(f"The layers could not be timed: {error}")
        return [], False


def _batch_size(run: RunRecord) -> int:
    training = run.config.get("training")
    asked = training.get("batch_size") if isinstance(training, Mapping) else None
    return min(asked, LARGEST_BATCH) if isinstance(asked, int) and asked > 0 else 32


def _config(tables: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the configuration by sections: option and value."""
    return [
        (section, [(key, _value(value)) for key, value in flattened(table).items()])
        for section, given in tables.items()
        if section != "name"  # it stands above
        for table in [given if isinstance(given, dict) else {section: given}]
        if table
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)
