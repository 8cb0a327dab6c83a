"""What is shown of a run that is trained or resumed, from its beginning to its end."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from glassnet.cli.output import TrainingProgress, notes, print_json, print_test, print_training
from glassnet.experiments import Config, Run, RunFolder
from glassnet.experiments.clock import Clock, seconds_of_process
from glassnet.training import Callback, Evaluation


class View:
    """Progress on standard error, results on standard output.

    Parameters
    ----------
    as_json : bool
        Whether the results are one JSON object.
    """

    def __init__(self, as_json: bool) -> None:
        self.clock = Clock(before=seconds_of_process())
        self._as_json = as_json
        self._progress: TrainingProgress | None = None

    def follow(self, config: Config) -> list[Callback]:
        """Return the callbacks that show the training of this configuration."""
        self._progress = TrainingProgress(config.training.epochs)
        return [self._progress]

    def announce(self, run: Run) -> None:
        """Say what is about to be trained on what."""
        if self._progress is not None:
            self._progress.announce(run)

    def test(self, run: Run, test: Evaluation) -> None:
        """Say what the test part gave."""
        print_test(run, test)

    def end(self, folder: RunFolder, metrics: dict[str, Any]) -> None:
        """Print the results."""
        if self._as_json:
            print_json({**metrics, "run": str(folder.path)})
        else:
            print_training(folder, metrics)

    def tell(self, sentence: str) -> None:
        """Say something that the user should know."""
        notes.print(f"[bold]note[/]  {escape(sentence)}")
