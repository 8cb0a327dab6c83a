"""NaN and infinity put into a training on purpose, at a place that is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import glassnet as gn
from glassnet.training import NotFiniteError

PHASES = ("forward", "backward", "update")
STEPS = (1, 2, 7)
VALUES = (np.nan, np.inf, -np.inf)

STACKS: dict[str, tuple[tuple[int, ...], tuple[Any, ...]]] = {
    "Linear": ((4,), (lambda: gn.Linear(4, 4),)),
    "Conv2d": ((2, 6, 6), (lambda: gn.Conv2d(2, 2, 3, padding=1),)),
    "MaxPool2d": ((2, 6, 6), (lambda: gn.MaxPool2d(2),)),
    "AvgPool2d": ((2, 6, 6), (lambda: gn.AvgPool2d(2),)),
    "GlobalAvgPool2d": ((2, 6, 6), (gn.GlobalAvgPool2d,)),
    "BatchNorm1d": ((4,), (lambda: gn.BatchNorm1d(4),)),
    "BatchNorm2d": ((2, 6, 6), (lambda: gn.BatchNorm2d(2),)),
    "LayerNorm": ((4,), (lambda: gn.LayerNorm(4),)),
    "Dropout": ((4,), (lambda: gn.Dropout(0.3),)),
    "Flatten": ((2, 6, 6), (gn.Flatten,)),
    "Identity": ((4,), (gn.Identity,)),
    "Residual": ((4,), (lambda: gn.Residual(gn.Sequential(gn.Linear(4, 4), gn.Tanh())),)),
    "ReLU": ((4,), (gn.ReLU,)),
    "LeakyReLU": ((4,), (gn.LeakyReLU,)),
    "ELU": ((4,), (gn.ELU,)),
    "GELU": ((4,), (gn.GELU,)),
    "SiLU": ((4,), (gn.SiLU,)),
    "Sigmoid": ((4,), (gn.Sigmoid,)),
    "Tanh": ((4,), (gn.Tanh,)),
    "Softmax": ((4,), (gn.Softmax,)),
}
"""Kinds of layers, with the shape of what they are given, each between layers with parameters."""


@dataclass(frozen=True)
class Case:
    """An injection: into which kind of layer, in which phase, at which step, of which value."""

    kind: str
    phase: str
    step: int
    value: float

    @property
    def truth(self) -> tuple[str, str, int]:
        """Phase, layer and step that the error should name."""
        within = "1.body.0" if self.kind == "Residual" and self.phase == "update" else "1"
        return self.phase, within, self.step


def cases() -> Iterator[Case]:
    """Yield every injection that there can be."""
    for kind, (_, (make,)) in STACKS.items():
        has_parameters = next(make().named_parameters(), None) is not None
        for phase in PHASES if has_parameters else PHASES[:2]:
            for step in STEPS:
                for value in VALUES:
                    yield Case(kind, phase, step, value)


def inject(case: Case) -> tuple[str, str, int] | None:
    """Train a small network with the fault in it; return phase, layer and step that are named.

    In a pass the fault lies in the layer's own arithmetic, from that step on; an update writes the
    value into a weight once.
    """
    shape, (make,) = STACKS[case.kind]
    first = gn.Linear(4, 4) if len(shape) == 1 else gn.Conv2d(2, 2, 3, padding=1)
    layer = make()
    after = layer.output_shape(shape)
    middle = [] if len(after) == 1 else [gn.Flatten()]
    model = gn.Sequential(first, layer, *middle, gn.Linear(int(np.prod(after)), 3))
    rng = np.random.default_rng(0)
    data = gn.Dataset(rng.normal(size=(20, *shape)).astype(np.float32), np.arange(20) % 3, name="")
    callbacks = [Spoil(case)] if case.phase == "update" else []
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(0.01), callbacks=callbacks)
    if case.phase != "update":
        poison(layer, case, trainer)
    try:
        trainer.fit(data, epochs=4, batch_size=8)
    except NotFiniteError as error:
        whole = all(np.isfinite(value).all() for value in model.state_dict().values())
        return (error.fault.phase, error.fault.layer, error.step) if whole else None
    return None


def poison(layer: gn.Layer, case: Case, trainer: gn.Trainer) -> None:
    """Let a layer's forward or backward pass give one wrong number, from the step on."""
    right = getattr(layer, case.phase)

    def wrong(*arguments: Any, **options: Any) -> Any:
        found = right(*arguments, **options)
        if trainer.step_count + 1 < case.step:
            return found
        array = (found[0] if case.phase == "forward" else found).copy()
        array.reshape(-1)[array.size // 2] = case.value
        return (array, found[1]) if case.phase == "forward" else array

    setattr(layer, case.phase, wrong)


class Spoil(gn.Callback):
    """Writes a value into a weight after a step, as a wrong update would."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def on_step(self, trainer: gn.Trainer, record: Any) -> None:
        """Write it."""
        if trainer.step_count == self.case.step:
            parameter = next(p for name, p in trainer.model.named_parameters() if name[0] == "1")
            parameter.value.flat[-1] = self.case.value
