"""A checkpoint: all that a training depends on, in one safetensors file.

Arrays are tensors; everything else is JSON in the header; nothing is ever unpickled. A checksum
covers every byte of the file, so damage is found wherever it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import CheckpointError
from glassnet.files import write_atomically
from glassnet.parsing import from_json
from glassnet.storage import in_order

FORMAT = "glassnet-checkpoint"
VERSION = 1
DIGITS = 64
CHECKSUM = re.compile(rb'"checksum":"([0-9a-f]{%d})"' % DIGITS)
MOST_HEADER = 100_000_000
"""Bytes; what has a longer header is no safetensors file."""
TENSOR = "$tensor"
"""The key that stands in the JSON for an array."""


class NewerFormatError(CheckpointError):
    """A checkpoint of a newer Glassnet: whole, but not for this one."""


@dataclass(frozen=True)
class Checkpoint:
    """What a training stood at.

    Attributes
    ----------
    step : int
        Steps taken.
    state : dict
        What `Trainer.state_dict` gave.
    about : dict
        What it belongs to: data, code, versions, as far as the writer said it.
    path : Path, optional
        Where it was read.
    """

    step: int
    state: dict[str, Any]
    about: dict[str, Any]
    path: Path | None = None

    def to_bytes(self) -> bytes:
        """Return the file; the same checkpoint gives the same bytes."""
        from safetensors.numpy import save

        tensors: dict[str, Array] = {}
        metadata = {
            "format": FORMAT,
            "version": str(VERSION),
            "step": str(self.step),
            "state": json.dumps(_without_arrays(self.state, "", tensors)),
            "about": json.dumps(self.about),
            "checksum": "0" * DIGITS,
        }
        blank = in_order(save(tensors, metadata))
        place = CHECKSUM.search(blank)
        assert place is not None  # it has just been written there
        digest = blake2b(blank, digest_size=DIGITS // 2).hexdigest().encode()
        return blank[: place.start(1)] + digest + blank[place.end(1) :]

    @classmethod
    def from_bytes(cls, content: bytes, path: Path | None = None) -> Checkpoint:
        """Read what `to_bytes` gave.

        Raises
        ------
        CheckpointError
            If it is something else, or damaged, or of a newer format.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        where = "the checkpoint" if path is None else str(path)
        size = int.from_bytes(content[:8], "little")
        header = content[8 : 8 + min(size, MOST_HEADER)]
        place = CHECKSUM.search(header)
        if place is None:
            raise CheckpointError(f"{where} is not a checkpoint, or damaged: it has no checksum")
        first, last = 8 + place.start(1), 8 + place.end(1)
        digest = blake2b(content[:first], digest_size=DIGITS // 2)
        digest.update(b"0" * DIGITS)
        digest.update(memoryview(content)[last:])
        if digest.hexdigest().encode() != place[1]:
            raise CheckpointError(f"{where} is damaged: its checksum does not fit its content")
        try:
            metadata = from_json(header)["__metadata__"]
            if metadata["format"] != FORMAT:
                raise CheckpointError(f"{where} is not a checkpoint but {metadata['format']!r}")
            if int(metadata["version"]) > VERSION:
                raise NewerFormatError(
                    f"{where} has format version {metadata['version']}, newer than the {VERSION} "
                    "that this Glassnet reads; install a newer one"
                )
            state = _with_arrays(from_json(metadata["state"]), load(content))
            return cls(int(metadata["step"]), state, from_json(metadata["about"]), path)
        except CheckpointError:
            raise
        except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CheckpointError(f"{where} cannot be read: {error!r}") from error

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, self.to_bytes())

    @classmethod
    def read(cls, path: str | Path) -> Checkpoint:
        """Read a file.

        Raises
        ------
        CheckpointError
            If it cannot be read, or is no checkpoint, or damaged, or of a newer format.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
        return cls.from_bytes(content, Path(path))


def files(folder: str | Path) -> list[Path]:
    """Return the checkpoints in a folder, the newest first; whether they are whole is not known."""
    return sorted(Path(folder).glob("step-*.safetensors"), key=step_of, reverse=True)


def file_name(step: int) -> str:
    """Return what the checkpoint after so many steps is called."""
    return f"step-{step:09d}.safetensors"


def step_of(path: Path) -> int:
    """Return after how many steps a file was written, by its name; -1 for a name of others."""
    digits = path.name.removeprefix("step-").removesuffix(".safetensors")
    return int(digits) if digits.isdecimal() else -1


def newest(folder: str | Path) -> tuple[Checkpoint, list[str]]:
    """Return the newest checkpoint of a folder that is whole, and why newer ones were passed over.

    Raises
    ------
    CheckpointError
        If there is none, or the newest is of a newer format.
    """
    passed: list[str] = []
    for path in files(folder):
        try:
            return Checkpoint.read(path), passed
        except NewerFormatError:
            raise
        except CheckpointError as error:
            passed.append(str(error))
    reasons = f" ({'; '.join(passed)})" if passed else ""
    raise CheckpointError(f"{folder} holds no whole checkpoint{reasons}; train anew")


def _without_arrays(value: Any, name: str, tensors: dict[str, Array]) -> Any:
    """Return a state as JSON knows it; its arrays go to `tensors` under dotted names."""
    if isinstance(value, Mapping):
        return {key: _without_arrays(v, f"{name}/{key}", tensors) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_arrays(v, f"{name}/{i}", tensors) for i, v in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        key = name.removeprefix("/")
        tensors[key] = np.require(value, requirements="C")
        return {TENSOR: key}
    return value


def _with_arrays(value: Any, tensors: Mapping[str, Array]) -> Any:
    """Return a state with its arrays back in their places."""
    if isinstance(value, dict):
        if value.keys() == {TENSOR}:
            return tensors[value[TENSOR]]
        return {key: _with_arrays(item, tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_arrays(item, tensors) for item in value]
    return value
