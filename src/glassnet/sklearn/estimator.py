"""What classifier and regressor share: parameters, fitting, going on."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from glassnet.arrays import Array, Shape
from glassnet.data import Dataset
from glassnet.data.splits import stratified_split
from glassnet.errors import ConfigError, DataError
from glassnet.layers import Layer
from glassnet.randomness import stream
from glassnet.regularizers import L1, L2
from glassnet.sklearn import parameters
from glassnet.sklearn.following import FitTask, Telling
from glassnet.sklearn.versions import HAS_CALLBACKS, CallbackSupportMixin, validated, with_callbacks
from glassnet.training import Callback, EarlyStopping, History, Trainer

HELD_OUT = 0.1
"""The part held out for early stopping, unless another is asked for."""

OPTIONAL = {"learning_rate", "clip_norm", "validation_fraction"}
"""Numbers that may be None."""


class GlassEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of both estimators; they say what targets are and what outputs mean."""

    model_: Layer
    trainer_: Trainer
    history_: History
    n_features_in_: int
    _settings: dict[str, Any]

    def __init__(
        self,
        hidden: Any = (100,),
        *,
        activation: Any = "relu",
        dropout: Any = 0.0,
        batch_norm: bool = False,
        init: str | None = "xavier_uniform",
        model: Any = None,
        image_shape: Any = None,
        loss: Any = None,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        schedule: Any = None,
        l1: float = 0.0,
        l2: float = 0.0,
        clip_norm: float | None = None,
        epochs: int = 100,
        batch_size: int = 64,
        shuffle: bool = True,
        early_stopping: bool | str = False,
        validation_fraction: float | None = None,
        patience: int = 10,
        min_delta: float = 0.0,
        warm_start: bool = False,
        random_state: Any = None,
        dtype: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.init = init
        self.model = model
        self.image_shape = image_shape
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.clip_norm = clip_norm
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.min_delta = min_delta
        self.warm_start = warm_start
        self.random_state = random_state
        self.dtype = dtype
        self.verbose = verbose

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

    def _new_trainer(self, settings: dict[str, Any], dtype: np.dtype[Any]) -> Trainer:
        model = parameters.network(settings, self._sample_shape(), self._outputs()).astype(dtype)
        stopping = parameters.chosen_stopping(settings)
        loss: Any = parameters.chosen_loss(self.loss, self._default_loss())
        return Trainer(
            model,
            loss,
            parameters.chosen_optimizer(self.optimizer, self.learning_rate),
            schedule=parameters.chosen_schedule(self.schedule),
            regularizers=[kind(float(s)) for kind, s in ((L1, self.l1), (L2, self.l2)) if s],
            callbacks=[] if stopping is None else [stopping],
            metrics=self._metrics(),
            clip_norm=self.clip_norm,
            seed=self._seed(),
        )

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

    # --- data -----------------------------------------------------------------------------------

    def _dataset(self, X: Any, y: Any, sample_weight: Any) -> Dataset:
        """Return data like those of the first fit."""
        return self._weighted(*self._checked(X, y, reset=False), sample_weight)

    def _checked(self, X: Any, y: Any, *, reset: bool = True) -> tuple[Array, Array]:
        rules = {"dtype": self._dtypes(), "multi_output": True, "reset": reset}
        X, y = validated(self, self._flat(X), y, **rules)
        return X, y

    def _dtypes(self) -> list[Any]:
        if self.dtype is None:
            return [np.float64, np.float32]
        if self.dtype not in ("float32", "float64", np.float32, np.float64):
            raise ConfigError(f"dtype must be 'float32', 'float64' or None, not {self.dtype!r}")
        return [np.dtype(self.dtype)]

    def _weighted(self, X: Array, y: Array, sample_weight: Any) -> Dataset:
        """Return a data set without the samples of no weight, which no batch should consist of."""
        weight = self._weights(X, y, sample_weight)
        targets = self._targets(y)
        images = X.reshape(len(X), *self._sample_shape())
        if weight is None:
            return Dataset(images, targets)
        if weight.size and weight.min() < 0:
            raise DataError("sample_weight must not be negative")
        kept = np.flatnonzero(weight)
        if not kept.size:
            raise DataError("all samples have weight zero; give some a positive weight")
        return Dataset(images[kept], targets[kept], sample_weight=weight[kept])

    def _weights(self, X: Array, y: Array, sample_weight: Any) -> Array | None:
        if sample_weight is None:
            return None
        weights: Array = _check_sample_weight(sample_weight, X, dtype=np.float32)
        return weights

    def _flat(self, X: Any) -> Any:
        """Return images as rows, which are what scikit-learn checks."""
        is_images = self.image_shape is not None and np.ndim(X) > 2
        return np.reshape(X, (len(X), -1)) if is_images else X

    def _output(self, X: Any) -> Array:
        """Return what the network gives for samples."""
        check_is_fitted(self, "model_")
        X = validated(self, self._flat(X), dtype=self._dtypes(), reset=False)
        return self.model_.predict(X.reshape(len(X), *self._sample_shape()))

    # --- parameters -----------------------------------------------------------------------------

    def _sample_shape(self) -> Shape:
        features = self.n_features_in_
        if self.image_shape is None:
            return (features,)
        sizes = parameters.each("image_shape", self.image_shape, Integral)
        shape = tuple(int(size) for size in sizes)
        if min(shape, default=0) < 1 or np.prod(shape) != features:
            raise DataError(
                f"samples of {features} features are no images of shape {shape}; "
                "give image_shape as (channels, height, width)"
            )
        return shape

    def _held_out(self) -> float:
        if self.validation_fraction is not None:
            return float(self.validation_fraction)
        watched = self.early_stopping
        if isinstance(watched, str):
            watched = watched.startswith("valid")
        return HELD_OUT if watched else 0.0

    def _seed(self) -> int:
        """Return an integer random_state as it is, and otherwise draw one."""
        random = check_random_state(self.random_state)
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(random.randint(np.iinfo(np.int32).max))

    # --- what the two differ in -----------------------------------------------------------------

    def _meet_targets(self, y: Array) -> None:
        """Note what the targets of a first fit are."""
        raise NotImplementedError

    def _targets(self, y: Array) -> Array:
        """Return targets as the loss takes them."""
        raise NotImplementedError

    def _outputs(self) -> int:
        """Return how many outputs the network needs."""
        raise NotImplementedError

    def _default_loss(self) -> Callable[..., Any]:
        """Return the loss where none is asked for."""
        raise NotImplementedError

    def _metrics(self) -> tuple[str, ...]:
        """Return what the history tells beside the loss."""
        raise NotImplementedError
