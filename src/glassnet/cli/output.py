"""What the commands show: progress on standard error, results on standard output."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from typing import IO, Any, cast

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from glassnet.cli.lasting import Lasting
from glassnet.data import DataSplits
from glassnet.experiments import Run, RunFolder, to_json
from glassnet.layers import Layer, Sequential
from glassnet.training import Callback, Evaluation, Record, Trainer
from glassnet.words import count

results = Console(highlight=False, soft_wrap=True)
if not results.is_terminal and "COLUMNS" not in os.environ:
    results.width = 200  # a table in a pipe or a file is not squeezed
notes = Console(file=cast(IO[str], Lasting()), highlight=False, soft_wrap=True)

MOST_NAMES = 10
"""Classes that are named; of more the first are."""
QUIET_SECONDS = 2.0
"""Nobody waits longer than this without a sign of life."""


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(to_json(values), flush=True)


def lament(sentence: str) -> None:
    """Say on standard error why the program ends."""
    notes.file.write(f"glassnet: {sentence}\n")


def print_run(run: Run) -> None:
    """Say what is about to be trained on what."""
    data, model = run.data, run.model
    parts = [
        f"{len(part):,} {word}"
        for word, part in (
            ("training", data.train),
            ("validation", data.valid),
            ("test", data.test),
        )
        if part is not None
    ]
    shape = "×".join(map(str, data.sample_shape))
    if len(data.sample_shape) == 1:
        shape = count(data.sample_shape[0], "feature")
    size = sum(p.size for _, p in model.named_parameters())
    notes.print(f"[bold]{escape(data.name)}[/]  {', '.join(parts)} samples of {shape}")
    notes.print(f"[bold]target[/]  {escape(_target(data))}")
    notes.print(f"[bold]model[/]  {outline(model)}: {count(size, 'parameter')}")
    for note in run.notes:
        notes.print(f"[bold]note[/]  {escape(note)}")


def _target(data: DataSplits) -> str:
    """Say what is to be learnt: the column, and the classes or that it is numbers."""
    column = data.options.get("target")
    where = f"column {column + 1}: " if isinstance(column, int) else f"column {column!r}: "
    if data.classes:
        names = data.class_names or tuple(map(str, range(data.classes)))
        shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
        what = f"{count(data.classes, 'class', 'classes')} ({shown})"
    else:
        what = "numbers (regression)"
    return what if column is None else where + what


def outline(layer: Layer) -> str:
    """Name the layers one after the other; what is inside another stands in brackets."""
    inside = ", ".join(outline(child) for _, child in layer.children())
    if isinstance(layer, Sequential):
        return inside
    return type(layer).__name__ + (f"({inside})" if inside else "")


class TrainingProgress(Callback):
    """A bar while an epoch runs (on a terminal), and a line for every few epochs."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._parts: tuple[str, ...] = ("train", "valid")
        self._figure = "accuracy"
        self._printed = -math.inf
        self._seconds = 0.0
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
            console=notes,
            transient=True,
            disable=not notes.is_terminal,
        )

    def announce(self, run: Run) -> None:
        """Say what is about to be trained on what."""
        print_run(run)
        self.follow(run)

    def follow(self, run: Run) -> None:
        """Take note of which parts there are to report on."""
        if run.data.valid is None:
            self._parts = ("train",)
        self._figure = run.metric_names[0]

    def on_start(self, trainer: Trainer) -> None:
        """Open the table."""
        losses = [f"{part} loss" for part in self._parts]
        figure = f"{self._parts[-1]} {self._figure}"
        notes.print(_row("epoch", *losses, figure, "rate", "seconds"))
        self._task = self._bar.add_task(
            "training",
            total=self._epochs * trainer.steps_per_epoch,
            completed=trainer.step_count,
            epoch=len(trainer.history) + 1,
            loss=math.nan,
        )
        if trainer.history.epochs:  # a resumed training
            self._seconds = sum(trainer.history["seconds"])
        self._bar.start()

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Move the bar."""
        if not self._bar.disable:
            self._bar.update(
                self._task, advance=1, loss=record["loss"], epoch=len(trainer.history) + 1
            )

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Print a line, unless one was printed a moment ago and many more will come."""
        self._seconds += record["seconds"]
        epoch, now = int(record["epoch"]), time.monotonic()
        every = max(1, self._epochs // 10)
        last = epoch == self._epochs or trainer.history.stopped
        if epoch == 1 or epoch % every == 0 or last or now - self._printed > QUIET_SECONDS:
            self._printed = now
            names = [f"{part}_loss" for part in self._parts]
            names.append(f"{self._parts[-1]}_{self._figure}")
            self._bar.console.print(
                _row(
                    f"{epoch}/{self._epochs}",
                    *(number(record.get(name, math.nan)) for name in names),
                    f"{record['lr']:.2g}",
                    f"{self._seconds:.1f}",
                )
            )

    def on_end(self, trainer: Trainer) -> None:
        """Close the bar, and say why the training ended early."""
        self._bar.stop()
        if trainer.history.stopped:
            notes.print(f"stopped: {trainer.history.stopped}")


def print_test(run: Run, test: Evaluation) -> None:
    """Say what the test part gave, and how long after the program's start that was known."""
    name, value = next(iter(test.metrics.items()), ("loss", test.loss))
    notes.print(f"test {name} {number(value)} {run.clock.total:.2f} s after the start")


def print_training(folder: RunFolder, metrics: Mapping[str, Any]) -> None:
    """Print how a run ended and where its files are."""
    figures = {
        name: value
        for name, value in metrics.items()
        if name.startswith(("test_", "valid_", "train_"))
    }
    for name, value in figures.items():
        style = "bold green" if name == "test_accuracy" else "default"
        results.print(f"{name.replace('_', ' '):<16} [{style}]{number(value)}[/]")
    best = f", best epoch {metrics['best_epoch']}" if metrics.get("best_epoch") else ""
    epochs = count(metrics["epochs"], "epoch")
    results.print(f"{'trained':<16} {metrics['seconds']:.1f} s, {epochs}{best}")
    results.print(f"{'run folder':<16} {escape(str(folder.path))}")
    pictures = sorted(path.name for path in (folder.path / "figures").glob("*.png"))
    if pictures:
        results.print(f"{'pictures':<16} figures/: {', '.join(pictures)}")


def print_evaluation(result: Mapping[str, Any]) -> None:
    """Print loss, metrics and the table of classes."""
    for name, value in result.items():
        if isinstance(value, float):
            results.print(f"{name.replace('_', ' '):<16} {number(value)}")
    if "stopped" in result:
        results.print(f"{'stopped early':<16} {result['stopped']}", markup=False)
    if result.get("per_class"):
        table = Table(box=box.SIMPLE)
        table.add_column("class")
        for column in ("precision", "recall", "f1", "support"):
            table.add_column(column, justify="right")
        for row in result["per_class"]:
            figures = [number(row[name], ".3f") for name in ("precision", "recall", "f1")]
            table.add_row(escape(str(row["class"])), *figures, f"{row['support']:,}")
        print_table(table)


def print_table(table: Table) -> None:
    """Print a table without blanks at the ends of its lines."""
    with results.capture() as captured:
        results.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def print_recipes() -> None:
    """Print the recipes with the first line of each file."""
    from glassnet.experiments.config import RECIPES, recipe_names

    for name in recipe_names():
        first = (RECIPES / f"{name}.toml").read_text(encoding="utf-8").splitlines()[0]
        results.print(f"{name:<14} {first.removeprefix('# ')}")


def _row(epoch: str, *cells: str) -> str:
    """Put cells into columns: the epoch, one or two losses, a figure, the rate, the seconds."""
    widths = (*(10 for _ in cells[:-3]), 14, 8, 7)
    return "  ".join(
        [epoch.rjust(7), *(c.rjust(width) for c, width in zip(cells, widths, strict=True))]
    )


def number(value: float, form: str = ".4f") -> str:
    """Write a number in a few places, however large, and a dash for none."""
    if not math.isfinite(value):
        return "–"
    return format(value, ".4g" if abs(value) >= 1e4 else form)
