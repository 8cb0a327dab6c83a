"""Loops against arrays: what reports A and D say of their own vectorisation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from glassnet.experiments.catalogue.trials import Trial
from glassnet.experiments.run import Run
from glassnet.kernels import use_kernels
from glassnet.losses import Loss
from glassnet.randomness import stream

REPEATS = 5
"""The fastest of so many counts: the others were disturbed."""


def speed_ratios(
    trial: Trial, folder: Path, data_dir: str | Path | None
) -> tuple[dict[str, float], str]:
    """Return how many times as fast arrays are as the textbook's loops.

    ``options.of`` is ``"loss"`` (the loss and its gradient) or ``"step"`` (forward and backward
    pass of a batch). The loops are the kernels' reference edition, the arrays their NumPy edition.
    """
    run = Run.prepare(trial.config, data_dir=data_dir)
    model = run.model.initialize(stream(run.config.training.seed, "init"), missing_only=True)
    x, y = run.data.train.batch(np.arange(run.config.training.batch_size or 1))
    loss: Loss = run.trainer.loss
    output = model.infer(x)

    def step() -> None:
        found, cache = model.forward(x, training=True)
        model.backward_parameters(loss(found, y)[1], cache)

    def only_loss() -> None:
        loss(output, y)

    work = only_loss if trial.options.get("of") == "loss" else step
    loops, arrays = (_fastest(work, edition) for edition in ("reference", "numpy"))
    return {"loop milliseconds": 1e3 * loops, "array milliseconds": 1e3 * arrays,
            "times as fast": loops / arrays}, ""  # fmt: skip


def _fastest(work: Callable[[], None], edition: str) -> float:
    """Return the seconds that one call takes; the edition is set back by `carry_out`."""
    use_kernels(edition)
    work()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
