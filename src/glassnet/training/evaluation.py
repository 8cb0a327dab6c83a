"""Loss and metrics of a model on a data set, in batches of bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset, batches
from glassnet.layers import Layer
from glassnet.losses import Loss
from glassnet.training.metrics import default_metrics, named_metric

BATCH = 500
"""Samples at a time: it bounds the memory of an evaluation, apart from the outputs it returns."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes
    ----------
    loss : float
        Mean over all samples, without penalties.
    metrics : dict of str to float
    outputs : ndarray, shape (N, K)
        The model's outputs, in the order of the data.
    """

    loss: float
    metrics: dict[str, float]
    outputs: Array

    def record(self, prefix: str) -> dict[str, float]:
        """Return loss and metrics with a prefix: ``valid_loss``, ``valid_accuracy``, ..."""
        values = {"loss": self.loss, **self.metrics}
        return {f"{prefix}_{name}": value for name, value in values.items()}


def evaluate(
    model: Layer,
    dataset: Dataset,
    loss: Loss,
    *,
    metrics: Sequence[str] | None = None,
    batch_size: int = BATCH,
) -> Evaluation:
    """Return loss, metrics and outputs of a model on a data set, in evaluation mode.

    Parameters
    ----------
    model : Layer
    dataset : Dataset
    loss : Loss
    metrics : sequence of str, optional
        By default those that suit the targets: accuracy, or mean absolute error and R².
    batch_size : int
        Samples at a time.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 2)).initialize(seed=0)
    >>> data = gn.Dataset(np.eye(2, dtype=np.float32), np.array([0, 1]))
    >>> sorted(evaluate(model, data, gn.SoftmaxCrossEntropy()).metrics)
    ['accuracy']
    """
    drawn = batches(dataset, min(batch_size, len(dataset)), dtype=model.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # what diverged shows in the loss
        outputs = np.concatenate([model.infer(x) for x, _, _ in drawn])
        # Not the mean of the batches' losses: weights make some of them count more than others.
        value, _ = loss(outputs, dataset.y, dataset.sample_weight)
        names = default_metrics(loss, dataset.y, outputs.shape[1:]) if metrics is None else metrics
        values = {name: named_metric(name)(outputs, dataset.y) for name in names}
    return Evaluation(float(value), values, outputs)
