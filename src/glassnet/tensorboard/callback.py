"""Showing a training in TensorBoard while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from glassnet.arrays import Array
from glassnet.errors import ConfigError
from glassnet.tensorboard.events import EventLog, require_tensorboard
from glassnet.tensorboard.tags import charts, is_figure, tag_of
from glassnet.training import Callback, EvaluateEvery, LayerRecorder, Record, Trainer
from glassnet.training.checkpointer import warn
from glassnet.training.layer_record import Kind

GROUPS: dict[Kind, str] = {
    "weight": "weights",
    "bias": "biases",
    "gradient": "gradients",
    "activation": "activations",
}
"""What the distributions of each kind are filed under."""
STATISTICS = ("min", "max", "mean", "std")


class TensorBoard(Callback):
    """Write what happens in a training for TensorBoard; ``tensorboard --logdir FOLDER`` shows it.

    **Scalars**: after every epoch ``loss/train``, ``loss/valid``, ``accuracy/train``, … and
    ``training/lr``, ``training/grad_norm``, ``training/penalty``; every so many steps
    ``step/loss``, ``step/lr``, ``step/grad_norm``; ``evaluations/test_loss``, … of an
    `EvaluateEvery`.

    **Histograms**, before the first epoch and after every one: ``weights/0.weight``, ``biases/…``,
    ``gradients/…`` (of the epoch's last step), ``activations/…``, each also as the scalars
    ``/min``, ``/max``, ``/mean``, ``/std``; ``gradient_norms/0.weight``, ``dead_units/1``, …

    **Images**: kernels, and the weights of a first layer that takes images, before the first epoch
    and after the 1st, 2nd, 4th, 8th, … **Text**, **HPARAMS**: what is given.

    The axis is that of the steps. Nothing is measured twice: where a `LayerRecorder` is among the
    Trainer's callbacks, what it records is shown, otherwise this one has a recorder of its own.
    A resumed training goes on in the same folder, and what an earlier process wrote after the
    checkpoint is forgotten. A folder for each training, in one parent folder, compares them.

    Parameters
    ----------
    folder : path
        Of this training's events alone.
    samples : ndarray, shape (N, ...), optional
        Scaled as in training: the activations shown are those of these samples.
    every : int
        Steps after which loss, learning rate and gradient norm are shown.
    hyperparameters : dict of str to number or text
    text : dict of str to str
    tell : callable
        Is told if nothing more can be written.

    Raises
    ------
    ConfigError
        If TensorBoard is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    >>> data = gn.data.load("moons")
    >>> model = gn.Sequential(gn.Linear(2, 8), gn.Tanh(), gn.Linear(8, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     board = gn.TensorBoard(folder, samples=data.train.x)
    ...     trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=[board])
    ...     history = trainer.fit(data.train, data.valid, epochs=2)
    ...     seen = EventAccumulator(folder).Reload()
    >>> [event.step for event in seen.Scalars("loss/valid")], seen.Tags()["histograms"][:2]
    ([21, 42], ['weights/0.weight', 'biases/0.bias'])
    """

    is_last: ClassVar[bool] = True

    def __init__(
        self,
        folder: str | Path,
        *,
        samples: Array | None = None,
        every: int = 10,
        hyperparameters: Mapping[str, float | str] | None = None,
        text: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = warn,
    ) -> None:
        if every < 1:
            raise ConfigError(f"TensorBoard: every must be at least 1, not {every}")
        require_tensorboard()
        self.folder, self.every, self.tell = Path(folder), every, tell
        self.hyperparameters, self.text = dict(hyperparameters or {}), dict(text or {})
        self._own = LayerRecorder(samples)
        self._recorder = self._own
        self._log: EventLog | None = None
        self._repeated: Record | None = None

    def on_start(self, trainer: Trainer) -> None:
        """Open a file; say how things stand before the first step."""
        others = (c for c in trainer.callbacks if isinstance(c, LayerRecorder))
        self._recorder = next(others, self._own)
        if self._recorder is self._own:
            self._own.on_start(trainer)
        step, epoch, at_end = trainer.step_count, trainer.epoch, trainer.epoch_is_over
        # Where a checkpoint is of an epoch's last step, the epoch's end may have been shown, and
        # comes once more; the step itself has to be shown again then.
        self._repeated = epoch.last if epoch is not None and at_end else None
        self._log = EventLog(self.folder, step + (step > 0 and not at_end), self.tell)
        if step == 0:
            for tag, words in {"model": str(trainer.model), **self.text}.items():
                self._log.text(0, tag, words)
            self._layers(0, self._log)
            self._pictures(trainer, self._log)

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Show the step, if it is time, and what was found in it."""
        if self._recorder is self._own:
            self._own.on_step(trainer, record)
        self._step(trainer, record)

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Show the epoch and its layers."""
        if self._recorder is self._own:
            self._own.on_epoch(trainer, record)
        if self._log is None:
            return
        step = trainer.step_count
        if self._repeated is not None:
            self._step(trainer, self._repeated)
            self._repeated = None
        if len(trainer.history) == 1:
            self._log.charts(step, charts(record))
        self._log.scalars(step, {tag_of(name): value for name, value in record.items()})
        self._layers(step, self._log)
        if (epoch := len(trainer.history)) & (epoch - 1) == 0:  # a power of two
            self._pictures(trainer, self._log)

    def on_end(self, trainer: Trainer) -> None:
        """Close the file."""
        if self._log is not None:
            self._log.close()
        self._log = None

    def state_dict(self) -> dict[str, Any]:
        """Return what the recorder of its own remembers, where there is no other."""
        return self._own.state_dict() if self._recorder is self._own else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on recording."""
        self._own.load_state_dict(state)

    def results(
        self,
        step: int,
        figures: Mapping[str, float],
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        """Show, after the training, how it ended.

        Parameters
        ----------
        step : int
            How many steps it took.
        figures : dict of str to float
            Losses and metrics of the final model, such as ``test_accuracy``; by them the HPARAMS
            page compares runs.
        pictures : dict of str to bytes, optional
            PNG files by their names.
        """
        log = EventLog(self.folder, step + 1, self.tell)
        shown = {tag_of(name): value for name, value in figures.items() if is_figure(name)}
        final = {f"final/{name}": value for name, value in figures.items() if is_figure(name)}
        log.scalars(step, {t: v for t, v in shown.items() if t.endswith("/test")} | final)
        if self.hyperparameters:
            log.hyperparameters(step, self.hyperparameters, list(final))
        for name, png in (pictures or {}).items():
            log.image(step, f"results/{name}", png)
        log.close()

    def _step(self, trainer: Trainer, record: Record) -> None:
        step, log = trainer.step_count, self._log
        if log is None:
            return
        if step % self.every == 0:
            log.scalars(step, {f"step/{name}": value for name, value in record.items()})
        for callback in trainer.callbacks:
            if not isinstance(callback, EvaluateEvery) or not callback.records:
                continue
            if (found := callback.records[-1])["step"] == step:
                log.scalars(step, {f"evaluations/{n}": v for n, v in found.items() if is_figure(n)})

    def _layers(self, step: int, log: EventLog) -> None:
        """Show what was recorded last of the layers."""
        record = self._recorder.record
        for (kind, name), values in record.distributions.items():
            tag = f"{GROUPS[kind]}/{name}"
            if kind == "activation":
                tag = f"{tag} {record.labels.get(name, '')}".rstrip()
            statistics = values.statistics[-1]
            log.histogram(step, tag, statistics, values.counts[-1])
            named = zip(STATISTICS, statistics, strict=True)
            log.scalars(step, {f"{tag}/{word}": value for word, value in named})
        log.scalars(step, {f"gradient_norms/{n}": v[-1] for n, v in record.gradient_norms.items()})
        log.scalars(step, {f"dead_units/{n}": shares[-1] for n, shares in record.dead.items()})

    def _pictures(self, trainer: Trainer, log: EventLog) -> None:
        """Show kernels, and the weights of a first layer that takes images."""
        from glassnet.layers import Conv2d, Linear

        samples = self._recorder.samples
        shape = () if samples is None else samples.shape[1:]
        kinds = {type(layer) for layer in trainer.model.modules()}
        if not (Conv2d in kinds or (Linear in kinds and len(shape) == 3)):
            return  # and no drawing library is loaded
        from glassnet.pictures.run import model_figures
        from glassnet.pictures.style import png

        for name, figure in model_figures(trainer.model, shape).items():
            if figure is not None:
                log.image(trainer.step_count, f"layers/{name}", png(figure))
