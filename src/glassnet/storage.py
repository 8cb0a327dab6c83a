"""A model in one file: weights as safetensors, the architecture as JSON in its header.

The tensors have PyTorch's names and shapes, so any program that reads safetensors reads them. A
file never contains code: the architecture is a list of layer types and arguments.
"""

import json
import os
from pathlib import Path

from glassnet.arrays import Array
from glassnet.errors import CheckpointError
from glassnet.files import write_atomically
from glassnet.layers import Layer, from_config
from glassnet.parsing import from_json
from glassnet.room import at_most
from glassnet.store import ParameterStore

FORMAT = "glassnet"
DTYPES = ("float32", "float64")
VERSION = 1


def save(model: Layer, path: str | os.PathLike[str]) -> None:
    """Write a model, architecture and weights, to a safetensors file (whole or not at all).

    The same model gives the same bytes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ConfigError
        If a layer was made with arguments that cannot be described in a file.

    Examples
    --------
    >>> import tempfile
    >>> model = gn.Sequential(gn.Linear(2, 3)).initialize(seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gn.save(model, f"{folder}/m.safetensors")
    ...     again = gn.load(f"{folder}/m.safetensors")
    >>> bool((again[0].weight.value == model[0].weight.value).all())
    True
    """
    from safetensors.numpy import save as to_bytes

    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "dtype": str(model.dtype),
        "architecture": json.dumps(model.config()),
    }
    write_atomically(path, in_order(to_bytes(model.state_dict(), metadata)))


def load(path: str | os.PathLike[str]) -> Layer:
    """Read a model that `save` wrote.

    Your own layer types are found by their class name, if the module that defines them has been
    imported.

    Raises
    ------
    CheckpointError
        If there is no such file, or it is not one of these, or damaged, or of a newer format.
    """
    arrays, metadata = _read(Path(path))
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} holds weights but no Glassnet architecture; build the model yourself, then "
            "model.load_state_dict(glassnet.storage.load_arrays(path))"
        )
    try:
        is_known = 1 <= int(metadata["version"]) <= VERSION
    except (KeyError, ValueError):
        is_known = False
    if not is_known:
        raise CheckpointError(
            f"{path} has format version {metadata.get('version')}, newer than the {VERSION} that "
            "this Glassnet reads; install a newer one"
        )
    try:
        with at_most(sum(array.size for array in arrays.values())):
            model = from_config(from_json(metadata["architecture"]))
        if (dtype := metadata["dtype"]) not in DTYPES:  # NumPy would read much more into a word
            raise ValueError(f"its numbers are called {dtype!r}, not {' or '.join(DTYPES)}")
        model.astype(dtype)
        model.load_state_dict(arrays)
        ParameterStore(dict(model.named_parameters()))  # in one vector, as training leaves them
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"cannot rebuild the model in {path}: {error}") from error
    return model


def load_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read the tensors of any safetensors file, for `Layer.load_state_dict`.

    Raises
    ------
    CheckpointError
        If there is no such file, or it is not safetensors, or damaged.
    """
    return _read(Path(path))[0]


def in_order(content: bytes) -> bytes:
    """Sort the metadata in the header of a safetensors file, which the library leaves to chance.

    The header is its length in eight bytes, and JSON filled up with spaces to a multiple of eight.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def _read(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; give the path of a .safetensors file")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, file.metadata() or {}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path} is not a whole safetensors file ({error}); it may be damaged or cut short"
        ) from error
