"""Writing checkpoints while a training runs."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from glassnet.errors import ConfigError
from glassnet.training.callbacks import Callback
from glassnet.training.checkpoint import Checkpoint, file_name, files, step_of
from glassnet.training.history import Record, goes_down

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


def warn(message: str) -> None:
    """Say that a checkpoint could not be written."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)


class Checkpointer(Callback):
    """Write a checkpoint every so many steps or minutes, and when a signal ends the training.

    Each is a file ``step-000001234.safetensors``, written whole or not at all. A training that was
    killed at any moment goes on from the newest with ``Trainer.fit(..., resume=...)``. That one
    cannot be written, because the disk is full, is told and does not end the training.

    Parameters
    ----------
    folder : path
        Of this training's checkpoints alone.
    steps : int
        Write after every so many steps; 0 for never.
    minutes : float
        Write when so many minutes have passed since the last one; 0 for never.
    keep_last : int
        How many of the newest are kept.
    keep_best : int
        Of how many of the best epochs the checkpoint is kept too.
    metric : str
        A column of the history, by which epochs are good.
    about : callable, optional
        Returns what the checkpoints belong to, as JSON knows it; asked once, at the first of them.
    tell : callable
        Is told why a checkpoint could not be written.
    ready : callable, optional
        Called before one is written; raises OSError if it must not be.

    Examples
    --------
    >>> import tempfile
    >>> data, loss = gn.data.load("moons"), gn.SoftmaxCrossEntropy()
    >>> def training(folder):
    ...     model = gn.Sequential(gn.Linear(2, 8), gn.Tanh(), gn.Linear(8, 2))
    ...     return gn.Trainer(model, loss, gn.Adam(), callbacks=[gn.Checkpointer(folder, steps=5)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = training(folder).fit(data.train, epochs=4)
    ...     checkpoint, damaged = gn.newest_checkpoint(folder)
    ...     resumed = training(folder).fit(data.train, epochs=4, resume=checkpoint)
    >>> resumed["train_loss"] == done["train_loss"]
    True
    """

    is_last: ClassVar[bool] = True

    def __init__(
        self,
        folder: str | Path,
        *,
        steps: int = 0,
        minutes: float = 1.0,
        keep_last: int = 2,
        keep_best: int = 0,
        metric: str = "valid_loss",
        about: Callable[[], dict[str, Any]] = dict,
        tell: Callable[[str], None] = warn,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        limits = {"steps": (steps, 0), "keep_last": (keep_last, 1), "keep_best": (keep_best, 0)}
        for name, (value, least) in limits.items():
            if value < least:
                raise ConfigError(f"Checkpointer: {name} must be at least {least}, not {value}")
        if not 0 <= minutes < math.inf:
            raise ConfigError(f"Checkpointer: minutes must be at least 0, not {minutes}")
        self.folder, self.steps, self.minutes = Path(folder), steps, minutes
        self.keep_last, self.keep_best, self.metric = keep_last, keep_best, metric
        self.tell, self._ready = tell, ready
        self._ask_about = about
        self._about: dict[str, Any] | None = None
        self._figures: dict[int, float] = {}  # the metric at the end of epochs, by the step
        self._due = math.inf

    def on_start(self, trainer: Trainer) -> None:
        """Make sure that nothing of another training would be deleted; start the clock."""
        if trainer.step_count == 0 and (found := files(self.folder)):
            raise ConfigError(
                f"{self.folder} holds checkpoints of a training already, such as {found[0].name}; "
                "go on from them with resume, or choose another folder"
            )
        for file in files(self.folder):
            if step_of(file) > trainer.step_count:  # damaged, or one would have gone on from there
                file.unlink(missing_ok=True)
        for leftover in self.folder.glob(".step-*"):  # of a process that was killed while writing
            leftover.unlink(missing_ok=True)
        self._wait()

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Write, if it is time."""
        if (self.steps and trainer.step_count % self.steps == 0) or time.monotonic() >= self._due:
            self.write(trainer)

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Write, if the epoch is one of the best."""
        if not self.keep_best:
            return
        if self.metric not in record:
            raise ConfigError(
                f"the best checkpoint is chosen by {self.metric!r}, but the epochs have only "
                f"{', '.join(record)}; choose one of these"
            )
        self._figures[trainer.step_count] = record[self.metric]
        if trainer.step_count in self._best():
            self.write(trainer)

    def on_interrupt(self, trainer: Trainer) -> None:
        """Write where Ctrl-C or SIGTERM ended the training."""
        self.write(trainer)

    def write(self, trainer: Trainer) -> None:
        """Write a checkpoint, and remove those that are no longer to be kept."""
        self._wait()
        if self._about is None:
            self._about = self._ask_about()
        step = trainer.step_count
        checkpoint = Checkpoint(step, trainer.state_dict(), self._about)
        try:
            self._ready()
            checkpoint.write(self.folder / file_name(step))
            kept = {*sorted(map(step_of, files(self.folder)))[-self.keep_last :], *self._best()}
            for file in files(self.folder):
                if step_of(file) not in kept:
                    file.unlink(missing_ok=True)
        except OSError as error:
            self.tell(f"no checkpoint after step {step}: {error}")

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of the epochs."""
        return {"figures": [[step, value] for step, value in self._figures.items()]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with what is known of the epochs."""
        self._figures = {int(step): float(value) for step, value in state["figures"]}

    def _best(self) -> list[int]:
        """Return the steps at which the best epochs ended, the best first."""
        sign = 1 if goes_down(self.metric) else -1
        ordered = sorted(self._figures, key=lambda step: (sign * self._figures[step], step))
        return ordered[: self.keep_best]

    def _wait(self) -> None:
        """Wait for the next time; the clock is one that nobody sets."""
        if self.minutes:
            self._due = time.monotonic() + 60 * self.minutes
