"""One fold of a cross-validation as the parts of a data set."""

from dataclasses import replace

import numpy as np

from glassnet.data.dataset import Dataset
from glassnet.data.parts import DataSplits
from glassnet.data.splits import k_folds
from glassnet.errors import ConfigError
from glassnet.randomness import stream


def folded(parts: DataSplits, folds: int | None, fold: int | None, seed: int) -> DataSplits:
    """Return a data set of which one fold is the test part, and all others the training part.

    What is divided is the training part with the validation part, where there is one; a test part
    is put away, so that no choice made with the folds has seen it. Labels are dealt evenly.

    Parameters
    ----------
    parts : DataSplits
    folds, fold : int
        Into how many, and which one, from 1.
    seed : int
        Chooses what is in which fold.

    Raises
    ------
    ConfigError
        If there is no such fold.
    """
    for name, value, least in (("folds", folds, 2), ("fold", fold, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"data.{name} must be an integer of at least {least}, not {value!r}")
    assert folds is not None
    assert fold is not None
    if fold > folds:
        raise ConfigError(f"data.fold = {fold}, but there are {folds} folds, counted from 1")
    whole = parts.train if parts.valid is None else _together(parts.train, parts.valid)
    division = list(k_folds(whole.y, folds, stream(seed, "folds")))
    rest, held = division[fold - 1]
    return replace(parts, train=whole.take(rest), valid=None, test=whole.take(held))


def _together(first: Dataset, second: Dataset) -> Dataset:
    weights = [data.sample_weight for data in (first, second)]
    return replace(
        first,
        raw=np.concatenate([first.raw, second.raw]),
        y=np.concatenate([first.y, second.y]),
        sample_weight=None if None in weights else np.concatenate(weights),  # type: ignore[arg-type]
    )
