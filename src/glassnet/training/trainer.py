"""The training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from glassnet.arrays import Array
from glassnet.augmentation import Compose, Transform
from glassnet.layers import Layer
from glassnet.losses import Loss
from glassnet.optimizers import Optimizer
from glassnet.parameters import Buffer
from glassnet.randomness import stream
from glassnet.regularizers import Regularizer
from glassnet.schedules import Constant, Progress, Schedule
from glassnet.store import ParameterStore
from glassnet.training.arguments import Data, as_dataset, check_parts, quiet
from glassnet.training.callbacks import Callback
from glassnet.training.checkpoint import Checkpoint
from glassnet.training.epoch import Epoch, train_epochs
from glassnet.training.finetuning import check_rates
from glassnet.training.history import History, Record
from glassnet.training.interruption import deferred_interruption
from glassnet.training.metrics import Metric
from glassnet.training.packing import Packing
from glassnet.training.preparation import prepare
from glassnet.training.safeguard import Safeguard
from glassnet.training.state import restore, restore_callbacks, state_of
from glassnet.training.step import take_step
from glassnet.training.together import Steps


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
        check_parts(model, loss, optimizer, regularizers, callbacks, metrics, clip_norm)
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
        self.augment = partial(steps, rng=self.streams["augment"]) if steps.steps else None
        self.plan: dict[str, int] = {}
        self.epoch: Epoch | None = None
        self.watched_losses: list[float] = []
        self.lr_of = dict(lr_of or {})
        check_rates(model, self.lr_of, optimizer.lr)
        self.packing, self.safeguard = Packing(self.lr_of), Safeguard()
        self.together: Steps | None = None
        self.buffers: list[Buffer] = []
        self.train_metrics: dict[str, Metric] = {}

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
            best weights (with `EarlyStopping`) or its last. A second Ctrl-C does not wait.
        SystemExit
            After SIGTERM or SIGHUP, in the same way.
        """
        train, valid = as_dataset(train), None if valid is None else as_dataset(valid)
        prepare(self, train, epochs, batch_size, shuffle)
        if resume is not None:
            restore(self, resume.state)
        with deferred_interruption() as interruption:
            for callback in self.callbacks:
                callback.on_start(self)
            if resume is not None:
                restore_callbacks(self, resume.state)
            try:
                while not self.is_over:
                    if not train_epochs(self, train, valid, interruption):
                        for callback in self.callbacks:
                            callback.on_interrupt(self)
                        self.stop("interrupted")
                        break
                    for callback in self.callbacks:
                        callback.on_epoch(self, self.history.epochs[-1])
                self.safeguard.keep(self)
            finally:
                for callback in self.callbacks:
                    callback.on_end(self)
        if interruption.requested:
            raise interruption.error()
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
            return take_step(self, x, y, sample_weight)

    def penalty(self) -> float:
        """Return the sum of the regularisers' penalties of the weights as they are now."""
        if not self.regularizers:
            return 0.0
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
    def is_over(self) -> bool:
        """Whether all planned epochs have ended, or the training was stopped."""
        return len(self.history) >= self.epochs_planned or self.history.stopped != ""

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

    @property
    def store(self) -> ParameterStore:
        """The trainable parameters as flat vectors."""
        return self.packing.store(self)

    def pack(self) -> ParameterStore:
        """Return the model's parameters as flat vectors, packed anew if they have moved out.

        The optimizer's state, being vectors over the same parameters, is carried over by name.
        """
        return self.packing.pack(self)
