"""Fitting a scaling on the training part, and no other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data.scaling import Scaling
from glassnet.errors import ConfigError
from glassnet.words import nearest

SCALINGS = ("none", "minmax", "minmax-feature", "zscore", "zscore-feature")
"""The named scalings; `fit_scaling` says what else may be written."""

_CHUNK = 1 << 18  # elements looked at together; bounds each float64 temporary to 2 MB
_NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*")


def fit_scaling(scaling: str | Mapping[str, Any] | Scaling, x_train: Array) -> Scaling:
    """Return the scaling asked for, fitted on the training samples where it depends on them.

    =====================  ==================================================================
    `"none"`               samples as they are
    `"minmax"`             the range of the whole training part to 0..1 (bytes 0..255: x / 255)
    `"minmax-feature"`     the same for each feature by itself
    `"zscore"`             one mean to 0, one standard deviation to 1
    `"zscore-feature"`     the same for each feature by itself
    `"minmax -> -1..1"`    another range to scale to; also `"minmax-feature -> a..b"`
    `"0..255 -> 0.01..1"`  a fixed range, whatever the data: x / 255 * 0.99 + 0.01
    `"0..16"`              a fixed range to 0..1
    =====================  ==================================================================

    A `Scaling`, or a mapping with `scale` and `offset`, is taken as it is. Features that do not
    vary are shifted and not stretched.

    Parameters
    ----------
    scaling : str, mapping or Scaling
        What to do.
    x_train : array, shape (N, ...)
        The training samples and no others; statistics are computed in float64 by blocks.

    Raises
    ------
    ConfigError
        If `scaling` is none of the above.

    Examples
    --------
    >>> x = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> fit_scaling("minmax-feature", x).apply(x)
    array([[0., 0.],
           [1., 0.]], dtype=float32)
    >>> fit_scaling("0..255 -> 0.01..1", x).apply(np.array([0, 255]))
    array([0.01, 1.  ], dtype=float32)
    """
    if isinstance(scaling, Scaling):
        return scaling
    if isinstance(scaling, Mapping):
        return Scaling.from_dict(scaling)
    if not isinstance(scaling, str):
        raise ConfigError(f"scaling must be a name such as 'minmax', not {scaling!r}")
    source, arrow, target = (part.strip() for part in scaling.partition("->"))
    low, high = _range(target, scaling) if arrow else (0.0, 1.0)
    if source in {"minmax", "minmax-feature"}:
        return _onto(*_extent(x_train, source == "minmax-feature"), low, high)
    if _RANGE.fullmatch(source):
        return _onto(*_range(source, scaling), low, high)
    if source in SCALINGS and not arrow:
        return Scaling() if source == "none" else _standardise(x_train, source == "zscore-feature")
    if source in SCALINGS:
        raise ConfigError(
            f"scaling {scaling!r}: {source} has no range to scale to; write {source!r}"
        )
    raise ConfigError(
        f"there is no scaling {scaling!r}{nearest(source, SCALINGS)}; there are "
        f"{', '.join(SCALINGS)} and ranges such as '0..255 -> 0.01..1'"
    )


def _onto(minimum: float | Array, maximum: float | Array, low: float, high: float) -> Scaling:
    """Map minimum..maximum to low..high; what does not vary goes to `low`."""
    constant = _constant(minimum, maximum)
    scale = np.where(
        constant, 1.0, (high - low) / np.where(constant, 1.0, np.subtract(maximum, minimum))
    )
    return _scaling(scale, low - np.multiply(minimum, scale))


def _standardise(x: Array, per_feature: bool) -> Scaling:
    axis = 0 if per_feature else None
    mean = x.mean(axis=axis, dtype=np.float64)
    squares = sum(np.square(block - mean).sum(axis=axis) for block in _blocks(x))
    deviation = np.sqrt(squares / (len(x) if per_feature else x.size))
    constant = _constant(*_extent(x, per_feature)) | (deviation == 0)
    scale = 1.0 / np.where(constant, 1.0, deviation)
    return _scaling(scale, -mean * scale)


def _extent(x: Array, per_feature: bool) -> tuple[Array, Array]:
    axis = 0 if per_feature else None
    return np.asarray(x.min(axis=axis), np.float64), np.asarray(x.max(axis=axis), np.float64)


def _constant(minimum: float | Array, maximum: float | Array) -> Array:
    """Whether a range is no more than the rounding of float32 at that place."""
    size = np.maximum(np.abs(minimum), np.abs(maximum))
    return np.subtract(maximum, minimum) <= np.finfo(np.float32).eps * size + 1e-30


def _blocks(x: Array) -> Iterator[Array]:
    rows = max(1, _CHUNK // max(1, x[0].size))
    for start in range(0, len(x), rows):
        yield x[start : start + rows].astype(np.float64)


def _scaling(scale: Array, offset: Array) -> Scaling:
    """Python floats where there is one number: NumPy's float64 scalars would promote float32."""
    return Scaling(*(float(v) if np.ndim(v) == 0 else v for v in (scale, offset)))


def _range(text: str, scaling: str) -> tuple[float, float]:
    match = _RANGE.fullmatch(text)
    low, high = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if not (low < high and np.isfinite([low, high]).all()):
        raise ConfigError(
            f"scaling {scaling!r}: a range is two numbers, the smaller first, such as 0..255"
        )
    return low, high
