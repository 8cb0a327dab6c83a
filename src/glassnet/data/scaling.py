"""Affine scalings of samples.

Every scaling here is `scaled = x * scale + offset`, so whatever was fitted is two numbers (or two
arrays of the shape of one sample), can be stored beside a model, and is applied alike to the
validation part, the test part and a picture somebody brings next year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array
from glassnet.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Scaling:
    """`scaled = x * scale + offset`.

    Attributes
    ----------
    scale, offset : float or array
        Python floats, or float64 arrays that broadcast over one sample.

    Examples
    --------
    >>> Scaling(1 / 16, 0.0).apply(np.array([[0, 4, 16]], np.uint8))
    array([[0.  , 0.25, 1.  ]], dtype=float32)
    """

    scale: float | Array = 1.0
    offset: float | Array = 0.0

    def apply(self, x: Array, out: Array | None = None, dtype: DTypeLike = np.float32) -> Array:
        """Return `x` scaled, as a new C-contiguous array of `dtype`, or in `out`.

        Parameters
        ----------
        x : array, shape (N, ...) or that of one sample
            Any real dtype; integers cannot overflow, because the product is computed in `dtype`.
        out : array, optional
            Receives the result, in its own dtype.
        dtype : data type
            Of the result where `out` is not given.
        """
        if out is None:
            out = np.empty(x.shape, dtype)
        scale, offset = (
            value.astype(out.dtype) if isinstance(value, np.ndarray) else value
            for value in (self.scale, self.offset)
        )
        # The cast happens inside the product, block by block: no temporary array is made.
        np.multiply(x, scale, out=out, dtype=out.dtype, casting="unsafe")
        if np.any(offset):
            out += offset
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return the scaling as numbers and lists, for JSON or TOML.

        Examples
        --------
        >>> Scaling(0.5, np.array([1.0, 2.0])).to_dict()
        {'scale': 0.5, 'offset': [1.0, 2.0]}
        """
        return {
            "scale": np.asarray(self.scale).tolist(),
            "offset": np.asarray(self.offset).tolist(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the scaling that `to_dict` wrote.

        Raises
        ------
        ConfigError
            If something else than finite numbers under `scale` and `offset` is found.
        """
        if set(stored) != {"scale", "offset"}:
            raise ConfigError(
                f"a scaling is stored as scale and offset, not as {sorted(stored) or 'nothing'}"
            )
        return cls(*(_numbers(key, stored[key]) for key in ("scale", "offset")))


def _numbers(key: str, value: Any) -> float | Array:
    try:
        numbers = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.array(np.nan)
    if not np.isfinite(numbers).all():
        raise ConfigError(f"the {key} of a scaling must be finite numbers, not {str(value)[:60]!r}")
    return float(numbers) if numbers.ndim == 0 else numbers
