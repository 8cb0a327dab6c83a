"""`gradcheck`: every layer alone, the loss alone, the regularizers alone, then all together."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from glassnet.doctor.probes import LossFunction, Penalty
from glassnet.doctor.report import Report
from glassnet.doctor.rounds import Rounds
from glassnet.layers import Layer
from glassnet.regularizers import Regularizer


def gradcheck(
    model: Layer,
    x: ArrayLike,
    target: ArrayLike,
    loss: LossFunction,
    *,
    regularizers: Sequence[Regularizer | Penalty] = (),
    thorough: bool = False,
    seed: int = 0,
    training: bool = True,
) -> Report:
    """Check every gradient of a model, and say what is wrong with those that are.

    Each layer is examined alone, at the input that it really gets, with a random upstream gradient;
    so are the loss and each regularizer; then all together. Analytic and numeric slopes are
    compared along random directions over all entries at once, whose cost does not depend on the
    number of parameters, and for some single entries of every parameter and of the input. Where a
    gradient is wrong, it is held against the faults that people make (see `glassnet.doctor.KINDS`).

    The model is not changed: a copy in float64 is examined. Its parameters without values are
    initialized, and those whose values are all equal (biases of zero) are moved a little, because
    a fault that multiplies by zero cannot be seen.

    Parameters
    ----------
    model : Layer
        Any layer or model, your own included.
    x, target : array_like
        A batch; at most 16 samples of it are used.
    loss : Loss or callable
        (output, target) → (value, gradient by the output).
    regularizers : sequence of Regularizer
    thorough : bool
        Look for a relative error of 1e-4 in a single entry of large parameters too: more
        directions, at inputs without zeros, with the tolerance that rounding allows.
    seed : int
        Of directions, dropout masks and initial values.
    training : bool
        Whether to check the passes of training (dropout drops) or those of evaluation.

    Returns
    -------
    Report
        ``.ok``, ``.faults``, ``.checks``; `str` gives a table.

    Raises
    ------
    ConfigError
        If x is no batch or has no samples.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(4, 5), gn.Tanh(), gn.Linear(5, 3)).initialize(seed=0)
    >>> x, labels = np.random.default_rng(0).normal(size=(8, 4)), np.arange(8) % 3
    >>> gn.gradcheck(model, x, labels, gn.SoftmaxCrossEntropy()).ok
    True
    >>> class Wrong(gn.Tanh):
    ...     def backward(self, dy, cache):
    ...         return dy * (1 - np.tanh(cache) ** 2)
    >>> model[1] = Wrong()
    >>> gn.gradcheck(model, x, labels, gn.SoftmaxCrossEntropy()).faults[0].kind
    'derivative-at-output'
    """
    started = time.perf_counter()
    legacy = np.random.get_state()  # noqa: NPY002
    try:
        with _one_thread(), np.errstate(all="ignore"):
            doctor = Rounds(model, x, target, loss, regularizers, thorough, seed, training)
            doctor.work()
    finally:
        np.random.set_state(legacy)  # noqa: NPY002
    return Report(
        doctor.faults,
        doctor.checks,
        doctor.notes,
        time.perf_counter() - started,
        doctor.curve if doctor.whole is not None else None,
    )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keep matrix products in this thread, where threadpoolctl is at hand to say so.

    A check is thousands of small products; on a busy machine threads that wait for each other make
    each of them up to twenty times as slow.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1, "blas"):
        yield
