"""Writing a model for another program, and the certificate beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from glassnet.arrays import Shape
from glassnet.data import Scaling
from glassnet.errors import ConfigError, OutputError
from glassnet.files import write_atomically
from glassnet.interop.c_file import c_source
from glassnet.interop.certificate import Certificate
from glassnet.interop.certify import (
    SAMPLES,
    certify_c,
    certify_numpy,
    certify_torch,
    names_in,
    own_outputs,
    torch_is_installed,
)
from glassnet.interop.numpy_file import numpy_source
from glassnet.interop.program import Program
from glassnet.interop.samples import random_inputs
from glassnet.interop.torch_file import torch_source
from glassnet.layers import Layer
from glassnet.storage import load_arrays, save


@dataclass(frozen=True)
class Exported:
    """The files that were written, and how far what they compute is from the model."""

    files: tuple[Path, ...]
    certificate: Certificate
    certificate_file: Path


@dataclass(frozen=True)
class _Order:
    """What is to be written where."""

    model: Layer
    input_shape: Shape
    path: Path
    scaling: Scaling | None
    class_names: tuple[str, ...] | None

    def program(self) -> Program:
        return Program.of(self.model, self.input_shape, self.scaling)


def _torch(order: _Order) -> tuple[list[Path], Certificate]:
    weights = order.path.with_suffix(".safetensors")
    if order.scaling is not None:
        raise ConfigError(
            "the scaling is not part of a PyTorch module; leave --scaling out, and scale the "
            "samples before"
        )
    save(order.model, weights)
    write_atomically(order.path, torch_source(order.model, order.input_shape, weights.name))
    if torch_is_installed():
        build = names_in(order.path)["build"]
        certificate = certify_torch(
            build, load_arrays(weights), order.model, order.input_shape, order.path.name
        )
    else:
        reason = "outputs and a training step, because PyTorch is not installed"
        certificate = Certificate(order.path.name, unchecked=[reason])
    return [order.path, weights], certificate


def _onnx(order: _Order) -> tuple[list[Path], Certificate]:
    from glassnet.interop.onnx_running import certify_onnx
    from glassnet.interop.onnx_writer import OPSET, to_onnx

    program = order.program()
    content = to_onnx(program, order.class_names).SerializeToString()
    write_atomically(order.path, content)
    x = random_inputs(program, SAMPLES)
    ours = own_outputs(order.model, x, order.scaling)
    return [order.path], certify_onnx(content, x, ours, order.path.name, opset=OPSET)


def _numpy(order: _Order) -> tuple[list[Path], Certificate]:
    program = order.program()
    write_atomically(order.path, numpy_source(program, order.class_names))
    return [order.path], certify_numpy(order.path, order.model, program, order.scaling)


def _c(order: _Order) -> tuple[list[Path], Certificate]:
    program = order.program()
    write_atomically(order.path, c_source(program, order.class_names))
    return [order.path], certify_c(order.path, order.model, program, order.scaling)


@dataclass(frozen=True)
class Target:
    """One kind of program to export for."""

    suffix: str
    ending: str
    """What a file is called by default: the model's name and this."""
    write: Callable[[_Order], tuple[list[Path], Certificate]] = field(repr=False)


TARGETS = {
    "torch": Target(".py", "-torch.py", _torch),
    "onnx": Target(".onnx", ".onnx", _onnx),
    "numpy": Target(".py", "-numpy.py", _numpy),
    "c": Target(".c", ".c", _c),
}


def export(
    model: Layer,
    input_shape: Shape,
    target: str,
    path: str | Path,
    *,
    scaling: Scaling | None = None,
    class_names: tuple[str, ...] | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a model for another program, run what was written, and keep a certificate beside it.

    Parameters
    ----------
    model : Layer
    input_shape : tuple of int
        Of one sample.
    target : {"torch", "onnx", "numpy", "c"}
    path : path
        The file to write; of ``"torch"`` the script, beside which the weights are written.
    scaling : Scaling, optional
        To be computed by the exported program, which then takes samples as they are in the data.
    class_names : tuple of str, optional
        Written into the file, where it has a place for them.
    overwrite : bool
        Whether files that are there may be replaced.

    Raises
    ------
    ConfigError
        If a layer is not Glassnet's own, or an option does not go with the target.
    OutputError
        If a file is there already, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.Tanh()).initialize(seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     exported = export(model, (2,), "numpy", f"{folder}/net.py")
    >>> exported.certificate.ok, [file.name for file in exported.files]
    (True, ['net.py'])
    """
    path, kind = Path(path), TARGETS[target]
    if path.suffix != kind.suffix:
        raise OutputError(f"--{target} writes a file that ends in {kind.suffix}, not {path.name}")
    certificate_file = path.with_suffix(f"{kind.suffix}.certificate.json")
    files = [path, certificate_file]
    if target == "torch":
        files.append(path.with_suffix(".safetensors"))
    for file in files:
        if file.exists() and not (overwrite and file.is_file()):
            raise OutputError(
                f"{file} is there already; choose another name with --out, or say --overwrite"
            )
    written, certificate = kind.write(_Order(model, input_shape, path, scaling, class_names))
    certificate.write(certificate_file)
    return Exported(tuple(written), certificate, certificate_file)
