"""What is written for other programs computes what the model computes."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import glassnet as gn
from glassnet import interop
from glassnet.arrays import Array
from glassnet.data import Scaling
from glassnet.interop.c_file import CALLS as C_CALLS
from glassnet.interop.c_file import c_source
from glassnet.interop.certify import own_outputs
from glassnet.interop.numpy_file import CALLS as NUMPY_CALLS
from glassnet.interop.numpy_file import numpy_source
from glassnet.interop.onnx_writer import WRITERS
from glassnet.interop.program import NOTHING, SHARED, Program
from glassnet.interop.torch_file import EXPRESSIONS
from tests.layers.table import LAYERS, Row

from .networks import Network, networks, valued

COMPILER = shutil.which("gcc")
needs_gcc = pytest.mark.skipif(COMPILER is None, reason="gcc compiles what was written")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"]
rows = pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.name)
often = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seldom = settings(often, max_examples=15)


def assert_close(found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    scale = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * scale)


def by_numpy(program: Program, x: Array) -> Array:
    space: dict = {}
    exec(numpy_source(program), space)
    return space["predict"](x)


def by_c(program: Program, x: Array, folder: Path) -> Array:
    """Compile as a program of its own, and hand it the samples as text."""
    (folder / "net.c").write_text(c_source(program, ("a", 'ü*/\n"??/')))
    command = [COMPILER, *STRICT, "-DGLASSNET_MAIN", "net.c", "-lm", "-o", "net"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    text = "\n".join(" ".join(f"{v:.9g}" for v in sample.ravel()) for sample in x)
    ran = subprocess.run([folder / "net"], input=text, capture_output=True, text=True, check=True)
    return np.array(ran.stdout.split(), np.float32).reshape(len(x), *program.output_shape)


# --- every layer ------------------------------------------------------------------------------


def test_every_target_has_every_layer():
    containers = {gn.Sequential}
    computes = SHARED - containers - set(NOTHING)
    assert SHARED == set(EXPRESSIONS)
    assert computes | {Scaling} == set(WRITERS)
    assert computes - {gn.Residual} == set(NUMPY_CALLS)
    assert computes - {gn.Flatten} | {Scaling} == set(C_CALLS)


@rows
def test_every_layer_in_numpy(row: Row):
    model, x = row.layer(np.float32), row.sample(dtype=np.float32)
    assert_close(by_numpy(Program.of(model, row.shape), x), model.predict(x))


@needs_gcc
@rows
def test_every_layer_in_c(row: Row, tmp_path: Path):
    model, x = row.layer(np.float32), row.sample(dtype=np.float32)
    assert_close(by_c(Program.of(model, row.shape), x, tmp_path), model.predict(x))


@rows
def test_every_layer_in_onnx(row: Row):
    pytest.importorskip("onnx")
    from glassnet.interop.onnx_running import run_reference
    from glassnet.interop.onnx_writer import to_onnx

    model, x = row.layer(np.float32), row.sample(dtype=np.float32)
    content = to_onnx(Program.of(model, row.shape)).SerializeToString()
    assert_close(run_reference(content, x), model.predict(x))
    if importlib.util.find_spec("onnxruntime"):
        from glassnet.interop.onnx_running import run_onnxruntime

        assert_close(run_onnxruntime(content, x), model.predict(x))
        assert_close(run_onnxruntime(content, x[:1]), model.predict(x[:1]))


@rows
def test_every_layer_in_pytorch(row: Row, tmp_path: Path):
    pytest.importorskip("torch")
    exported = interop.export(row.layer(np.float32), row.shape, "torch", tmp_path / "net.py")
    assert exported.certificate.ok, exported.certificate.sentences()
    compared = [d.compared for d in exported.certificate.differences]
    assert compared[0] == "outputs"
    trained = bool(list(row.make().named_parameters()))
    assert ("weights after one training step" in compared) == trained


# --- random networks --------------------------------------------------------------------------


@often
@given(networks())
def test_random_networks_in_numpy(network: Network):
    x = network.sample()
    program = Program.of(network.model, network.shape)
    assert_close(by_numpy(program, x), network.model.predict(x))


@needs_gcc
@seldom
@given(network=networks())
def test_random_networks_in_c(network: Network, tmp_path: Path):
    x = network.sample()
    program = Program.of(network.model, network.shape)
    assert_close(by_c(program, x, tmp_path), network.model.predict(x))


@often
@given(network=networks())
def test_random_networks_to_onnx_and_back(network: Network, tmp_path_factory):
    pytest.importorskip("onnx")
    from glassnet.interop.from_onnx import import_onnx

    file = tmp_path_factory.mktemp("onnx") / "net.onnx"
    exported = interop.export(network.model, network.shape, "onnx", file)
    assert exported.certificate.ok, exported.certificate.sentences()
    found = import_onnx(file)
    assert found.certificate.ok
    x = network.sample()
    assert_close(found.imported.model.predict(x), network.model.predict(x))


@often
@given(network=networks())
def test_random_networks_in_pytorch(network: Network, tmp_path_factory):
    pytest.importorskip("torch")
    file = tmp_path_factory.mktemp("torch") / "net.py"
    exported = interop.export(network.model, network.shape, "torch", file)
    assert exported.certificate.differences[0].ok, exported.certificate.sentences()


# --- scaling, names, and what is refused ------------------------------------------------------

SCALINGS = [
    Scaling(1 / 16, -0.5),
    Scaling(np.array([[[2.0]], [[3.0]]]), np.array([[[0.1]], [[0.2]]])),
    Scaling(np.linspace(1, 2, 24).reshape(2, 4, 3), 0.25),
]


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("target", ["numpy", "c", "onnx"])
def test_the_scaling_may_be_inside(target: str, scaling: Scaling, tmp_path: Path):
    if target == "onnx":
        pytest.importorskip("onnx")
    model = valued(gn.Sequential(gn.Conv2d(2, 3, 2, padding=1), gn.Flatten(), gn.Linear(60, 2)))
    raw = np.random.default_rng(0).integers(0, 17, (5, 2, 4, 3)).astype(np.float32)
    expected = own_outputs(model, raw, scaling)
    program = Program.of(model, (2, 4, 3), scaling)
    ending = interop.TARGETS[target].suffix
    exported = interop.export(model, (2, 4, 3), target, tmp_path / f"net{ending}", scaling=scaling)
    assert exported.certificate.ok
    if target == "numpy":
        assert_close(by_numpy(program, raw), expected)
    elif target == "c" and COMPILER:
        assert_close(by_c(program, raw, tmp_path), expected)
    elif target == "onnx":
        from glassnet.interop.onnx_running import run_reference

        assert_close(run_reference(exported.files[0].read_bytes(), raw), expected)


def test_the_numpy_file_needs_numpy_alone(tmp_path: Path):
    row = next(row for row in LAYERS if row.name == "Sequential, convolutional")
    model, x = row.layer(np.float32), row.sample(dtype=np.float32)
    names = ("a\"'", "\n'''\"\"\"", "ü")
    interop.export(model, row.shape, "numpy", tmp_path / "net.py", class_names=names)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np, net; np.save('y.npy', net.predict(np.load('x.npy')));"
        f"assert net.CLASSES == {names!a};"
        "print(*{n.partition('.')[0] for n in sys.modules if 'site-packages' in "
        "(getattr(sys.modules[n], '__file__', None) or '')})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={"PATH": ""},
    )  # fmt: skip
    assert set(ran.stdout.split()) - {"_distutils_hack"} == {"numpy"}
    assert_close(np.load(tmp_path / "y.npy"), model.predict(x))


def test_a_certificate_tells_a_wrong_program(tmp_path: Path, monkeypatch):
    from glassnet.interop import numpy_file

    model = valued(gn.Sequential(gn.Linear(3, 2), gn.Tanh()))
    monkeypatch.setitem(numpy_file.CALLS, gn.Tanh, lambda op: ("sigmoid", []))
    exported = interop.export(model, (3,), "numpy", tmp_path / "net.py")
    assert not exported.certificate.ok
    stored = json.loads(exported.certificate_file.read_text())
    assert not stored["ok"]
    assert stored["differences"][0]["largest"] > 0.01


class Twice(gn.Layer):
    def forward(self, x, *, training=False, rng=None):
        return 2 * x, None


class OwnReLU(gn.ReLU):
    def forward(self, x, *, training=False, rng=None):
        return 2 * x, None


@pytest.mark.parametrize("target", ["torch", "onnx", "numpy", "c"])
@pytest.mark.parametrize("own", [Twice, OwnReLU])
def test_a_layer_of_ones_own_is_refused_by_name(own: type, target: str, tmp_path: Path):
    model = gn.Sequential(gn.Linear(2, 2), gn.Residual(gn.Sequential(own()))).initialize(seed=0)
    file = tmp_path / f"net{interop.TARGETS[target].suffix}"
    with pytest.raises(gn.ConfigError, match=rf"layer 1\.body\.0, a {own.__name__}, is a layer of"):
        interop.export(model, (2,), target, file)
    assert not file.exists()


def test_c_refuses_what_it_cannot_write():
    model = gn.Sequential(gn.Linear(2, 1)).initialize(seed=0)
    model[0].bias.value = [np.inf]
    with pytest.raises(gn.ConfigError, match=r"0\.bias holds numbers that are not finite"):
        c_source(Program.of(model, (2,)))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (gn.Sequential(gn.Flatten(), gn.Linear(784, 2)), (784,)),
        (gn.Sequential(gn.Tanh(), gn.Residual(gn.Sequential(gn.BatchNorm1d(3)))), (3,)),
        (gn.LayerNorm((2, 3, 4)), (2, 3, 4)),
    ],
)
def test_the_input_shape_is_read_off_the_layers(model: gn.Layer, shape: tuple[int, ...]):
    assert interop.input_shape_of(model) == shape


@pytest.mark.parametrize("model", [gn.Sequential(), gn.Sequential(gn.Conv2d(1, 2, 3)), gn.ReLU()])
def test_or_asked_for(model: gn.Layer):
    with pytest.raises(gn.ConfigError, match="give it, for instance --input-shape 1,28,28"):
        interop.input_shape_of(model)
