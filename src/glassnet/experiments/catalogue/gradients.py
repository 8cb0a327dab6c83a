"""The gradient check of report C: single parameters, one step, absolute errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassnet.arrays import Array
from glassnet.experiments.catalogue.trials import Trial
from glassnet.experiments.run import Run
from glassnet.randomness import stream

STEP = 1e-2
"""The report's ε. The error of a central difference goes with its square."""


def gradient_errors(
    trial: Trial, folder: Path, data_dir: str | Path | None
) -> tuple[dict[str, float], str]:
    """Return |(L(w + ε) − L(w − ε)) / 2ε − ∂L/∂w| for some parameters, in float64.

    Two weights of the hidden layer, two of the output layer, a bias of each, chosen by the seed, on
    one batch of the training part. Among the hidden weights those count that see some ink, because
    the gradient of others is zero.
    """
    run = Run.prepare(trial.config, data_dir=data_dir)
    seed = run.config.training.seed
    model = run.model.initialize(stream(seed, "init"), missing_only=True).astype(np.float64)
    x, y = run.data.train.batch(np.arange(run.config.training.batch_size or 1), np.float64)
    loss = run.trainer.loss

    def value() -> float:
        return float(loss(model.infer(x), y)[0])

    output, cache = model.forward(x, training=True)
    model.backward_parameters(loss(output, y)[1], cache)
    (_, hidden), (_, hidden_bias), (_, out), (_, out_bias) = model.named_parameters()
    rng = stream(seed, "split")
    wanted = {
        "hidden weight 1": hidden, "hidden weight 2": hidden, "output weight 1": out,
        "output weight 2": out, "hidden bias": hidden_bias, "output bias": out_bias,
    }  # fmt: skip
    figures: dict[str, float] = {}
    for name, parameter in wanted.items():
        at = _somewhere(parameter.grad, rng)
        before = parameter.value[at]
        slopes = []
        for step in (STEP, -STEP):
            parameter.value[at] = before + step
            slopes.append(value())
        parameter.value[at] = before
        numeric = (slopes[0] - slopes[1]) / (2 * STEP)
        figures[f"{name} error"] = abs(numeric - float(parameter.grad[at]))
    return figures, ""


def _somewhere(gradient: Array, rng: np.random.Generator) -> tuple[int, ...]:
    """Return the place of a gradient that is not zero."""
    places = np.argwhere(gradient != 0)
    return tuple(int(i) for i in places[rng.integers(len(places))])
