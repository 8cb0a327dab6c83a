"""One run: data, model, training, evaluation, and the folder with all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from glassnet.arrays import Array
from glassnet.data import Dataset, DataSplits
from glassnet.errors import ConfigError, GlassnetError, TrainingError
from glassnet.experiments.circumstances import circumstances
from glassnet.experiments.clock import Clock
from glassnet.experiments.config import Config
from glassnet.experiments.finetuning import starting_model
from glassnet.experiments.fitting_together import (
    output_width,
    refuse_class_weights,
    refuse_monitor,
    refuse_one_class,
)
from glassnet.experiments.folder import RunFolder, environment, to_json
from glassnet.experiments.lock import locked
from glassnet.experiments.predictions import Predictions
from glassnet.experiments.reading import read_data
from glassnet.files import write_atomically
from glassnet.kernels import active_kernels
from glassnet.layers import Layer
from glassnet.randomness import stream
from glassnet.storage import save
from glassnet.training import (
    Callback,
    Checkpoint,
    Checkpointer,
    EarlyStopping,
    EvaluateEvery,
    Evaluation,
    HealthCheck,
    History,
    LayerRecorder,
    Trainer,
    class_report,
    confusion_matrix,
    evaluate,
    predicted_class,
)
from glassnet.training.checkpointer import warn
from glassnet.training.metrics import default_metrics
from glassnet.training.recording import SAMPLES
from glassnet.words import count

BATCH_SIZE = 32
"""Where none is asked for."""


@dataclass
class Run:
    """A training that is ready to go, or has gone.

    Build it with `prepare`, then call `train`, then `write`.
    """

    config: Config
    data: DataSplits
    trainer: Trainer
    early_stopping: EarlyStopping | None
    evaluations: EvaluateEvery | None = None
    recorder: LayerRecorder | None = None
    notes: tuple[str, ...] = ()
    """What the user should know before it starts."""
    clock: Clock = field(default_factory=Clock)
    earlier: float = 0.0
    """Seconds that the training had taken when it was left."""
    refused: bool = False
    """Whether nothing could be trained, because the parts do not fit together."""

    @classmethod
    def prepare(
        cls,
        config: Config,
        *,
        data_dir: str | Path | None = None,
        callbacks: Sequence[Callback] = (),
        clock: Clock | None = None,
    ) -> Run:
        """Load the data and build model and trainer.

        Raises
        ------
        GlassnetError
            If any part of the configuration makes no sense, alone or together.
        """
        clock = clock or Clock()
        clock.lap("start")
        data = read_data(config, data_dir)
        clock.lap("data")
        refuse_one_class(data)
        loss, options, notes = config.loss_for(data.train), config.training, []
        outputs = output_width(data, loss)
        if options.batch_size is None:
            options = replace(options, batch_size=min(BATCH_SIZE, len(data.train)))
            if len(data.train) < BATCH_SIZE:
                notes.append(f"all {count(len(data.train), 'training sample')} make one batch")
        notes += config.augment.cautions(data.train, options.seed)
        data = config.augment.with_copies(data, options.seed)
        config = replace(
            config,
            loss=loss,
            loss_options={},
            data=replace(config.data, options=data.options),
            training=options,
        )
        model: Layer
        if config.finetune is not None:
            model, note = starting_model(config.finetune, data, outputs)
            notes.append(note)
        else:
            model = config.model.build(data.sample_shape, outputs)
        refuse_class_weights(loss, data, outputs)
        refuse_monitor(
            options.monitor,
            options.metrics
            or default_metrics(loss, data.train.y, model.output_shape(data.sample_shape)),
        )
        if options.patience and data.valid is None and options.monitor.startswith("valid"):
            raise ConfigError(
                f"training.patience watches {options.monitor}, but there is no validation part; "
                "set data.valid, or training.patience=0"
            )
        stopping = EarlyStopping(options.monitor, options.patience) if options.patience else None
        parts = {"valid": data.valid, "test": data.test}
        evaluations = None
        if options.evaluate_every:
            present = {name: part for name, part in parts.items() if part is not None}
            evaluations = EvaluateEvery(options.evaluate_every, present)
        recorder = None
        if options.record_layers:
            recorder = LayerRecorder(data.train.batch(slice(SAMPLES), model.dtype)[0])
        trainer = Trainer(
            model,
            loss,
            replace(config.optimizer),  # without the steps that it may have taken for another run
            schedule=config.schedule,
            regularizers=config.regularizers,
            callbacks=[*(own for own in (recorder, stopping, evaluations) if own), *callbacks],
            metrics=options.metrics,
            clip_norm=options.clip_norm,
            seed=options.seed,
            record_steps=options.record_steps,
            augment=config.augment.transforms(),
            lr_of=options.lr_of,
        )
        return cls(config, data, trainer, stopping, evaluations, recorder, tuple(notes), clock)

    @property
    def model(self) -> Layer:
        """The model that is trained."""
        return self.trainer.model

    @property
    def metric_names(self) -> Sequence[str]:
        """The metrics that are reported, the chief one first."""
        shape = self.model.output_shape(self.data.sample_shape)
        chosen = self.config.training.metrics
        return chosen or default_metrics(self.trainer.loss, self.data.train.y, shape)

    @property
    def batch_size(self) -> int:
        """How many samples make a batch."""
        size = self.config.training.batch_size
        return len(self.data.train) if size == "all" else size or BATCH_SIZE

    def keep_checkpoints(
        self,
        folder: RunFolder,
        *,
        data_dir: str | Path | None = None,
        tell: Callable[[str], None] = warn,
    ) -> None:
        """Write checkpoints into a run folder while it trains, as configured."""
        checkpointer = Checkpointer(
            folder.checkpoints,
            **asdict(self.config.checkpoint),
            metric=self.config.training.monitor,
            about=lambda: circumstances(self.config, self.data, data_dir),
            tell=tell,
        )
        self.trainer.callbacks = (*self.trainer.callbacks, checkpointer)

    def watch(self, tell: Callable[[str], None] = warn) -> None:
        """Tell what shows that the training learns nothing."""
        self.trainer.callbacks = (HealthCheck(self.data.train, tell), *self.trainer.callbacks)

    def train(self, resume: Checkpoint | None = None) -> None:
        """Train as configured; where a checkpoint is given, from there on."""
        options = self.config.training
        if resume is not None:
            self.earlier = float(resume.state["seconds"])
        try:
            self.trainer.fit(
                self.data.train,
                self.data.valid,
                epochs=options.epochs,
                batch_size=self.batch_size,
                shuffle=options.shuffle,
                resume=resume,
            )
        finally:
            self.clock.lap("training")
            self.clock.parts["training"] += self.earlier

    def metrics(self, test: Evaluation | None) -> dict[str, Any]:
        """Return how the run ended: figures of the final model, time, size, versions."""
        model, data, options = self.model, self.data, self.config.training
        valid = self._evaluated(data.valid)
        train = self._evaluated(data.train) if valid is None else None
        history = self.trainer.history
        result: dict[str, Any] = {
            **(test.record("test") if test else {}),
            **(valid.record("valid") if valid else {}),
            **(train.record("train") if train else {}),
            "seconds": round(self.clock.parts.get("training", 0.0), 3),
            "seconds_to_accuracy": round(self.clock.total, 3),
            "seconds_by_part": {k: round(v, 3) for k, v in self.clock.parts.items()},
            "epochs": len(history),
            "stopped": history.stopped,
            "warnings": list(history.warnings.values()),
            "seed": options.seed,
            "parameters": sum(p.size for _, p in model.named_parameters()),
            "penalty": self.trainer.penalty(),
            "kernels": active_kernels(),
        }
        if self.early_stopping is not None:
            result["best_epoch"] = self.early_stopping.best_epoch
        if test is not None and self.data.test is not None and self.data.classes:
            result["per_class"] = per_class(test, self.data.test)
        result["environment"] = environment()
        return result

    def write(
        self,
        folder: RunFolder,
        *,
        figures: bool = True,
        on_test: Callable[[Run, Evaluation], None] | None = None,
    ) -> dict[str, Any]:
        """Evaluate the final model on the test part, write everything, and return the metrics.

        `on_test` is called as soon as there are figures of the test part.
        """
        save(self.model, folder.path / "model.safetensors")  # first what took longest to make
        if self.early_stopping is not None and self.early_stopping.last_weights is not None:
            write_last_weights(self.early_stopping.last_weights, folder)
        history = self.trainer.history
        folder.write("history.csv", history.to_csv())
        if history.steps:
            folder.write("steps.csv", history.to_csv(steps=True))
        if self.evaluations is not None and self.evaluations.records:
            rows = History()
            rows.steps = self.evaluations.records
            folder.write("evaluations.csv", rows.to_csv(steps=True))
        record = self.recorder.record if self.recorder else None
        if record is not None:
            write_atomically(folder.path / "layers.safetensors", record.to_bytes())
        test = self._evaluated(self.data.test)
        self.clock.lap("test")
        if on_test is not None and test is not None:
            on_test(self, test)
        folder.write_data_description(self.data)
        if test is not None and self.data.test is not None and self.data.classes:
            predictions = Predictions(self.data.test.y, predicted_class(test.outputs))
            write_atomically(folder.path / "predictions.safetensors", predictions.to_bytes())
        result = self.metrics(test)
        if figures and len(history):
            from glassnet.pictures import augmentation_preview, run_figures

            best = self.early_stopping.best_epoch if self.early_stopping else None
            folder.write_figures(run_figures(history, self.model, self.data, test, best, record))
            if examples := self.config.augment.examples():
                rng = stream(self.config.training.seed, "augment")
                preview = augmentation_preview(self.data.train, examples, rng)
                folder.write_figures({"augmentation": preview} if preview else {})
        # Last of all: a folder that has it is complete.
        folder.write("metrics.json", json.dumps(json.loads(to_json(result)), indent=2) + "\n")
        return result

    def _evaluated(self, part: Dataset | None) -> Evaluation | None:
        if part is None:
            return None
        return evaluate(self.model, part, self.trainer.loss, metrics=self.config.training.metrics)


def train(
    config: Config,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    clock: Clock | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
    tell: Callable[[str], None] = warn,
) -> tuple[RunFolder, dict[str, Any]]:
    """Carry out a run from beginning to end; return its folder and metrics.

    `on_ready` is called before the first step, when data and model are there; `on_test` when the
    test part is evaluated; `on_end` with folder and metrics when all is written, also after Ctrl-C;
    `tell` if a checkpoint cannot be written.
    After Ctrl-C, or when the loss is no longer finite, the folder still gets what there is, and the
    exception goes on and names the folder. Where nothing could be trained, because the parts do not
    fit together, no folder is left.
    """
    run = Run.prepare(config, data_dir=data_dir, callbacks=callbacks, clock=clock)
    folder = RunFolder.create(out, config.name)
    try:
        with locked(folder.path):
            folder.write("config.toml", run.config.to_toml())
            run.keep_checkpoints(folder, data_dir=data_dir, tell=tell)
            run.watch(tell)
            return carry_out(run, folder, on_ready=on_ready, on_test=on_test, on_end=on_end)
    except GlassnetError:
        if run.refused and not folder.checkpoints.exists():
            folder.discard()
        raise


def carry_out(
    run: Run,
    folder: RunFolder,
    *,
    resume: Checkpoint | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
) -> tuple[RunFolder, dict[str, Any]]:
    """Train, from a checkpoint on if one is given, and write the folder; see `train`."""
    if on_ready is not None:
        on_ready(run)
    interrupted = False
    try:
        run.train(resume)
    except KeyboardInterrupt:
        interrupted = True
    except TrainingError as error:
        run.trainer.stop(str(error).partition(";")[0])
        run.write(folder)
        raise TrainingError(f"{error} ({folder.path} holds what was trained)") from None
    except GlassnetError:
        run.refused = True
        raise
    metrics = run.write(folder, on_test=on_test)
    if on_end is not None:
        on_end(folder, metrics)
    if interrupted:
        raise KeyboardInterrupt(
            f"interrupted; {folder.path} holds what was trained, and glassnet resume "
            f"{folder.path} goes on"
        )
    return folder, metrics


def per_class(found: Evaluation, data: Dataset) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of every class."""
    report = class_report(confusion_matrix(found.outputs, data.y))
    names = data.class_names or [str(k) for k in range(len(report.support))]
    columns = zip(names, report.precision, report.recall, report.f1, report.support, strict=False)
    return [
        {"class": name, "precision": p, "recall": r, "f1": f, "support": int(n)}
        for name, p, r, f, n in columns
    ]


def write_last_weights(weights: dict[str, Array], folder: RunFolder) -> None:
    """Keep the last weights beside the best ones: names and arrays, without architecture."""
    from safetensors.numpy import save as to_bytes

    write_atomically(folder.path / "last.safetensors", to_bytes(weights))
