"""One run: data, model and training, made of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from glassnet.data import DataSplits
from glassnet.errors import ConfigError
from glassnet.experiments.circumstances import circumstances
from glassnet.experiments.clock import Clock
from glassnet.experiments.config import Config
from glassnet.experiments.confounds import flattened
from glassnet.experiments.finetuning import starting_model
from glassnet.experiments.fitting_together import (
    output_width,
    refuse_class_weights,
    refuse_monitor,
    refuse_one_class,
)
from glassnet.experiments.holding import Holding
from glassnet.experiments.reading import read_data
from glassnet.layers import Layer
from glassnet.tensorboard import TensorBoard, require_tensorboard
from glassnet.training import (
    Callback,
    Checkpoint,
    Checkpointer,
    EarlyStopping,
    EvaluateEvery,
    HealthCheck,
    LayerRecorder,
    Trainer,
)
from glassnet.training.metrics import default_metrics
from glassnet.training.recording import SAMPLES
from glassnet.words import count

BATCH_SIZE = 32
"""Where none is asked for."""

DECIDING = ("data", "model", "loss", "optimizer", "schedule", "augment", "training")
"""Sections whose options TensorBoard's HPARAMS page shows."""


@dataclass
class Run:
    """A training that is ready to go, or has gone.

    Build it with `prepare`, then call `train`, then write what it leaves (`outcome.write`).
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
    board: TensorBoard | None = None

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
        if config.tensorboard.on:
            require_tensorboard()
        if options.record_layers or config.tensorboard.on:
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

    def show_in_tensorboard(self, holding: Holding) -> None:
        """Write events for TensorBoard into a run folder while it trains, if configured."""
        if not self.config.tensorboard.on:
            return
        self.board = TensorBoard(
            holding.folder.tensorboard,
            every=self.config.tensorboard.every,
            hyperparameters={
                key: value if isinstance(value, (bool, int, float)) else str(value)
                for key, value in flattened(self.config.to_dict()).items()
                if key.partition(".")[0] in DECIDING
            },
            text={
                "model": str(self.model.summary(self.data.sample_shape)),
                "configuration": self.config.to_toml(),
            },
            tell=holding.tell,
        )
        self.trainer.callbacks = (*self.trainer.callbacks, self.board)

    def keep_checkpoints(
        self,
        holding: Holding,
        *,
        data_dir: str | Path | None = None,
    ) -> None:
        """Write checkpoints into a run folder while it trains, as configured."""
        checkpointer = Checkpointer(
            holding.folder.checkpoints,
            **asdict(self.config.checkpoint),
            metric=self.config.training.monitor,
            about=lambda: circumstances(self.config, self.data, data_dir),
            tell=holding.tell,
            ready=holding.secure,
        )
        self.trainer.callbacks = (*self.trainer.callbacks, checkpointer)

    def watch(self, tell: Callable[[str], None]) -> None:
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
