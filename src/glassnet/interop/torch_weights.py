"""A PyTorch `state_dict`, saved as safetensors, as a model.

A `state_dict` has names and shapes, and nothing of what has no weights: activations, strides,
poolings. What can be read is read, what is assumed is said, and the rest needs a recipe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.errors import CheckpointError, ConfigError
from glassnet.interop.incoming import Imported
from glassnet.interop.torch_order import chained
from glassnet.layers import Layer, Sequential
from glassnet.storage import load_arrays
from glassnet.words import nearest

T = TypeVar("T")
MOST_DIGITS = 4
"""Of a layer's number; a stack has fewer layers."""
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".tar"}
BEGINNINGS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""With which files begin that PyTorch pickles."""
ACTIVATIONS: dict[str, type[Layer]] = {
    kind.__name__.lower(): kind
    for kind in (
        library.ReLU, library.LeakyReLU, library.ELU, library.GELU, library.SiLU, library.Sigmoid,
        library.Tanh, library.Identity,
    )
}  # fmt: skip
RECIPE = (
    "say how they go together with --recipe, a recipe, a TOML file or a run folder whose model "
    "has these layers"
)


def read_state(path: str | Path) -> dict[str, Array]:
    """Read a `state_dict` from a safetensors file.

    Raises
    ------
    CheckpointError
        If it is a pickle, which is never opened, or not whole, or holds no weights.
    """
    path = Path(path)
    if path.is_file():
        with path.open("rb") as opened:
            begins = opened.read(4)
        if path.suffix.lower() in PICKLES or begins.startswith(BEGINNINGS):
            raise CheckpointError(
                f"{path} is a pickle, which can run any code when it is opened, so it is not "
                "opened; in PyTorch, write safetensors.torch.save_file(model.state_dict(), "
                f'"{path.stem}.safetensors") and import that'
            )
    arrays = load_arrays(path)
    if not arrays:
        raise CheckpointError(f"{path} holds no weights; save model.state_dict() into it")
    return arrays


def from_state(state: Mapping[str, Array], activation: str | None = None) -> Imported:
    """Build the stack of Linear layers (and normalisations) that a `state_dict` describes.

    Parameters
    ----------
    state : mapping
        Names and arrays.
    activation : str, optional
        What stands between two Linear layers; by default ReLU is assumed, and that is said.

    Raises
    ------
    CheckpointError
        If names and shapes do not tell the architecture; the message says what is unknown.

    Examples
    --------
    >>> state = {"0.weight": np.ones((3, 2)), "0.bias": np.ones(3), "2.weight": np.ones((1, 3))}
    >>> imported = from_state(state)
    >>> imported.model
    Sequential(
      (0) Linear(2, 3)
      (1) ReLU()
      (2) Linear(3, 1, bias=False)
    )
    >>> imported.assumed
    ('ReLU between the Linear layers, which the file does not say',)
    """
    wanted = (activation or "relu").replace("-", "").lower()
    if wanted not in ACTIVATIONS:
        raise ConfigError(
            f"--activation is {activation!r}{nearest(wanted, ACTIVATIONS)}; there are "
            f"{', '.join(ACTIVATIONS)}"
        )
    kind = ACTIVATIONS[wanted]
    groups = _groups(state)
    numbered = all(re.fullmatch(rf"\d{{1,{MOST_DIGITS}}}", name) for name in groups)
    stack: list[Layer] = []
    between = 0
    was_linear = False
    layers = {name: _layer(name, arrays) for name, arrays in groups.items()}
    order = tuple(layers) if numbered else chained(layers)
    for name in order:
        layer = layers[name]
        missing = max(int(name) - len(stack), 0) if numbered else 0
        if not stack and missing:
            stack += [library.Flatten(), *(library.Identity() for _ in range(missing - 1))]
        elif stack and (missing or (not numbered and isinstance(layer, library.Linear))):
            stack += [kind(), *(library.Identity() for _ in range(missing - 1))]
            between += 1
        elif was_linear and isinstance(layer, library.Linear) and activation is not None:
            raise CheckpointError(
                f"layer {name} follows the one before it at once, so --activation has no place; "
                "leave it out"
            )
        stack.append(layer)
        was_linear = isinstance(layer, library.Linear)
    assumed = []
    if between and activation is None:
        assumed.append(f"{kind.__name__} between the Linear layers, which the file does not say")
    if any(isinstance(layer, (library.BatchNorm1d, library.LayerNorm)) for layer in stack):
        assumed.append("eps of 1e-05 and momentum of 0.1, PyTorch's defaults")
    if not numbered and len(order) > 1:
        why = "that of the names" if order == tuple(groups) else "in which the shapes fit"
        assumed.append(f"the order {', '.join(order)}, {why}")
    try:
        model = Sequential(*stack)
    except ValueError as error:
        raise CheckpointError(f"the weights do not make a stack ({error}); {RECIPE}") from error
    if not numbered:  # matching by shape goes by the order
        state = {
            f"{name}.{key}" if name else key: groups[name][key] for name in order
            for key in groups[name]
        }  # fmt: skip
    return Imported(with_state(model, state, sort=numbered).model, tuple(assumed))


def with_state(model: Layer, state: Mapping[str, Array], *, sort: bool = True) -> Imported:
    """Give a model the weights of a `state_dict`, by name, or where names differ by shape in order.

    The order is that of the names, or with ``sort=False`` that of the mapping.

    Raises
    ------
    CheckpointError
        If they do not fit.
    """
    counters = {
        name: buffer.value
        for name, buffer in model.named_buffers()
        if name.endswith("num_batches_tracked")
    }
    model.initialize(seed=0)
    dtype = next((a.dtype for a in state.values() if a.dtype.kind == "f"), None)
    if dtype is not None and dtype.itemsize == 8:
        model.astype(dtype)
    own = _shapes(model)
    if set(own) - set(counters) <= set(state) <= set(own):
        model.load_state_dict(counters | dict(state))
        return Imported(model)
    theirs = _groups(state, sort=sort)
    renamed: dict[str, Array] = dict(counters)
    for name, members in _groups(own).items():
        shapes = {key: s for key, s in members.items() if key != "num_batches_tracked"}
        match = next(
            (n for n, arrays in theirs.items()
             if {k: a.shape for k, a in arrays.items() if k != "num_batches_tracked"} == shapes),
            None,
        )  # fmt: skip
        if match is None:
            if set(own) & set(state):
                model.load_state_dict(state)  # says what is missing and what does not fit
            left = {n: {k: a.shape for k, a in arrays.items()} for n, arrays in theirs.items()}
            raise CheckpointError(
                f"no weights in the file have the shapes of layer {name}, {shapes}; left are "
                f"{str(left)[:300]}; {RECIPE}"
            )
        prefix = f"{name}." if name else ""
        renamed |= {prefix + key: array for key, array in theirs.pop(match).items()}
    if theirs:
        raise CheckpointError(f"the recipe's model has no place for {', '.join(theirs)}; {RECIPE}")
    model.load_state_dict(renamed)
    return Imported(model, ("weights matched by shape and order, because the names differ",))


def outputs_of(state: Mapping[str, Array]) -> int:
    """Return the number of outputs: the rows of the last matrix, in the order of the names."""
    weights = [arrays["weight"] for arrays in _groups(state).values() if "weight" in arrays]
    rows = [weight.shape[0] for weight in weights if weight.ndim == 2]
    return int(rows[-1]) if rows else 1


def _shapes(model: Layer) -> dict[str, tuple[int, ...]]:
    named = {name: p.shape for name, p in model.named_parameters()}
    return named | {name: b.shape for name, b in model.named_buffers()}


def _groups(state: Mapping[str, T], *, sort: bool = True) -> dict[str, dict[str, T]]:
    """Put together what belongs to one layer; layers in the order of their names, 2 before 10."""
    groups: dict[str, dict[str, T]] = {}
    for name, array in state.items():
        layer, _, own = name.rpartition(".")
        groups.setdefault(layer, {})[own] = array
    return {name: groups[name] for name in sorted(groups, key=_natural)} if sort else groups


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(rf"(\d{{1,{MOST_DIGITS}}})", name)
        if part
    ]


def _layer(name: str, arrays: Mapping[str, Array]) -> Layer:
    """Return the layer that has such arrays."""
    shapes = {key: array.shape for key, array in arrays.items()}
    weight = shapes.get("weight", ())
    where = f"{name}.weight" if name else "weight"
    bias = shapes.get("bias")
    if {"weight", "bias", "running_mean", "running_var"} <= set(shapes) and len(weight) == 1:
        return library.BatchNorm1d(weight[0])
    if set(shapes) <= {"weight", "bias"} and min(weight, default=0) > 0:
        if len(weight) == 2 and bias in (None, weight[:1]):
            options: dict[str, Any] = {"bias": False} if bias is None else {}
            return library.Linear(weight[1], weight[0], **options)
        if len(weight) == 1 and bias == weight:
            return library.LayerNorm(weight[0])
        if len(weight) == 4:
            raise CheckpointError(
                f"{where} of shape {weight} is a convolution, whose stride and padding no file of "
                f"weights says, nor the poolings between; {RECIPE}"
            )
    listed = ", ".join(f"{key} {shape}" for key, shape in shapes.items())
    raise CheckpointError(
        f"{name or 'the file'} ({listed}) is no layer that Glassnet can read from names and "
        f"shapes; {RECIPE}"
    )
