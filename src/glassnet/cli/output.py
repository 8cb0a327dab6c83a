"""What the commands show: progress on standard error, results on standard output."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from glassnet.experiments import Run, RunFolder, to_json
from glassnet.training import Callback, Record, Trainer

results = Console(highlight=False, soft_wrap=True)
if not results.is_terminal:
    results.width = 200  # a table in a pipe or a file is not squeezed
notes = Console(stderr=True, highlight=False, soft_wrap=True)

QUIET_SECONDS = 2.0
"""Nobody waits longer than this without a sign of life."""


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    print(to_json(values), flush=True)


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
    count = sum(p.size for _, p in model.named_parameters())
    layers = ", ".join(type(step.layer).__name__ for step in model.steps(data.sample_shape))
    notes.print(f"[bold]{data.name}[/]  {', '.join(parts)} samples of {shape}")
    notes.print(f"[bold]model[/]  {layers}: {count:,} parameters")


class TrainingProgress(Callback):
    """A bar while an epoch runs (on a terminal), and a line for every few epochs."""

    HEAD = ("epoch", "train loss", "valid loss", "valid", "rate", "seconds")

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
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

    def on_start(self, trainer: Trainer) -> None:
        """Open the table."""
        figure = _figure_name(trainer)
        notes.print(_row("epoch", "train loss", "valid loss", f"valid {figure}", "rate", "seconds"))
        self._task = self._bar.add_task(
            "training", total=self._epochs * trainer.steps_per_epoch, epoch=1, loss=math.nan
        )
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
            figure = record.get(f"valid_{_figure_name(trainer)}", math.nan)
            self._bar.console.print(
                _row(
                    f"{epoch}/{self._epochs}",
                    f"{record['train_loss']:.4f}",
                    _number(record.get("valid_loss", math.nan), ".4f"),
                    _number(figure, ".4f"),
                    f"{record['lr']:.2g}",
                    f"{self._seconds:.1f}",
                )
            )

    def on_end(self, trainer: Trainer) -> None:
        """Close the bar, and say why the training ended early."""
        self._bar.stop()
        if trainer.history.stopped:
            notes.print(f"stopped: {trainer.history.stopped}")


def print_training(folder: RunFolder, metrics: Mapping[str, Any]) -> None:
    """Print how a run ended and where its files are."""
    figures = {
        name: value for name, value in metrics.items() if name.startswith(("test_", "valid_"))
    }
    for name, value in figures.items():
        style = "bold green" if name == "test_accuracy" else "default"
        results.print(f"{name.replace('_', ' '):<16} [{style}]{value:.4f}[/]")
    best = f", best epoch {metrics['best_epoch']}" if metrics.get("best_epoch") else ""
    results.print(f"{'trained':<16} {metrics['seconds']:.1f} s, {metrics['epochs']} epochs{best}")
    results.print(f"{'run folder':<16} {escape(str(folder.path))}")
    pictures = sorted(path.name for path in (folder.path / "figures").glob("*.png"))
    if pictures:
        results.print(f"{'pictures':<16} {', '.join(pictures)}")


def print_evaluation(result: Mapping[str, Any]) -> None:
    """Print loss, metrics and the table of classes."""
    for name, value in result.items():
        if isinstance(value, float):
            results.print(f"{name.replace('_', ' '):<16} {value:.4f}")
    if result.get("per_class"):
        table = Table(box=box.SIMPLE)
        table.add_column("class")
        for column in ("precision", "recall", "f1", "support"):
            table.add_column(column, justify="right")
        for row in result["per_class"]:
            figures = [_number(row[name], ".3f") for name in ("precision", "recall", "f1")]
            table.add_row(escape(str(row["class"])), *figures, f"{row['support']:,}")
        results.print(table)


def print_recipes() -> None:
    """Print the recipes with the first line of each file."""
    from glassnet.experiments.config import RECIPES, recipe_names

    for name in recipe_names():
        first = (RECIPES / f"{name}.toml").read_text(encoding="utf-8").splitlines()[0]
        results.print(f"{name:<14} {first.removeprefix('# ')}")


def _row(*cells: str) -> str:
    return "  ".join(
        cell.rjust(width) for cell, width in zip(cells, (7, 10, 10, 14, 8, 7), strict=True)
    )


def _number(value: float, form: str) -> str:
    return "–" if not math.isfinite(value) else format(value, form)


def _figure_name(trainer: Trainer) -> str:
    """Return the metric that the table shows: the first one."""
    if trainer.metrics:
        return trainer.metrics[0]
    return "accuracy" if trainer.loss.kind != "regression" else "mae"
