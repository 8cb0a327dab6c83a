"""Classes from features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight

from glassnet.arrays import Array
from glassnet.errors import ConfigError
from glassnet.losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassnet.sklearn.estimator import GlassEstimator
from glassnet.sklearn.labels import Labels


class GlassClassifier(ClassifierMixin, GlassEstimator):
    """A network that tells classes apart.

    Samples are not scaled: put a `StandardScaler` before it.

    Parameters
    ----------
    hidden : sequence of int
        Units of each hidden layer.
    activation : str, or sequence of str
        For all hidden layers, or for each; see `glassnet.mlp.MLP`.
    dropout : float, or sequence of float
        Probability after all hidden layers, or after each.
    batch_norm : bool
    init : str, optional
        Initializer of all weights. On tables of few features, small weights at first do better than
        He's, which None gives layers before a ReLU.
    model : Layer, or callable (sample_shape, outputs) → Layer, optional
        In place of all above. A Layer is copied; where it has weights, training starts with
        them.
    image_shape : (int, int, int), optional
        Channels, height and width, for networks that take images: rows of X are seen as such.
    loss : str or callable, optional
        By default softmax cross-entropy. A name as in a configuration, a `Loss`, or any function
        (output, target, sample_weight) → (value, gradient by output).
    optimizer : str or Optimizer
        sgd, adagrad, rmsprop, adam, adamw, or an object, which is copied.
    learning_rate : float, optional
        By default the optimizer's.
    schedule : Schedule, optional
    l1, l2 : float
        Strengths of `L1` and `L2`, penalties on the weights.
    clip_norm : float, optional
    epochs : int
        At most; or in each `fit`, with `warm_start`.
    batch_size : int
        Cut down to the number of samples.
    shuffle : bool
    early_stopping : bool or str
        Stop when the validation loss, or another column of the history ("valid_accuracy",
        "train_loss"), has not improved for `patience` epochs, and take the best epoch's weights.
    validation_fraction : float, optional
        Held out, stratified, to be evaluated after each epoch; by default 0.1 where early stopping
        needs it and `fit` is given no `X_val`, else nothing.
    patience : int
    min_delta : float
    warm_start : bool
        `fit` goes on from where the last one ended, optimizer and order of samples included: two
        times five epochs are ten, bit for bit.
    random_state : int, RandomState or None
        An integer is the seed of the `Trainer`.
    dtype : {"float32", "float64"}, optional
        Of the network and all its arithmetic. By default float32 where X is, else float64, as
        scikit-learn has it; float32 is faster, the more so the larger the network.
    class_weight : dict, "balanced" or None
    verbose : bool
        Write a line an epoch.

    Attributes
    ----------
    model_ : Layer
        The trained network, for everything else that Glassnet does with one.
    trainer_ : Trainer
    history_ : History
        A record an epoch: ``history_["valid_loss"]`` is the validation curve.
    n_iter_, best_epoch_ : int
        Epochs trained; the one whose weights the network has (the last, without early stopping).
    classes_, n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Notes
    -----
    Rows of 0 and 1 as targets are several labels at once; the loss is then binary cross-entropy.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from glassnet.sklearn import GlassClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GlassClassifier((32, 16), activation=("tanh", "relu"), learning_rate=0.01)
    >>> model.set_params(random_state=0).fit(X, y).score(X, y) > 0.95
    True
    >>> model.history_.columns[:3]
    ['epoch', 'train_loss', 'grad_norm']
    """

    # fmt: off
    def __init__(
        self, hidden: Any = (100,), *, activation: Any = "relu", dropout: Any = 0.0,
        batch_norm: bool = False, init: str | None = "xavier_uniform", model: Any = None,
        image_shape: Any = None, loss: Any = None, optimizer: Any = "adam",
        learning_rate: float | None = None, schedule: Any = None, l1: float = 0.0, l2: float = 0.0,
        clip_norm: float | None = None, epochs: int = 100, batch_size: int = 64,
        shuffle: bool = True, early_stopping: bool | str = False,
        validation_fraction: float | None = None, patience: int = 10, min_delta: float = 0.0,
        warm_start: bool = False, random_state: Any = None, dtype: Any = None,
        class_weight: Any = None, verbose: bool = False,
    ) -> None:
        super().__init__(
            hidden, activation=activation, dropout=dropout, batch_norm=batch_norm, init=init,
            model=model, image_shape=image_shape, loss=loss, optimizer=optimizer,
            learning_rate=learning_rate, schedule=schedule, l1=l1, l2=l2, clip_norm=clip_norm,
            epochs=epochs, batch_size=batch_size, shuffle=shuffle, early_stopping=early_stopping,
            validation_fraction=validation_fraction, patience=patience, min_delta=min_delta,
            warm_start=warm_start, random_state=random_state, dtype=dtype, verbose=verbose,
        )
        self.class_weight = class_weight
    # fmt: on

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go once through these samples, batch by batch, from where the training is.

        Batch after batch it does what `fit` does with ``shuffle=False``, bit for bit.

        Parameters
        ----------
        X : array-like, shape (N, F)
        y : array-like, shape (N,) or (N, K)
        classes : array-like, shape (K,), optional
            All classes there will be, needed in the first call.
        sample_weight : array-like, shape (N,), optional
        """
        if isinstance(self.class_weight, str):
            raise ConfigError(
                "partial_fit does not see all classes at once, to balance them; give class_weight "
                "as a dict"
            )
        known = None if classes is None else np.unique(classes)
        if not hasattr(self, "trainer_") and known is None:
            raise ConfigError("the first call of partial_fit needs classes, all there will be")
        if hasattr(self, "trainer_") and known is not None:
            self._labels.require_same(known)
        self._announced = known
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._announced

    def predict(self, X: Any) -> Array:
        """Return the likeliest class of each sample, or 0 and 1 for each of several labels.

        Parameters
        ----------
        X : array-like, shape (N, F)

        Returns
        -------
        ndarray, shape (N,) or (N, K)
        """
        p = self.predict_proba(X)
        if self._labels.several:
            return (p > 0.5).astype(np.int64)
        likeliest: Array = self.classes_[p.argmax(axis=1)]
        return likeliest

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class.

        They mean something where the loss is a cross-entropy: the softmax of the outputs is taken,
        or with `BinaryCrossEntropy` their sigmoid, divided by its sum.

        Parameters
        ----------
        X : array-like, shape (N, F)

        Returns
        -------
        ndarray, shape (N, K)
        """
        output = self._output(X)  # says first where the estimator is not fitted
        binary, already = self._is_binary(), self.model_.gives_probabilities
        return self._labels.probabilities(output, binary=binary, already=already)

    def decision_function(self, X: Any) -> Array:
        """Return the network's outputs; for two classes, that of the second less the first.

        Returns
        -------
        ndarray, shape (N,) for two classes, else (N, K)
        """
        output = self._output(X)
        if self._labels.several or len(self.classes_) > 2:
            return output
        return output[:, 0] if output.shape[1] == 1 else output[:, 1] - output[:, 0]

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithm: Array = np.log(self.predict_proba(X))
        return logarithm

    def _meet_targets(self, y: Array) -> None:
        self._labels = Labels.of(y, getattr(self, "_announced", None))
        self.classes_ = self._labels.classes

    def _targets(self, y: Array) -> Array:
        return self._labels.targets(y)

    def _weights(self, X: Array, y: Array, sample_weight: Any) -> Array | None:
        weights = super()._weights(X, y, sample_weight)
        if self.class_weight is None:
            return weights
        labels = y if self._labels.several else np.ravel(y)
        balance: Array = compute_sample_weight(self.class_weight, labels).astype(np.float32)
        return balance if weights is None else balance * weights

    def _outputs(self) -> int:
        classes = len(self.classes_)
        return 1 if classes == 2 and self._is_binary() and not self._labels.several else classes

    def _is_binary(self) -> bool:
        return self.loss == "binary-cross-entropy" or getattr(self.loss, "kind", "") == "binary"

    def _default_loss(self) -> Callable[..., Any]:
        return BinaryCrossEntropy() if self._labels.several else SoftmaxCrossEntropy()

    def _metrics(self) -> tuple[str, ...]:
        return () if self._labels.several else ("accuracy",)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _more_tags(self) -> dict[str, Any]:  # scikit-learn before 1.6
        return {"multilabel": True}
