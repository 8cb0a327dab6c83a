"""What fine-tuning needs: freezing by name, a new head, and learning rates by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from itertools import groupby

from glassnet.errors import ConfigError
from glassnet.layers import Layer, Linear, Sequential
from glassnet.store import ParameterStore

ALL_BUT_LAST = "all-but-last"
"""Stands for every parameter but those of the last layer that has any."""

Part = tuple[slice, float]
"""A stretch of the flat vectors, and the factor of its learning rate."""


def freeze(model: Layer, *patterns: str) -> list[str]:
    """Freeze parameters by name: training leaves them as they are, to the bit.

    A batch normalisation whose parameters are both frozen keeps its running statistics too, and
    normalises by them, as in evaluation. What was frozen before stays frozen; to thaw a parameter,
    set its `trainable`.

    Parameters
    ----------
    model : Layer
    *patterns : str
        Names, with ``*`` for anything: ``"0.weight"``, ``"0.*"``, or the name of a layer alone,
        ``"0"``; or ``"all-but-last"``, all but the last layer that has parameters.

    Returns
    -------
    list of str
        The names of all parameters that are frozen now.

    Raises
    ------
    ConfigError
        If a pattern fits no parameter.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.Tanh(), gn.Linear(3, 2))
    >>> gn.freeze(model, "all-but-last")
    ['0.weight', '0.bias']
    """
    parameters = dict(model.named_parameters())
    last = next(reversed(parameters), "").rpartition(".")[0]
    for pattern in patterns:
        if pattern == ALL_BUT_LAST:
            chosen = [name for name in parameters if name.rpartition(".")[0] != last]
        else:
            chosen = matching(pattern, parameters)
        for name in chosen:
            parameters[name].trainable = False
    return [name for name, parameter in parameters.items() if not parameter.trainable]


def new_head(model: Layer, outputs: int) -> Layer:
    """Put a new last Linear, without values yet, in the place of a model's last one.

    Parameters
    ----------
    model : Layer
        A Sequential, which is changed, or a single Linear.
    outputs : int
        How many outputs the new one has.

    Returns
    -------
    Layer
        The model; for a single Linear, the new one.

    Raises
    ------
    ConfigError
        If the last layer that has parameters is no Linear in a Sequential.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.Tanh(), gn.Linear(3, 2)).initialize(seed=0)
    >>> gn.new_head(model, 5)[2], model[2].weight.is_pending
    (Linear(in_features=3, out_features=5), True)
    """
    if isinstance(model, Linear):
        arguments = model.arguments() | {"out_features": outputs}
        return Linear(**arguments).astype(model.dtype)
    if isinstance(model, Sequential):
        for i in reversed(range(len(model))):
            if next(model[i].named_parameters(), None) is not None:
                model[i] = new_head(model[i], outputs)
                return model
    raise ConfigError(
        f"a new head takes the place of a Linear at the end of a Sequential, but the last layer "
        f"with parameters is {type(model).__name__}"
    )


def rate_parts(store: ParameterStore, lr_of: Mapping[str, float], lr: float) -> list[Part]:
    """Return the store's vectors in stretches of one learning rate, as factors of `lr`.

    A parameter has the rate of the first pattern that fits it, else `lr`; no stretch is half with
    and half without weight decay.
    """

    def kind(name: str) -> tuple[float, bool]:
        rates = (rate for pattern, rate in lr_of.items() if matches(pattern, name))
        return next(rates, lr) / lr, store.parameters[name].decay

    parts = []
    for (factor, _), group in groupby(store.slices, kind):
        names = list(group)
        parts.append((slice(store.slices[names[0]].start, store.slices[names[-1]].stop), factor))
    return parts


def check_rates(model: Layer, lr_of: Mapping[str, float], lr: float) -> None:
    """Refuse learning rates by name that cannot be meant."""
    names = [name for name, _ in model.named_parameters()]
    for pattern, rate in lr_of.items():
        matching(pattern, names)
        if not 0 <= rate < float("inf"):
            raise ConfigError(
                f"the learning rate of {pattern!r} must be a number of at least 0, not {rate!r}"
            )
    if lr_of and lr == 0:
        raise ConfigError("with learning rates by name the optimizer's own lr must be above 0")


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the names that a pattern fits, at least one."""
    known = list(names)
    if not (found := [name for name in known if matches(pattern, name)]):
        raise ConfigError(f"no parameter is called {pattern!r}; there are {', '.join(known)}")
    return found


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern is the parameter's name, or its layer's, with * for anything."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
