"""What `glassnet reproduce` shows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import typer
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from glassnet.cli.output import notes, print_json, print_table
from glassnet.experiments.catalogue import (
    Report,
    Row,
    RowState,
    Trial,
    Verdict,
    trials,
)
from glassnet.experiments.catalogue.trials import as_toml
from glassnet.words import count

COLOURS = {
    Verdict.REPRODUCED: "green",
    Verdict.BETTER: "green",
    Verdict.WORSE: "bold red",
    Verdict.NOT_COMPARABLE: "yellow",
    Verdict.NOT_RUN: "dim",
}


class CatalogueProgress:
    """A bar with the time left for the whole on a terminal, and a line for every trial that ends.

    What is left is reckoned from the seconds that the catalogue expects of each trial, and from how
    long those that are done took in truth.
    """

    def __init__(self, kept: int, todo: Sequence[Trial], jobs: int) -> None:
        self._todo, self._jobs, self._done = todo, jobs, 0
        self._left = math.fsum(trial.seconds for trial in todo)
        self._past = 0.0
        self._started = time.monotonic()
        if kept:
            notes.print(f"{count(kept, 'run')} finished earlier")
        self._bar = Progress(
            TextColumn("{task.fields[done]}/{task.fields[all]} runs"),
            BarColumn(),
            TextColumn("{task.fields[left]}"),
            console=notes,
            transient=True,
            disable=not notes.is_terminal,
        )

    def __enter__(self) -> Self:
        self._task = self._bar.add_task(
            "", total=max(self._left, 1e-9), done=0, all=len(self._todo), left=self._time_left()
        )
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def ended(self, trial: Trial, problem: str) -> None:
        """Say that a trial has ended, and what went wrong, if anything."""
        self._done += 1
        self._past += trial.seconds
        self._left = max(0.0, self._left - trial.seconds)
        left = self._time_left()
        self._bar.update(self._task, completed=self._past, done=self._done, left=left)
        said = f": {problem}" if problem else ""
        self._bar.console.print(
            f"{self._done}/{len(self._todo)}  {escape(trial.title + said)}  [dim]{left}[/]"
        )

    def _time_left(self) -> str:
        """Return the time left in words."""
        if not self._done:
            seconds = self._left / self._jobs
        else:
            seconds = (time.monotonic() - self._started) * self._left / max(self._past, 1e-9)
        return f"{in_words(seconds)} left"


def in_words(seconds: float) -> str:
    """Return a time as a person says it.

    Examples
    --------
    >>> in_words(40), in_words(140), in_words(7300)
    ('40 s', '2 min', '2 h 2 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def print_configurations(rows: Iterable[tuple[Report, Row]]) -> None:
    """Print each variant's configuration as TOML, under a comment with its name."""
    for trial in trials(rows, seeds=1):
        name = f"{trial.row} {trial.variant}".strip()
        if trial.kind != "train":
            print(f"# {name}: measured by itself ({trial.kind}), not with glassnet train")
        else:
            print(f"# {name}")
        print(as_toml(trial))


def print_rows(states: Sequence[RowState], *, details: bool) -> None:
    """Print a line for every row, or a table for each."""
    if details:
        for state in states:
            _print_details(state)
        return
    table = Table(box=box.SIMPLE)
    for column in ("row", "what", "done", "verdict"):
        table.add_column(column, justify="right" if column == "done" else "left")
    for state in states:
        what = escape(state.row.title)
        if state.missing:
            what += f" [dim]({state.missing})[/]"
        done = f"{state.done} of {state.planned}"
        table.add_row(state.row.id, what, done, _coloured(state.verdict))
    print_table(table)


def print_verdicts(states: Sequence[RowState], failed: Mapping[str, str], folder: Path) -> None:
    """Print everything as one JSON object."""
    rows = [state.to_dict() for state in states]
    print_json({"rows": rows, "failed": dict(failed), "results": str(folder)})


def _print_details(state: RowState) -> None:
    typer.echo(f"{state.row.id}  {state.row.title}")
    if state.missing:
        typer.echo(f"not run: {state.missing}")
        return
    table = Table(box=box.SIMPLE)
    for column in ("variant", "figure", "published", "ours", "seeds", "seconds", "verdict"):
        table.add_column(column, justify="right" if column in ("seeds", "seconds") else "left")
    for variant in state.variants:
        for i, line in enumerate(variant.lines):
            first = i == 0
            table.add_row(
                escape(variant.variant.name) if first else "",
                line.figure,
                "" if line.published is None else f"{line.published:.4g}",
                str(line.ours or "–"),
                str(variant.done) if first else "",
                f"{variant.seconds:.1f}" if first and variant.done else "",
                _coloured(line.verdict),
            )
    print_table(table)


def _coloured(verdict: Verdict | None) -> str:
    return "" if verdict is None else f"[{COLOURS[verdict]}]{verdict}[/]"
