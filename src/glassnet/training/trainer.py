"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.augmentation import Compose, Transform
from glassnet.data import Dataset, batches
from glassnet.errors import ConfigError
from glassnet.layers import Layer
from glassnet.losses import Loss
from glassnet.optimizers import Optimizer
from glassnet.parameters import Buffer
from glassnet.randomness import stream
from glassnet.regularizers import Regularizer
from glassnet.schedules import Constant, Progress, Schedule
from glassnet.store import ParameterStore
from glassnet.training.arguments import Data, as_dataset, check_fit, expect, quiet
from glassnet.training.callbacks import Callback
from glassnet.training.checkpoint import Checkpoint
from glassnet.training.epoch import Epoch
from glassnet.training.evaluation import evaluate
from glassnet.training.finetuning import Part, check_rates, rate_parts
from glassnet.training.history import History, Record
from glassnet.training.interruption import Interruption, deferred_interruption
from glassnet.training.metrics import Metric, default_metrics, named_metric
from glassnet.training.nonfinite import (
    FailedStep,
    Fault,
    NotFiniteError,
    locate,
    not_finite,
    spoilt_weights,
)
from glassnet.training.state import restore, restore_callbacks, state_of

GOOD_FOR = 50
"""Steps after which, at the beginning of an epoch, the weights are looked at and copied anew."""


class Trainer:
    """Trains a model: batch by batch, forward, loss, backward, update.

    Parameters
    ----------
    model : Layer
        Initialized here, from `seed`, where it has no values yet.
    loss : Loss
    optimizer : Optimizer
    schedule : Schedule, optional
        Learning rates over time; by default the optimizer's, always.
    regularizers : sequence of Regularizer
        Penalties on the weights; their gradient is added, their value reported apart.
    callbacks : sequence of Callback
    metrics : sequence of str, optional
        By default those that suit loss and targets.
    clip_norm : float, optional
        Gradients whose norm (over all parameters together) is larger are scaled down to it
        (Pascanu et al., 2013).
    seed : int
        For initial weights, order of samples, augmentation and dropout, each with a stream of its
        own.
    record_steps : bool
        Whether the history keeps a record of every step too.
    augment : sequence of Augmentation
        Change the raw samples of every training batch, and of nothing else.
    lr_of : dict of str to float, optional
        Learning rates of parameters by name, such as ``{"0.*": 1e-4}``, in place of the
        optimizer's; the schedule changes all in proportion. Patterns are those of `freeze`; the
        first that fits counts.

    Attributes
    ----------
    history : History
    step_count : int
        Steps taken, over all calls of `fit`.
    epoch : Epoch or None
        The epoch in progress.
    streams : dict of str to Generator
        The random streams of the order of samples, dropout and augmentation.
    plan : dict of str to int
        What `fit` was asked for; a resumed training must be asked for the same.

    Examples
    --------
    >>> data = gn.data.load("moons")
    >>> model = gn.Sequential(gn.Linear(2, 8), gn.Tanh(), gn.Linear(8, 2))
    >>> trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(lr=0.02))
    >>> history = trainer.fit(data.train, data.valid, epochs=30, batch_size=16)
    >>> history["train_loss"][-1] < history["train_loss"][0]
    True
    """

    def __init__(
        self,
        model: Layer,
        loss: Loss,
        optimizer: Optimizer,
        *,
        schedule: Schedule | None = None,
        regularizers: Sequence[Regularizer] = (),
        callbacks: Sequence[Callback] = (),
        metrics: Sequence[str] | None = None,
        clip_norm: float | None = None,
        seed: int = 0,
        record_steps: bool = False,
        augment: Sequence[Transform] = (),
        lr_of: Mapping[str, float] | None = None,
    ) -> None:
        expect("model", model, Layer, "gn.Sequential(...)")
        expect("loss", loss, Callable, "gn.SoftmaxCrossEntropy()")
        expect("optimizer", optimizer, Optimizer, "gn.Adam()")
        expect("regularizers", regularizers, Sequence, "[gn.L2(1e-4)]")
        expect("callbacks", callbacks, Sequence, "[gn.EarlyStopping()]")
        if optimizer.steps:
            raise ConfigError(
                f"this {type(optimizer).__name__} has taken {optimizer.steps} steps for another "
                "Trainer, and remembers them; give each Trainer an optimizer of its own"
            )
        if clip_norm is not None and not clip_norm > 0:
            raise ConfigError(f"clip_norm must be above 0, not {clip_norm}")
        for name in metrics or ():
            named_metric(name)  # a wrong name is refused here, where it was written
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.schedule = schedule or Constant()
        self.regularizers = tuple(regularizers)
        self.callbacks = tuple(sorted(callbacks, key=lambda callback: callback.is_last))
        self.metrics, self.clip_norm = metrics, clip_norm
        self.seed, self.record_steps = seed, record_steps
        self.history = History()
        self.step_count = 0
        self.epochs_planned = 0
        self.steps_per_epoch = 0
        self.streams = {name: stream(seed, name) for name in ("shuffle", "dropout", "augment")}
        steps = Compose(augment)
        self._augment = partial(steps, rng=self.streams["augment"]) if steps.steps else None
        self.plan: dict[str, int] = {}
        self.epoch: Epoch | None = None
        self.watched_losses: list[float] = []
        self.lr_of = dict(lr_of or {})
        check_rates(model, self.lr_of, optimizer.lr)
        self._parts: list[Part] = []
        self._store: ParameterStore | None = None
        self._buffers: list[Buffer] = []
        self._good: tuple[ParameterStore, int, Array] | None = None
        self._train_metrics: dict[str, Metric] = {}

    def fit(
        self,
        train: Data,
        valid: Data | None = None,
        *,
        epochs: int = 10,
        batch_size: int = 32,
        shuffle: bool = True,
        resume: Checkpoint | None = None,
    ) -> History:
        """Train for some epochs, and return the history.

        Calling it again goes on: two times five epochs are ten, unless the schedule depends on the
        length of the training, which is then found to be longer than the first call planned.

        Parameters
        ----------
        train, valid : Dataset, or (x, y)
            Validation data, where given, are evaluated after every epoch.
        epochs, batch_size : int
            The last batch of an epoch may be smaller.
        shuffle : bool
            Draw a new order for every epoch.
        resume : Checkpoint, optional
            Go on from here, also from the middle of an epoch, as if the training had never been
            left: every later step has the same bits. The Trainer must be made as the one was that
            the checkpoint was written of, and `fit` called alike.

        Raises
        ------
        ShapeError, ConfigError, DataError
            If model, data and loss do not fit together.
        CheckpointError
            If the checkpoint is that of another training.
        TrainingError
            If loss or gradient are no longer finite; the weights are those before that step.
        KeyboardInterrupt
            After Ctrl-C, between two steps, when the callbacks have ended: the model then has its
            best weights (with `EarlyStopping`) or its last.
        """
        train, valid = as_dataset(train), None if valid is None else as_dataset(valid)
        self._prepare(train, epochs, batch_size, shuffle)
        if resume is not None:
            restore(self, resume.state)
        with deferred_interruption() as interruption:
            for callback in self.callbacks:
                callback.on_start(self)
            self.pack()  # anew if one of them has frozen something
            if resume is not None:
                restore_callbacks(self, resume.state)
            try:
                while len(self.history) < self.epochs_planned and not self.history.stopped:
                    record = self._train_epoch(train, batch_size, interruption)
                    if interruption.requested:
                        for callback in self.callbacks:
                            callback.on_interrupt(self)
                        self.stop("interrupted")
                        break
                    self._end_epoch(record, valid)
                self._keep_good_weights()
            finally:
                for callback in self.callbacks:
                    callback.on_end(self)
        if interruption.requested:
            raise KeyboardInterrupt
        return self.history

    def step(self, x: Array, y: Array, sample_weight: Array | None = None) -> tuple[Array, Record]:
        """Take one step on a batch; return the outputs before it, and its record.

        Parameters
        ----------
        x : ndarray, shape (N, ...)
        y : ndarray
            Targets as the loss takes them.
        sample_weight : ndarray, shape (N,), optional
        """
        with quiet():
            return self._step(x, y, sample_weight)

    def penalty(self) -> float:
        """Return the sum of the regularisers' penalties of the weights as they are now."""
        weights = self.store.value[self.store.decayed]
        return sum(r.penalty(weights) for r in self.regularizers)

    def stop(self, reason: str) -> None:
        """End the training after this epoch; for callbacks."""
        self.history.stopped = reason

    @property
    def progress(self) -> Progress:
        """How far the training has come."""
        return Progress(
            self.step_count,
            max(1, self.steps_per_epoch),
            max(1, self.epochs_planned),
            self.watched_losses,
        )

    @property
    def epoch_is_over(self) -> bool:
        """Whether an epoch is in progress that has no further step."""
        return self.epoch is not None and self.epoch.seen >= self.plan["samples"]

    def state_dict(self) -> dict[str, Any]:
        """Return all that the coming steps depend on: what a checkpoint holds.

        Weights and running statistics, the optimizer's state by the parameters' names, the random
        streams, the place in the epoch, history, and what the callbacks remember.
        """
        return state_of(self)

    def _step(self, x: Array, y: Array, sample_weight: Array | None) -> tuple[Array, Record]:
        store = self._store
        if store is None or not store.is_home:
            store = self.pack()
        buffers = [buffer.value.copy() for buffer in self._buffers]
        output, cache = self.model.forward(x, training=True, rng=self.streams["dropout"])
        value, dy = self.loss(output, y, sample_weight)
        self.model.backward_parameters(dy, cache)
        for regularizer in self.regularizers:
            regularizer.add_gradient(store.value[store.decayed], store.grad[store.decayed])
        norm = math.sqrt(kernels.squared_norm(store.grad))
        lr = self.schedule(self.optimizer.lr, self.progress)
        if not math.isfinite(value + norm):
            failed = FailedStep(x, y, output, cache, value, dy)
            rng = self.streams["dropout"]
            fault = locate(self.model, failed, store, self.regularizers, rng)
            what = "gradient" if math.isfinite(value) else "loss"
            raise self._not_finite(what, fault, buffers)
        if self.clip_norm is not None and norm > self.clip_norm:
            store.grad *= self.clip_norm / norm
        self.optimizer.step(store.value, store.grad, lr, decayed=store.decayed, parts=self._parts)
        self.step_count += 1
        return output, {"loss": float(value), "lr": float(lr), "grad_norm": norm}

    def _train_epoch(self, train: Dataset, batch_size: int, interruption: Interruption) -> Record:
        shuffle = self.streams["shuffle"] if self.plan["shuffle"] else None
        self.epoch = epoch = self.epoch or Epoch(shuffle)
        if self._good is None or self.step_count - self._good[1] >= GOOD_FOR:
            self._keep_good_weights()
        with quiet():
            drawn = batches(
                train,
                batch_size,
                shuffle,
                dtype=self.store.value.dtype,
                augment=self._augment,
                seen=epoch.seen,
            )
            for x, y, weight in drawn:
                output, record = self._step(x, y, weight)
                found = {name: metric(output, y) for name, metric in self._train_metrics.items()}
                figures = {"train_loss": record["loss"], "grad_norm": record["grad_norm"]}
                for name, value in found.items():
                    figures[f"train_{name}"] = value
                epoch.mean.add(figures, len(x))
                epoch.last = record
                if self.record_steps:
                    self.history.steps.append({"step": self.step_count, **record, **found})
                for callback in self.callbacks:
                    callback.on_step(self, record)
                if interruption.requested:
                    break
        return {
            "epoch": len(self.history) + 1,
            **epoch.mean.result(),
            "penalty": self.penalty(),
            "lr": epoch.last["lr"],
        }

    def _end_epoch(self, record: Record, valid: Dataset | None) -> None:
        """Evaluate, write the epoch down, and let the callbacks see it."""
        if valid is not None:
            record |= evaluate(self.model, valid, self.loss, metrics=self.metrics).record("valid")
        record["seconds"] = self.epoch.seconds if self.epoch else 0.0
        self.epoch = None
        self.history.epochs.append(record)
        self.watched_losses.append(record.get("valid_loss", record["train_loss"]))
        for callback in self.callbacks:
            callback.on_epoch(self, record)
        if self.callbacks:
            self.pack()  # anew if one of them has frozen, thawed or cast something

    def _prepare(self, train: Dataset, epochs: int, batch_size: int, shuffle: bool) -> None:
        """Find out before the first step whether everything fits."""
        if epochs < 1:
            raise ConfigError(f"epochs must be at least 1, not {epochs}")
        batches(train, batch_size)  # refuses a batch size that cannot be
        self.model.initialize(stream(self.seed, "init"), missing_only=True)
        check_fit(self.model, train, batch_size)
        names = self.metrics
        if names is None:
            names = default_metrics(self.loss, train.y, self.model.output_shape(train.sample_shape))
        self._train_metrics = {name: named_metric(name) for name in names if name != "r2"}
        self._buffers = [buffer for _, buffer in self.model.named_buffers()]
        self.pack()
        self.steps_per_epoch = math.ceil(len(train) / batch_size)
        self.epochs_planned = len(self.history) + epochs
        self.plan = {
            "epochs": self.epochs_planned,
            "batch_size": int(batch_size),
            "shuffle": int(shuffle),
            "samples": len(train),
        }
        self.epoch, self.history.stopped = None, ""

    def _keep_good_weights(self) -> None:
        """Keep a copy of the weights to go back to if an update spoils them; refuse spoilt ones.

        Once an epoch at most: at every step it would cost as much as the update itself. Mostly a
        spoilt weight shows in the loss of the next step; behind a tanh it may not.
        """
        with quiet():
            finite = math.isfinite(kernels.squared_norm(self.store.value))
        if not finite and (fault := spoilt_weights(self.model)) is not None:
            raise self._not_finite("weights", fault, ())
        self._good = self.store, self.step_count, self.store.value.copy()

    def _not_finite(self, what: str, fault: Fault, buffers: Sequence[Array]) -> NotFiniteError:
        """Return the error of a step that came to no number, having undone what it did."""
        for buffer, value in zip(self._buffers, buffers, strict=False):
            buffer.value = value
        kept, step = "those before that step", self.step_count + 1
        if fault.phase == "update":
            kept = "those that it left, which are lost"
            if self._good is not None and self._good[0] is self.store:
                self.store.value[:] = self._good[2]
                kept = f"those after step {self._good[1]}"
        lr = self.schedule(self.optimizer.lr, self.progress)
        return not_finite(what, fault, step, len(self.history) + 1, lr, kept)

    @property
    def store(self) -> ParameterStore:
        """The trainable parameters as flat vectors."""
        return self._store or self.pack()

    def pack(self) -> ParameterStore:
        """Return the model's parameters as flat vectors, packed anew if they have moved out.

        The optimizer's state, being vectors over the same parameters, is carried over by name.
        """
        parameters = dict(self.model.named_parameters())
        before = self._store
        if before is None or not before.packs(parameters):
            self._store = ParameterStore(parameters)
            if self.lr_of:
                self._parts = rate_parts(self._store, self.lr_of, self.optimizer.lr)
            if before is not None and self.optimizer.state:
                self.optimizer.state = {
                    name: self._store.gathered(before.by_name(vector))
                    for name, vector in self.optimizer.state.items()
                }
            return self._store
        return before
