"""Running what was written, beside the model it was written from."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.data import Scaling
from glassnet.errors import OutputError
from glassnet.interop.certificate import Certificate, Difference
from glassnet.interop.program import Program
from glassnet.interop.samples import random_inputs
from glassnet.layers import Dropout, Layer, from_config
from glassnet.losses import Loss, MeanSquaredError, SoftmaxCrossEntropy
from glassnet.optimizers import SGD
from glassnet.store import ParameterStore

SAMPLES = 64
RATE = 0.1
"""Learning rate of the step that is compared."""


def own_outputs(model: Layer, x: Array, scaling: Scaling | None = None) -> Array:
    """Return what the model itself computes."""
    return model.predict(x if scaling is None else scaling.apply(x))


def names_in(file: Path) -> dict[str, Any]:
    """Run a Python file that has just been written, and return what it defines."""
    space: dict[str, Any] = {"__file__": str(file), "__name__": "exported_by_glassnet"}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), space)
    return space


def certify_numpy(
    file: Path, model: Layer, program: Program, scaling: Scaling | None
) -> Certificate:
    """Compare the outputs of an exported NumPy file with the model's."""
    x = random_inputs(program, SAMPLES)
    theirs = names_in(file)["predict"](x)
    found = Difference.between("outputs", own_outputs(model, x, scaling), theirs)
    return Certificate(file.name, [found])


def certify_c(file: Path, model: Layer, program: Program, scaling: Scaling | None) -> Certificate:
    """Compile an exported C file with warnings as errors, and compare its outputs."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return Certificate(file.name, unchecked=["outputs, because there is no C compiler here"])
    x = np.ascontiguousarray(random_inputs(program, SAMPLES))
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "exported.so"
        strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"]
        command = [compiler, *strict, "-shared", "-fPIC", str(file), "-lm", "-o", str(binary)]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=120
            )
        except subprocess.TimeoutExpired:
            return Certificate(file.name, unchecked=["outputs, because compiling takes too long"])
        if ended.returncode:
            reason = (ended.stderr.strip().splitlines() or ["no reason given"])[0]
            raise OutputError(f"{file} does not compile ({reason}); please report it as a bug")
        theirs = _call_c(binary, x, program.output_shape)
    found = Difference.between("outputs", own_outputs(model, x, scaling), theirs)
    return Certificate(file.name, [found])


def _call_c(binary: Path, x: Array, output_shape: Shape) -> Array:
    predict = ctypes.CDLL(str(binary)).glassnet_predict
    y = np.zeros((len(x), *output_shape), np.float32)
    for sample, output in zip(x, y, strict=True):
        predict(*(ctypes.c_void_p(array.ctypes.data) for array in (sample, output)))
    return y


def certify_torch(
    build: Callable[[], Any],
    state: Mapping[str, Array],
    model: Layer,
    input_shape: Shape,
    name: str,
) -> Certificate:
    """Compare a PyTorch module with the model: outputs, and one full training step.

    Parameters
    ----------
    build : callable
        Makes the module.
    state : mapping
        The weights that it is given, without any conversion.
    model : Layer
    input_shape : tuple of int
    name : str
        Of the file that was checked.

    Notes
    -----
    The step is forward, backward and SGD in training, with Dropout dropping nothing, since both
    sides draw other random numbers.
    """
    import torch

    x = np.random.default_rng(0).normal(size=(SAMPLES, *input_shape)).astype(model.dtype)
    module = build()
    module.load_state_dict({key: torch.from_numpy(np.array(a)) for key, a in state.items()})
    with torch.no_grad():
        theirs = module.eval()(torch.from_numpy(x)).numpy()
    ours = own_outputs(model, x)
    differences = [Difference.between("outputs", ours, theirs)]
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    if not list(model.named_parameters()):
        return Certificate(name, differences, libraries=("numpy", "torch"))
    after = _own_step(model, x, ours.shape)
    expected = _torch_step(module, x, ours.shape)
    flat = [
        np.concatenate([np.ravel(arrays[key]) for key in sorted(after)] or [np.zeros(0)])
        for arrays in (after, expected)
    ]
    step = Difference.between("weights after one training step", *flat)
    differences.append(Difference(step.compared, step.largest, step.scale, SAMPLES))
    return Certificate(name, differences, libraries=("numpy", "torch"))


def torch_is_installed() -> bool:
    """Whether PyTorch is there to compare with."""
    return importlib.util.find_spec("torch") is not None


def _targets(shape: Shape) -> tuple[Loss, Array]:
    """Return a loss that suits outputs of that shape, and random targets."""
    rng = np.random.default_rng(1)
    if len(shape) == 2 and shape[1] > 1:
        return SoftmaxCrossEntropy(), rng.integers(0, shape[1], shape[0])
    return MeanSquaredError(), rng.normal(size=shape).astype(np.float32)


def _own_step(model: Layer, x: Array, shape: Shape) -> dict[str, Array]:
    """Return the weights after a step of a copy of the model."""
    copy = from_config(model.config())
    copy.astype(model.dtype).load_state_dict(model.state_dict())
    for layer in copy.modules():
        if isinstance(layer, Dropout):
            layer.p = 0.0
    loss, target = _targets(shape)
    y, cache = copy.forward(x, training=True)
    if parameters := dict(copy.named_parameters()):
        store = ParameterStore(parameters)
        copy.backward_parameters(loss(y, target)[1], cache)
        SGD(lr=RATE).step(store.value, store.grad)
    return copy.state_dict()


def _torch_step(module: Any, x: Array, shape: Shape) -> dict[str, Array]:
    """Return the weights after the same step of the module."""
    import torch

    loss, target = _targets(shape)
    theirs = torch.nn.CrossEntropyLoss() if loss.kind == "classification" else torch.nn.MSELoss()
    y = module.train()(torch.from_numpy(x))
    if parameters := list(module.parameters()):
        goal = torch.from_numpy(target)
        theirs(y, goal if loss.kind == "classification" else goal.to(y.dtype)).backward()
        torch.optim.SGD(parameters, RATE).step()
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
