"""The estimators' parameters: what they may be, and the objects that they stand for."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from glassnet import losses, optimizers
from glassnet.arrays import Shape
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers import Layer
from glassnet.mlp import MLP
from glassnet.optimizers import Optimizer
from glassnet.schedules import Schedule
from glassnet.training import EarlyStopping
from glassnet.words import nearest

LIMITS: dict[str, tuple[Any, float, float]] = {
    "epochs": (Integral, 1, math.inf),
    "batch_size": (Integral, 1, math.inf),
    "patience": (Integral, 1, math.inf),
    "learning_rate": (Real, 0, math.inf),
    "l1": (Real, 0, math.inf),
    "l2": (Real, 0, math.inf),
    "min_delta": (Real, 0, math.inf),
    "clip_norm": (Real, 0, math.inf),
    "validation_fraction": (Real, 0, 1),
}
"""Type and range; where the default is None, that is allowed too."""

CHANGEABLE = {
    "batch_size", "class_weight", "epochs", "learning_rate", "random_state", "shuffle",
    "validation_fraction", "verbose", "warm_start",
}  # fmt: skip
"""What may be changed between two fits of which the second goes on with the first's network."""


def check_numbers(parameters: Mapping[str, Any], optional: set[str]) -> None:
    """Raise `ConfigError` for a number that is of another type or out of its range."""
    for name, (kind, least, most) in LIMITS.items():
        value = parameters[name]
        if value is None and name in optional:
            continue
        if (
            isinstance(value, (bool, np.bool_))
            or not isinstance(value, kind)
            or not least <= float(value) < most
        ):
            what = "an integer" if kind is Integral else "a number"
            limit = f"of at least {least}" if most == math.inf else f"from {least} to below {most}"
            raise ConfigError(f"{name} must be {what} {limit}, not {value!r}")


def check_unchanged(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `ConfigError` if a parameter that a network in training rests on has changed."""

    def same(a: Any, b: Any) -> bool:
        return a is b or np.array_equal(np.asarray(a, object), np.asarray(b, object))

    changed = [name for name, value in now.items() if not same(before[name], value)]
    changed = [name for name in changed if name not in CHANGEABLE]
    if changed:
        raise ConfigError(
            f"{', '.join(changed)} changed since the first fit, but warm_start and partial_fit go "
            "on with the network of that fit; fit a clone with the new parameters instead"
        )


def each(name: str, value: Any, kind: Any) -> tuple[Any, ...]:
    """Return a sequence of things of one kind as a tuple."""
    listed = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, (str, bytes))
    values = tuple(value) if listed else (value,)
    for one in values:
        if isinstance(one, bool) or not isinstance(one, kind):
            what = {Integral: "integers", Real: "numbers"}.get(kind, "names")
            raise ConfigError(f"{name} must be {what}, one or one for each layer, not {value!r}")
    return values


def network(parameters: Mapping[str, Any], shape: Shape, outputs: int) -> Layer:
    """Return a new network for samples of that shape."""
    model = parameters["model"]
    if model is None:
        built: Any = perceptron(parameters).build(shape, outputs)
    elif isinstance(model, Layer):
        built = copy.deepcopy(model)
    elif callable(model):
        built = model(shape, outputs)
    else:
        built = model
    if not isinstance(built, Layer) or isinstance(built, type):
        raise ConfigError(
            "model must be a Layer, or a function (sample_shape, outputs) that returns one, "
            f"not {built!r}"
        )
    found = built.output_shape(shape)
    if found is not None and found != (outputs,):
        raise ShapeError(
            f"the model gives outputs of shape {found} for samples of shape {shape}, but the "
            f"targets need {outputs} of them; end it with gn.Linear(..., outputs)"
        )
    return built


def perceptron(parameters: Mapping[str, Any]) -> MLP:
    """Return the description of the network that hidden, activation, … give."""
    hidden = tuple(int(units) for units in each("hidden", parameters["hidden"], Integral))
    if min(hidden, default=1) < 1:
        raise ConfigError(f"hidden layers need at least 1 unit each, not {hidden}")
    several: dict[str, Any] = {}
    for name, kind in (("activation", str), ("dropout", Real)):
        values = each(name, parameters[name], kind)
        several[name] = values if np.ndim(parameters[name]) else values[0]
    init = parameters["init"]
    if not isinstance(init, str | None):
        raise ConfigError(f"init must be the name of an initializer, not {init!r}")
    return MLP(hidden, batch_norm=bool(parameters["batch_norm"]), init=init, **several)


def chosen_optimizer(optimizer: Any, learning_rate: float | None) -> Optimizer:
    """Return an optimizer of its own for each fit."""
    if isinstance(optimizer, str):
        kind: Callable[[], Optimizer] = _named("optimizer", optimizer, optimizers.BY_NAME)
        new = kind()
    elif isinstance(optimizer, Optimizer):
        new = copy.deepcopy(optimizer)
    else:
        raise ConfigError(f"optimizer must be a name or like gn.Adam(), not {optimizer!r}")
    if learning_rate is not None:
        new.lr = float(learning_rate)
    return new


def chosen_loss(loss: Any, default: Callable[..., Any]) -> Callable[..., Any]:
    """Return the loss: by name, any function (output, target, weight), or the default."""
    if loss is None:
        return default
    if isinstance(loss, str):
        return _named("loss", loss, losses.BY_NAME)()  # type: ignore[no-any-return]
    if isinstance(loss, type) or not callable(loss):
        raise ConfigError(f"loss must be a name or like gn.Huber(), not {loss!r}")
    return loss  # type: ignore[no-any-return]


def chosen_schedule(schedule: Any) -> Schedule | None:
    """Return the schedule, having made sure that it is one."""
    if schedule is None or isinstance(schedule, Schedule):
        return schedule
    raise ConfigError(f"schedule must be like gn.Cosine(), not {schedule!r}")


def chosen_stopping(parameters: Mapping[str, Any]) -> EarlyStopping | None:
    """Return what stops the training early, if anything does."""
    watched = parameters["early_stopping"]
    if not isinstance(watched, (bool, np.bool_, str)):
        raise ConfigError(
            "early_stopping must be true, false or a column of the history such as "
            f"'valid_accuracy', not {watched!r}"
        )
    if not watched:
        return None
    return EarlyStopping(
        watched if isinstance(watched, str) else "valid_loss",
        int(parameters["patience"]),
        float(parameters["min_delta"]),
    )


def _named(what: str, name: str, kinds: Mapping[str, type[Any]]) -> Any:
    if name not in kinds:
        raise ConfigError(f"{what} is {name!r}{nearest(name, kinds)}; there are {', '.join(kinds)}")
    return kinds[name]
