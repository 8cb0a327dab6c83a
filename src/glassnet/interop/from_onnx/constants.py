"""The parts of an ONNX graph that do not depend on the data: shapes, and weights turned round.

Files compute with shapes (`x.view(x.size(0), -1)` is five nodes) and with weights. What can make
arrays larger is done on small arrays only, so that no file of a few bytes fills the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from glassnet.arrays import Array

MOST_SMALL = 10_000
"""Values of the arrays with which is computed what may grow."""
Fold = Callable[[Sequence[Any], dict[str, Any]], Any]


def _axes(inputs: Sequence[Any], attributes: dict[str, Any]) -> tuple[int, ...]:
    given = inputs[1] if len(inputs) > 1 else attributes.get("axes")
    return () if given is None else tuple(int(a) for a in np.ravel(given))


def _squeeze(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    return np.squeeze(inputs[0], _axes(inputs, attributes) or None)


def _slice(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    names = ("starts", "ends", "axes", "steps")
    given = [
        inputs[i] if i < len(inputs) else attributes.get(name) for i, name in enumerate(names, 1)
    ]
    starts, ends, axes, steps = ([] if g is None else np.ravel(g).tolist() for g in given)
    where = [slice(None)] * inputs[0].ndim
    for i, start in enumerate(starts):
        axis = axes[i] if axes else i
        where[axis] = slice(start, ends[i], steps[i] if steps else 1)
    return inputs[0][tuple(where)]


def _reshape(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    shape = [int(n) for n in np.ravel(inputs[1])]
    if not attributes.get("allowzero", 0):
        shape = [inputs[0].shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return inputs[0].reshape(shape)


def _filled(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """Return one number as often as a shape says, or once where only broadcasting makes sense."""
    from onnx import numpy_helper

    tensor = attributes.get("value")
    number = 0.0 if tensor is None else numpy_helper.to_array(tensor).ravel()[0]
    shape = [int(n) for n in np.ravel(inputs[0])]
    return np.full(shape if np.prod(shape, dtype=float) <= MOST_SMALL else [1] * len(shape), number)


def _expanded(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """Return an array expanded, or where that is large with as many axes, to broadcast later."""
    shape = [int(n) for n in np.ravel(inputs[1])]
    array = inputs[0].reshape((1,) * (len(shape) - inputs[0].ndim) + inputs[0].shape)
    if np.prod(np.broadcast_shapes(array.shape, tuple(shape)), dtype=float) > MOST_SMALL:
        return array
    return np.broadcast_to(array, np.broadcast_shapes(array.shape, tuple(shape)))


def _length(inputs: Sequence[Any], attributes: dict[str, Any]) -> Any:
    """Return the Euclidean length along axes, by which weights are normalised."""
    axes = _axes(inputs, attributes) or None
    return np.sqrt(np.sum(inputs[0] ** 2, axis=axes, keepdims=bool(attributes.get("keepdims", 1))))


TURNS: dict[str, Fold] = {
    "ConstantOfShape": _filled,
    "Expand": _expanded,
    "Identity": lambda a, n: a[0],
    "Neg": lambda a, n: -a[0],
    "ReduceL2": _length,
    "Reshape": _reshape,
    "Shape": lambda a, n: np.array(a[0].shape, np.int64)[n.get("start", 0) : n.get("end")],
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": lambda a, n: np.transpose(a[0], n.get("perm")),
    "Unsqueeze": lambda a, n: np.expand_dims(a[0], _axes(a, n)),
}
"""What gives as many values as it takes, or fewer, or few."""
COMPUTES: dict[str, Fold] = {
    "Add": lambda a, n: a[0] + a[1],
    "Concat": lambda a, n: np.concatenate(a, axis=n["axis"]),
    "Div": lambda a, n: a[0] // a[1] if a[0].dtype.kind == "i" else a[0] / a[1],
    "Gather": lambda a, n: np.take(a[0], np.asarray(a[1], np.int64), axis=n.get("axis", 0)),
    "Equal": lambda a, n: a[0] == a[1],
    "Mod": lambda a, n: np.fmod(a[0], a[1]) if n.get("fmod", 0) else np.mod(a[0], a[1]),
    "Mul": lambda a, n: a[0] * a[1],
    "Pow": lambda a, n: np.power(a[0], a[1]),
    "Sqrt": lambda a, n: np.sqrt(a[0]),
    "Sub": lambda a, n: a[0] - a[1],
    "Where": lambda a, n: np.where(a[0], a[1], a[2]),
}
"""What may give more values than it takes, or costs time."""


def fold(kind: str, inputs: Sequence[Any], attributes: dict[str, Any], dtype: Any) -> Array | None:
    """Return the constant that a node makes of constants, None if that is not known here.

    Raises
    ------
    ValueError
        If the arrays are too large for what is to be done with them, or do not go together.
    """
    if kind == "Cast":
        return np.asarray(inputs[0]).astype(dtype)
    if kind in TURNS:
        return np.asarray(TURNS[kind](inputs, attributes))
    if kind not in COMPUTES:
        return None
    sizes = [array.size for array in inputs if array is not None]
    shapes = [array.shape for array in inputs if array is not None]
    may_grow = kind in ("Concat", "Gather") or np.prod(
        np.broadcast_shapes(*shapes), dtype=float
    ) > max(sizes)
    if may_grow and sum(sizes) > MOST_SMALL:
        raise ValueError(f"computes with constants of {sum(sizes):,} values")
    return np.asarray(COMPUTES[kind](inputs, attributes))
