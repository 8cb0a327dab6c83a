"""What X, y and weights as scikit-learn's users give them become: a `Dataset`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import DataError
from glassnet.layers import Layer
from glassnet.sklearn.settings import Settings
from glassnet.sklearn.versions import validated


class Samples(Settings):
    """Checks samples and targets, and shapes them for the network."""

    model_: Layer

    def _dataset(self, X: Any, y: Any, sample_weight: Any) -> Dataset:
        """Return data like those of the first fit."""
        return self._weighted(*self._checked(X, y, reset=False), sample_weight)

    def _checked(self, X: Any, y: Any, *, reset: bool = True) -> tuple[Array, Array]:
        rules = {"dtype": self._dtypes(), "multi_output": True, "reset": reset}
        X, y = validated(self, self._flat(X), y, **rules)
        return X, y

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

    def _meet_targets(self, y: Array) -> None:
        """Note what the targets of a first fit are."""
        raise NotImplementedError

    def _targets(self, y: Array) -> Array:
        """Return targets as the loss takes them."""
        raise NotImplementedError
