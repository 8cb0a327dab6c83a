"""Fitting and going on, which classifier and regressor share."""

from __future__ import annotations

from typing import Any, Self

from glassnet.data import Dataset
from glassnet.data.splits import stratified_split
from glassnet.errors import ConfigError
from glassnet.randomness import stream
from glassnet.sklearn import parameters
from glassnet.sklearn.following import FitTask, Telling
from glassnet.sklearn.samples import Samples
from glassnet.sklearn.versions import HAS_CALLBACKS, CallbackSupportMixin, with_callbacks
from glassnet.training import Callback, EarlyStopping, History, Trainer

OPTIONAL = {"learning_rate", "clip_norm", "validation_fraction"}
"""Numbers that may be None."""


class GlassEstimator(CallbackSupportMixin, Samples):
    """Base of both estimators; they say what targets are and what outputs mean."""

    trainer_: Trainer
    history_: History
    _settings: dict[str, Any]

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like, shape (N, F)
            With an `image_shape` also (N, C, H, W).
        y : array-like, shape (N,) or (N, K)
        sample_weight : array-like, shape (N,), optional
            A weight of zero leaves a sample out.
        X_val, y_val, sample_weight_val : array-like, optional
            Validation data; without them `validation_fraction` of the samples are held out, where
            something asks for them.

        Returns
        -------
        GlassEstimator
            Itself. After Ctrl-C it is fitted too, as far as it came.

        Raises
        ------
        ValueError
            If parameters or data make no sense.
        TrainingError
            If the loss is no longer finite.
        """
        again = bool(self.warm_start) and hasattr(self, "trainer_")
        train = self._prepare(X, y, sample_weight, again=again)
        if (X_val is None) != (y_val is None):
            raise ConfigError("X_val and y_val belong together; give both or neither")
        valid = None
        if X_val is not None:
            valid = self._dataset(X_val, y_val, sample_weight_val)
        elif fraction := self._held_out():
            rng = stream(self.trainer_.seed, "split")
            rest, held = stratified_split(train.y, float(fraction), rng)
            train, valid = train.take(rest), train.take(held)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._train(train, valid, int(self.epochs), {"X": X, "y": y, "metadata": metadata})
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        if self.early_stopping:
            raise ConfigError("partial_fit does not stop early; set early_stopping=False")
        if self.schedule is not None:
            raise ConfigError(
                "partial_fit does not know how long the training will be, as a schedule must; set "
                "learning_rate between the calls instead"
            )
        train = self._prepare(X, y, sample_weight, again=hasattr(self, "trainer_"))
        self._train(train, None, 1, None)
        return self

    def _prepare(self, X: Any, y: Any, sample_weight: Any, *, again: bool) -> Dataset:
        """Return the data, with a network for them: that of the fit before, or a new one."""
        settings = self.get_params(deep=False)
        parameters.check_numbers(settings, OPTIONAL)
        if again:
            parameters.check_unchanged(self._settings, settings)
            if self.learning_rate is not None:
                self.trainer_.optimizer.lr = float(self.learning_rate)
            return self._dataset(X, y, sample_weight)
        X, y = self._checked(X, y)
        self._meet_targets(y)
        train = self._weighted(X, y, sample_weight)
        self._settings = settings
        self.trainer_ = self._new_trainer(settings, X.dtype)
        self.model_, self.history_ = self.trainer_.model, self.trainer_.history
        return train

    def _train(
        self, train: Dataset, valid: Dataset | None, epochs: int, data: dict[str, Any] | None
    ) -> None:
        trainer = self.trainer_
        own = trainer.callbacks
        task = FitTask(self, epochs, data) if HAS_CALLBACKS and data is not None else None
        lookers: list[Callback] = [Telling()] if self.verbose else []
        trainer.callbacks = (*own, *lookers, *([] if task is None else [task]))
        batch_size = min(int(self.batch_size), len(train))
        try:
            trainer.fit(
                train, valid, epochs=epochs, batch_size=batch_size, shuffle=bool(self.shuffle)
            )
        finally:
            trainer.callbacks = own
            self.n_iter_ = len(self.history_)
        stopping = [callback for callback in own if isinstance(callback, EarlyStopping)]
        self.best_epoch_ = stopping[0].best_epoch if stopping else self.n_iter_
        if task is not None:
            task.end_fit()
