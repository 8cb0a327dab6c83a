"""Figures of merit, from outputs and targets.

The name of a metric is what a history, a configuration and early stopping call it: "accuracy",
"top3" (or any number), "mae", "r2"; of outputs that are probabilities "log_loss" and
"report_a_loss", and of logits "report_a_softmax_loss".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array, PartialShape
from glassnet.errors import ConfigError
from glassnet.losses import Loss

Metric = Callable[[Array, Array], float]
"""(output, target) → value; a mean over samples, so that means of batches can be combined."""


def predicted_class(output: Array) -> Array:
    """Return the class of the largest output; for a single logit, whether it is positive."""
    if output.shape[1] == 1:
        return (output[:, 0] > 0).astype(np.int64)
    largest: Array = output.argmax(axis=1)
    return largest


def accuracy(output: Array, target: Array) -> float:
    """Return the part of samples whose class is right.

    Parameters
    ----------
    output : ndarray, shape (N, K)
        Logits or probabilities; K = 1 means a single logit.
    target : ndarray
        Labels (N,), or rows of probabilities, of which the largest counts.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    return _share(predicted_class(output) == as_labels(target))


def top_k(k: int) -> Metric:
    """Return the metric: part of samples whose class is among the k largest outputs.

    Among equal outputs the first classes count as larger, as `argmax` has it.

    Examples
    --------
    >>> top_k(2)(np.array([[0.1, 0.3, 0.6], [0.5, 0.3, 0.2]]), np.array([1, 2]))
    0.5
    """

    def metric(output: Array, target: Array) -> float:
        if output.shape[1] == 1:  # a single logit z: those of the two classes are 0 and z
            output = np.pad(output, ((0, 0), (1, 0)))
        best = np.argsort(-output, axis=1, kind="stable")[:, :k]
        return _share((best == as_labels(target)[:, None]).any(axis=1))

    return metric


def mean_absolute_error(output: Array, target: Array) -> float:
    """Return the mean of |output − target|."""
    return float(np.abs(output - _as_values(target, output)).mean())


def r2(output: Array, target: Array) -> float:
    """Return 1 − Σ(output − target)² / Σ(target − mean)²: the part of variance explained.

    Over a batch it is the batch's; `evaluate` takes it over all samples.
    """
    wanted = _as_values(target, output)
    spread = float(np.square(wanted - wanted.mean(axis=0)).sum())
    return 1 - float(np.square(output - wanted).sum()) / spread if spread else float("nan")


def log_loss(output: Array, target: Array) -> float:
    """Return the mean of −log p, p the probability of the true class: a true cross-entropy.

    Outputs that are positive without being 1 in sum, such as those of sigmoids, are divided by
    their sum.
    """
    p = _probabilities(output, "log_loss")
    labels = as_labels(target)
    return -float(np.log(p[np.arange(len(p)), labels] / p.sum(axis=1)).mean())


def report_a_loss(output: Array, target: Array) -> float:
    """Return the mean of −(1/K) Σ_k t_k log p_k with targets t of .99 and .01.

    The formula under the name of cross-entropy in the first report of the catalogue. It is none:
    it divides by the number of classes, and never falls below .0424 for ten of them.

    Examples
    --------
    >>> best = np.full((1, 10), 0.01)
    >>> best[0, 3] = 0.99
    >>> round(report_a_loss(best, np.array([3])), 4)
    0.0424
    """
    p = _probabilities(output, "report_a_loss")
    wanted = np.where(np.arange(p.shape[1]) == as_labels(target)[:, None], 0.99, 0.01)
    return -float((wanted * np.log(p)).mean())


def report_a_softmax_loss(output: Array, target: Array) -> float:
    """Return `report_a_loss` of the softmax of logits."""
    return report_a_loss(kernels.softmax_forward(output), target)


def named_metric(name: str) -> Metric:
    """Return the metric of that name.

    Raises
    ------
    ConfigError
        If there is none.

    Examples
    --------
    >>> named_metric("top1")(np.array([[0.1, 0.9]]), np.array([1]))
    1.0
    """
    plain: dict[str, Metric] = {
        "accuracy": accuracy,
        "mae": mean_absolute_error,
        "r2": r2,
        "log_loss": log_loss,
        "report_a_loss": report_a_loss,
        "report_a_softmax_loss": report_a_softmax_loss,
    }
    if name in plain:
        return plain[name]
    if name.startswith("top") and name[3:].isdecimal() and int(name[3:]) > 0:
        return top_k(int(name[3:]))
    raise ConfigError(f"no metric is called {name!r}; there are {', '.join(plain)}, top3, top5, …")


def default_metrics(loss: Loss, target: Array, output: PartialShape) -> tuple[str, ...]:
    """Return the names of the metrics that suit the loss, the targets and the shape of an output.

    Whole numbers beside several outputs are classes, also under a squared error; beside a single
    output they are numbers to come near to.
    """
    several = output is not None and output != (1,)
    labelled = loss.kind != "regression" or (
        np.issubdtype(target.dtype, np.integer) and target.ndim == 1 and several
    )
    return ("accuracy",) if labelled else ("mae", "r2")


class RunningMean:
    """Means over an epoch, each batch counted by its samples.

    Attributes
    ----------
    count : int or float
        The samples so far (or their weight).
    """

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self.count: float = 0

    def add(self, values: Mapping[str, float], samples: float) -> None:
        """Take in one batch's values; it counts as so many samples (or so much weight)."""
        self.count += samples
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * samples

    def result(self) -> dict[str, float]:
        """Return the means."""
        return {name: total / self.count for name, total in self._sums.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return the sums so far."""
        return {"sums": dict(self._sums), "count": self.count}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._sums = {str(name): float(value) for name, value in state["sums"].items()}
        count = state["count"]
        if not isinstance(count, (int, float)) or not 0 <= count < float("inf"):
            raise ValueError(f"a mean over {count!r} samples")
        self.count = count


def as_labels(target: Array) -> Array:
    """Return class numbers (N,): of rows the largest, of single probabilities whether above ½."""
    if target.ndim == 2 and target.shape[1] > 1:
        target = target.argmax(axis=1)
    elif target.dtype.kind == "f":
        target = target > 0.5
    return target.reshape(-1).astype(np.int64, copy=False)


def _share(hits: Array) -> float:
    """Return how many of them are true, as a part; `mean` gives the same and takes 2 µs."""
    return float(np.count_nonzero(hits) / hits.size)


def _probabilities(output: Array, metric: str) -> Array:
    """Return the outputs in float64, none of them quite 0, as a float32 may become."""
    if output.ndim != 2 or output.shape[1] < 2 or not (output.min() >= 0 and output.max() <= 1):
        raise ConfigError(
            f"{metric} compares probabilities of two classes or more, but the outputs are others; "
            "end the network with Sigmoid or Softmax"
        )
    return np.maximum(output.astype(np.float64), np.finfo(np.float32).tiny)


def _as_values(target: Array, output: Array) -> Array:
    if target.size != output.size:
        raise ConfigError(
            f"mae and r2 compare numbers, but the targets have shape {target.shape} and the "
            f"outputs {output.shape}; for class labels use accuracy"
        )
    return target.reshape(output.shape)
