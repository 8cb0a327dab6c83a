"""From a section of a configuration to the object it describes, and back.

A section is a name and options. The options are those of the class itself, read off its fields or
its constructor, so there is no second list of them to keep true; each value is checked against the
declared type.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from glassnet import losses, optimizers, regularizers, schedules
from glassnet.errors import ConfigError
from glassnet.words import nearest, wrong_type

T = TypeVar("T")

OPTIMIZERS = optimizers.BY_NAME
LOSSES = losses.BY_NAME
SCHEDULES: dict[str, type[schedules.Schedule]] = {
    "constant": schedules.Constant,
    "step": schedules.StepDecay,
    "multi-step": schedules.MultiStep,
    "exponential": schedules.Exponential,
    "cosine": schedules.Cosine,
    "warmup": schedules.Warmup,
    "one-cycle": schedules.OneCycle,
    "plateau": schedules.ReduceOnPlateau,
}
REGULARIZERS: dict[str, type[regularizers.Regularizer]] = {
    "l1": regularizers.L1,
    "l2": regularizers.L2,
}
EXAMPLES = {
    "every": "10",
    "milestones": "[10, 20]",
    "gamma": "0.95",
    "length": "5",
    "samples": "1000",
    "strength": "0.0001",
}
"""Values for the options without a default, for the message that asks for one."""


def build_named(section: str, table: Mapping[str, Any], kinds: Mapping[str, type[T]]) -> T:
    """Return the object that a section with a ``name`` describes."""
    kind = named_kind(section, table, kinds)
    options = {key: value for key, value in table.items() if key != "name"}
    return build(section, kind, options, what=repr(table["name"]))


def named_kind(section: str, table: Mapping[str, Any], kinds: Mapping[str, type[T]]) -> type[T]:
    """Return the class that a section's ``name`` stands for."""
    name = str(table.get("name"))
    if name not in kinds:
        raise ConfigError(
            f"{section}.name is {name!r}{nearest(name, kinds)}; there are {', '.join(kinds)}"
        )
    return kinds[name]


def build(section: str, kind: Callable[..., T], options: Mapping[str, Any], what: str) -> T:
    """Call `kind` with the options, each checked against its declared type.

    Raises
    ------
    ConfigError
        If an option is unknown (the nearest valid one is named), missing, or of another type.
    """
    types = option_types(kind)
    for key in options:
        if key not in types:
            raise ConfigError(
                f"{section}.{key} is not an option of {what}{nearest(key, types)}; "
                f"it has {', '.join(types) or 'none'}"
            )
    values = {key: checked(f"{section}.{key}", types[key], value) for key, value in options.items()}
    try:
        return kind(**values)
    except TypeError as error:
        missing = [
            name
            for name, parameter in inspect.signature(kind).parameters.items()
            if parameter.default is parameter.empty and name not in values
        ]
        hints = (f"{name} = {EXAMPLES[name]}" for name in missing if name in EXAMPLES)
        example = f", e.g. {', '.join(hints)}" if missing[0] in EXAMPLES else ""
        they = "is missing: {} needs it" if len(missing) == 1 else "are missing: {} needs them"
        options_missing = ", ".join(f"{section}.{name}" for name in missing)
        raise ConfigError(f"{options_missing} {they.format(what)}{example}") from error


def option_types(kind: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of a class and their types."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}
    parameters = inspect.signature(kind).parameters
    constructor: Any = kind.__init__ if isinstance(kind, type) else kind  # type: ignore[misc]
    hints = get_type_hints(constructor)
    return {name: hints[name] for name in parameters if name in hints}


def checked(where: str, annotation: Any, value: Any) -> Any:
    """Return the value as the declared type.

    Raises
    ------
    ConfigError
        If it is not of that type.

    Examples
    --------
    >>> checked("optimizer.lr", float, 1)
    1.0
    """
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    try:
        # Text is not taken for a number: in TOML 0.1 is written without quotes. Nor is true.
        adapter = TypeAdapter(annotation, config=ConfigDict(coerce_numbers_to_str=False))
        if isinstance(value, (str, bool)) and _is_for_numbers(annotation, value):
            raise ConfigError(f"{where} must be a number, not {value!r}")
        return adapter.validate_python(value)
    except ValidationError as error:
        raise ConfigError(f"{where} {wrong_type(error.errors())}, not {value!r}") from None


def _is_for_numbers(annotation: Any, value: str | bool) -> bool:
    """Whether a type takes numbers, and neither this text nor truth values."""
    is_union = get_origin(annotation) in (Union, UnionType)
    kinds = get_args(annotation) if is_union else (annotation,)
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    return not {int, float}.isdisjoint(kinds) and type(value) not in kinds and value not in words


def describe(thing: Any, kinds: Mapping[str, type[Any]]) -> dict[str, Any]:
    """Return the section from which `build_named` makes the same object, every option written out.

    Examples
    --------
    >>> describe(gn.L2(0.5), REGULARIZERS)
    {'name': 'l2', 'strength': 0.5}
    """
    name = next(name for name, kind in kinds.items() if kind is type(thing))
    return {"name": name, **plain(thing)}


def plain(thing: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that its constructor takes, without those that are None."""
    values = {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.init}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None
    }
