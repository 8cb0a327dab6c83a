"""Numbers from features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from glassnet.arrays import Array
from glassnet.errors import ShapeError
from glassnet.losses import MeanSquaredError
from glassnet.sklearn.estimator import GlassEstimator


class GlassRegressor(RegressorMixin, GlassEstimator):
    """A network that predicts one number or several.

    Neither samples nor targets are scaled; `StandardScaler` and `TransformedTargetRegressor` do.

    Parameters
    ----------
    hidden, activation, ..., verbose
        Those of `GlassClassifier`, without `class_weight`.
    loss : str or callable
        By default the mean squared error; "mae", "huber", or one of your own.

    Attributes
    ----------
    model_, trainer_, history_, n_iter_, best_epoch_, n_features_in_, feature_names_in_
        As in `GlassClassifier`.
    n_outputs_ : int

    Examples
    --------
    >>> from glassnet.sklearn import GlassRegressor
    >>> x = np.linspace(-1, 1, 200)[:, None]
    >>> model = GlassRegressor((32,), learning_rate=0.01, random_state=0)
    >>> model.fit(x, np.sin(3 * x[:, 0])).score(x, np.sin(3 * x[:, 0])) > 0.99
    True
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go once through these samples, batch by batch, from where the training is.

        Parameters
        ----------
        X : array-like, shape (N, F)
        y : array-like, shape (N,) or (N, K)
        sample_weight : array-like, shape (N,), optional

        Returns
        -------
        GlassRegressor
            Itself.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Return predictions, in the shape of the targets of `fit`.

        Parameters
        ----------
        X : array-like, shape (N, F)

        Returns
        -------
        ndarray, shape (N,) or (N, K)
        """
        output = self._output(X)
        return output.ravel() if self._flat_targets else output

    def _meet_targets(self, y: Array) -> None:
        self._flat_targets = y.ndim == 1
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]

    def _targets(self, y: Array) -> Array:
        rows = y.reshape(len(y), -1)
        if rows.shape[1] != self.n_outputs_:
            raise ShapeError(
                f"y has {rows.shape[1]} targets, but the first fit had {self.n_outputs_}"
            )
        return rows.astype(np.float32)

    def _outputs(self) -> int:
        return self.n_outputs_

    def _default_loss(self) -> Callable[..., Any]:
        return MeanSquaredError()

    def _metrics(self) -> tuple[str, ...]:
        return ("mae", "r2")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self) -> dict[str, Any]:  # scikit-learn before 1.6
        return {"multioutput": True}
