"""The parameters of both estimators, and what they say about samples and chance."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from glassnet.arrays import Shape
from glassnet.errors import ConfigError, DataError
from glassnet.regularizers import L1, L2
from glassnet.sklearn import parameters
from glassnet.training import Trainer

HELD_OUT = 0.1
"""The part held out for early stopping, unless another is asked for."""


class Settings(BaseEstimator):
    """What an estimator is made with, by scikit-learn's rules: kept as it is, checked by `fit`."""

    n_features_in_: int

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

    def _dtypes(self) -> list[Any]:
        if self.dtype is None:
            return [np.float64, np.float32]
        if self.dtype not in ("float32", "float64", np.float32, np.float64):
            raise ConfigError(f"dtype must be 'float32', 'float64' or None, not {self.dtype!r}")
        return [np.dtype(self.dtype)]

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

    def _outputs(self) -> int:
        """Return how many outputs the network needs."""
        raise NotImplementedError

    def _default_loss(self) -> Callable[..., Any]:
        """Return the loss where none is asked for."""
        raise NotImplementedError

    def _metrics(self) -> tuple[str, ...]:
        """Return what the history tells beside the loss."""
        raise NotImplementedError
