"""Loading a data set by name: read, divided, scaled."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.data.dataset import Dataset
from glassnet.data.fitting import fit_scaling
from glassnet.data.folding import folded
from glassnet.data.parts import DataSplits
from glassnet.data.registry import defaults_of, options_of, source_of
from glassnet.data.scaling import Scaling
from glassnet.data.splits import held_count, stratified_split
from glassnet.errors import ConfigError
from glassnet.randomness import stream
from glassnet.words import nearest, wrong_type

GENERAL_OPTIONS = ("train", "valid", "test", "scaling", "split_seed", "folds", "fold")
"""What `load` takes for every data set, beside `data_dir`."""


def load(
    name: str,
    *,
    data_dir: str | Path | None = None,
    train: float | None = None,
    valid: float | None = None,
    test: float | None = None,
    scaling: str | Mapping[str, Any] | Scaling | None = None,
    split_seed: int = 0,
    folds: int | None = None,
    fold: int | None = None,
    **options: Any,
) -> DataSplits:
    """Return the training, validation and test part of a data set, scaled alike.

    Parameters
    ----------
    name : str
        One of `names()`.
    data_dir : path, optional
        Where the files of the public data sets are; else `GLASSNET_DATA`, else the user's cache,
        into which they are downloaded once.
    train : float or int, optional
        What to keep of the training samples: a fraction of them, or a number of samples. By default
        all; what is not kept belongs to no part.
    valid, test : float or int, optional
        What to hold out of the samples that do not come divided: a fraction of them, a number of
        samples, or 0 for nothing. By default a sensible share; parts the data comes with are kept.
    scaling : str, mapping or Scaling, optional
        As in `fit_scaling`, fitted on the training part. By default bytes are brought to 0..1
        ("minmax"), tables are standardised by column ("zscore-feature"), other arrays as a whole.
    split_seed : int
        Chooses what is held out, and what is kept.
    folds, fold : int, optional
        Cross-validation: of so many equal folds of everything but the test part, number `fold`,
        counted from 1, becomes the test part; `valid` is held out of the others.
    **options
        Of the data set itself; see `options_of(name)`.

    Raises
    ------
    ConfigError
        If there is no such data set or option, or a value makes no sense.
    DataError
        If files are missing, damaged or do not hold what they should.

    Examples
    --------
    >>> load("digits")
    DataSplits('digits', train 1168, valid 270, test 359, samples (1, 8, 8), 10 classes)
    """
    source = source_of(name)
    checked = _checked(name, options)
    if isinstance(split_seed, bool) or not isinstance(split_seed, int) or split_seed < 0:
        raise ConfigError(f"split_seed must be an integer of at least 0, not {split_seed!r}")
    if "data_dir" in inspect.signature(source.read).parameters:
        checked["data_dir"] = data_dir
    parts = source.read(**checked)
    total = len(parts.train)
    test_count = _held("test", test, parts.test, source.test, total)
    dealt = folds is not None or fold is not None
    given_valid = None if dealt else parts.valid  # folds are dealt from that, too
    valid_count = _held("valid", valid, given_valid, source.valid, total)
    if test_count + valid_count >= total:
        raise ConfigError(
            f"data.test and data.valid would hold out {test_count} and {valid_count} of {total} "
            "samples and leave none to train on; hold out less"
        )
    rng = stream(split_seed, "split")
    train_part, valid_part, test_part = parts.train, parts.valid, parts.test
    if test_count:
        train_part, test_part = _hold_out(train_part, test_count, rng)
    if dealt:
        one = folded(DataSplits(train_part, valid_part), folds, fold, split_seed)
        train_part, valid_part, test_part = one.train, None, one.test
        valid_count = _held("valid", valid, None, source.valid, len(train_part))
    if valid_count:
        train_part, valid_part = _hold_out(train_part, valid_count, rng)
    if train is not None:
        _, train_part = _hold_out(train_part, held_count(train, len(train_part), "data.train"), rng)
    scaling = _default_scaling(train_part) if scaling is None else scaling
    fitted = fit_scaling(scaling, train_part.raw)
    resolved = (
        defaults_of(name)
        | options
        | dict(parts.options)
        | {
            "split_seed": split_seed,
            "scaling": scaling.to_dict() if isinstance(scaling, Scaling) else scaling,
        }
        | ({} if train is None else {"train": train})
    )
    if dealt:
        resolved |= {"folds": folds, "fold": fold}
    for part, count, asked in (("valid", valid_count, valid), ("test", test_count, test)):
        if count or asked == 0:
            resolved[part] = asked if asked is not None else getattr(source, part)
    return DataSplits(
        replace(train_part, scaling=fitted),
        None if valid_part is None or valid == 0 else replace(valid_part, scaling=fitted),
        None
        if test_part is None or (test == 0 and not dealt)
        else replace(test_part, scaling=fitted),
        resolved,
        parts.feature_names,
    )


def _held(
    part: str, wanted: float | None, given: Dataset | None, default: float, total: int
) -> int:
    """How many samples to hold out for a part: none if it came with the data or is not wanted."""
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool) and wanted == 0:
        return 0
    if given is None:
        return held_count(default if wanted is None else wanted, total, f"data.{part}")
    if wanted is not None:
        raise ConfigError(
            f"{given.name} comes with its own {part} part of {len(given)} samples; leave out "
            f"data.{part} = {wanted!r}, or write 0 to do without it"
        )
    return 0


def _hold_out(data: Dataset, count: int, rng: np.random.Generator) -> tuple[Dataset, Dataset]:
    rest, held = stratified_split(data.y, count, rng, class_names=data.class_names)
    return data.take(rest), data.take(held)


def _default_scaling(train: Dataset) -> str:
    if train.raw.dtype == np.uint8:
        return "minmax"
    return "zscore-feature" if train.raw.ndim == 2 else "zscore"


def _checked(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the types that the source's signature declares."""
    parameters = inspect.signature(source_of(name).read).parameters
    allowed = options_of(name)
    for key in options:
        if key not in allowed:
            known = (*allowed, *GENERAL_OPTIONS)
            raise ConfigError(
                f"the data set {name!r} has no option {key!r}{nearest(key, known)}; "
                f"it has {', '.join(known)}"
            )
    for key in allowed:
        if key not in options and parameters[key].default is inspect.Parameter.empty:
            raise ConfigError(f"the data set {name!r} needs the option {key!r}")
    return {key: _typed(name, key, parameters[key].annotation, options[key]) for key in options}


def _typed(name: str, key: str, annotation: Any, value: Any) -> Any:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        wanted = wrong_type(error.errors())
        raise ConfigError(f"the data set {name!r}: {key} {wanted}, not {value!r}") from error
