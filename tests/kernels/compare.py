"""Run a kernel of any edition on arrays of any memory order, and watch what it touches."""

from collections.abc import Callable
from itertools import combinations, cycle
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from glassnet.arrays import Array
from glassnet.kernels import reference, vectorised

EDITIONS = {"numpy": vectorised, "reference": reference}
WRITTEN = {
    "out",
    "bias_out",
    "value",
    "velocity",
    "total",
    "mean",
    "mean_square",
}  # all others are only read

quick = settings(max_examples=150, deadline=None, database=None)


def batch_innermost(x: Array) -> Array:
    return np.moveaxis(np.moveaxis(x, 0, -1).copy("C"), -1, 0)


def reversed_strides(x: Array) -> Array:
    backwards = (slice(None, None, -1),) * x.ndim
    return x[backwards].copy()[backwards]


def sliced(x: Array) -> Array:
    """Every other element of a larger array, along all axes, with something harmful between."""
    large = np.full([2 * n + 1 for n in x.shape], np.nan if x.dtype.kind == "f" else 1, x.dtype)
    large[(slice(1, None, 2),) * x.ndim] = x
    return large[(slice(1, None, 2),) * x.ndim]


ORDERS: dict[str, Callable[[Array], Array]] = {
    "C": lambda x: x.copy("C"),
    "F": lambda x: x.copy("F"),
    "batch innermost": batch_innermost,
    "reversed": reversed_strides,
    "sliced": sliced,
}

orders = st.lists(st.sampled_from(sorted(ORDERS)), min_size=5, max_size=5)
dtypes = st.sampled_from([np.float32, np.float64])
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def run(
    function: Callable[..., Any], arguments: dict[str, Any], order: list[str] | None = None
) -> list[Array]:
    """Return all that a kernel returns or writes, having checked what it must leave alone."""
    given = {
        name: ORDERS[how](value) if isinstance(value, np.ndarray) else value
        for (name, value), how in zip(arguments.items(), cycle(order or ["C"]), strict=False)
    }
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    for name in arrays.keys() - WRITTEN:
        arrays[name].flags.writeable = False
    result = function(**given)
    results = [] if result is None else list(result) if isinstance(result, tuple) else [result]
    if results and isinstance(results[0], float):  # a loss, in double precision
        results[0] = np.asarray(results[0], results[1].dtype)
    for name in arrays.keys() - WRITTEN:
        np.testing.assert_array_equal(arrays[name], arguments[name], err_msg=f"{name} was changed")
    for returned in results:
        assert not any(np.shares_memory(returned, array) for array in arrays.values())
    assert not any(np.shares_memory(a, b) for a, b in combinations(results, 2))
    return results + [arrays[name] for name in sorted(arrays.keys() & WRITTEN)]


def check_editions_agree(
    name: str, arguments: dict[str, Any], order: list[str], tolerance: float = 1e-5
) -> None:
    """Compare the NumPy edition with the reference; `tolerance` is for float32."""
    expected = run(getattr(reference, name), arguments, order[::-1])
    actual = run(getattr(vectorised, name), arguments, order)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        close = tolerance if e.dtype == np.float32 else 1e-11
        scale = max(1.0, float(np.abs(e[np.isfinite(e)]).max(initial=0)))
        np.testing.assert_allclose(a, e, rtol=close, atol=close * scale, err_msg=name)
