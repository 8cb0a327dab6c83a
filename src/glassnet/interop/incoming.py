"""A model that came from elsewhere: what was assumed, how it was checked, where it was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.arrays import Array, Shape
from glassnet.errors import OutputError
from glassnet.interop.certificate import Certificate
from glassnet.interop.certify import certify_torch, torch_is_installed
from glassnet.interop.torch_file import torch_source
from glassnet.layers import Layer
from glassnet.storage import save


@dataclass(frozen=True)
class Imported:
    """A model made of somebody else's file, and what was assumed on the way."""

    model: Layer
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedImport:
    """An imported model with the files it was saved to."""

    imported: Imported
    certificate: Certificate
    path: Path
    certificate_file: Path


def certify_import(
    imported: Imported, state: Mapping[str, Array], input_shape: Shape, name: str
) -> Certificate:
    """Compare the model with a PyTorch module of the same layers and the weights as they came.

    Where the file has other names, PyTorch is given the weights under the model's.
    """
    if not torch_is_installed():
        reason = "outputs and a training step, because PyTorch is not installed"
        return Certificate(name, unchecked=[reason])
    own = imported.model.state_dict()
    if all(name in own for name in state):  # names that differ were matched before
        own |= state
    space: dict[str, Any] = {"__file__": name}
    exec(torch_source(imported.model, input_shape, name), space)  # the text was made here
    return certify_torch(space["build"], own, imported.model, input_shape, name)


def save_imported(
    imported: Imported, certificate: Certificate, path: Path, *, overwrite: bool = False
) -> SavedImport:
    """Write the model and its certificate.

    Raises
    ------
    OutputError
        If a file is there already, has another ending, or cannot be written.
    """
    if path.suffix != ".safetensors":
        raise OutputError(f"a model is saved to a file that ends in .safetensors, not {path.name}")
    certificate_file = path.with_suffix(".safetensors.certificate.json")
    for file in (path, certificate_file):
        if file.exists() and not (overwrite and file.is_file()):
            raise OutputError(
                f"{file} is there already; choose another name with --out, or say --overwrite"
            )
    save(imported.model, path)
    certificate.write(certificate_file)
    return SavedImport(imported, certificate, path, certificate_file)
