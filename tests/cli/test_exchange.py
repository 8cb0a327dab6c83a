"""`glassnet export`, `import-torch` and `import-onnx`, as their users meet them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.experiments import LoadedRun
from tests.conftest import ROOT

from .conftest import assert_refused, snapshot


@pytest.mark.parametrize("target", ["torch", "onnx", "numpy", "c"])
def test_a_run_is_exported(glassnet, digits_run, target):
    if target in ("torch", "onnx"):
        pytest.importorskip(target)
    folder, _ = digits_run
    before = snapshot(folder)
    ended = glassnet("export", folder, f"--{target}", "--json")
    assert (ended.code, ended.err) == (0, "")
    found = ended.json
    assert found["ok"]
    assert all(Path(file).is_file() for file in found["files"])
    stored = json.loads(Path(found["certificate"]).read_text())
    assert stored["differences"] == found["differences"]
    assert stored.get("format", "") == ("ONNX, opset 17" if target == "onnx" else "")
    assert snapshot(folder) == before

    again = glassnet("export", folder, f"--{target}")
    assert_refused(again, found["files"][0], "is there already", "--out")
    words = glassnet("export", folder, f"--{target}", "--overwrite")
    assert words.code == 0
    if found["differences"]:
        assert "largest difference" in words.out
    assert set(snapshot()) == {*found["files"], found["certificate"]}


def test_the_scaling_makes_raw_pictures_right(glassnet, digits_run):
    folder, _ = digits_run
    ended = glassnet("export", folder, "--numpy", "--scaling", "--out", "raw.py")
    assert ended.code == 0
    test = gn.data.load("digits").test
    space: dict = {}
    exec(Path("raw.py").read_text(), space)
    run = LoadedRun.read(folder)
    expected = run.model.predict(run.scaling.apply(test.raw))
    np.testing.assert_allclose(space["predict"](test.raw), expected, atol=1e-4)
    assert space["CLASSES"] == run.class_names


def test_there_and_back_through_pytorch(glassnet, digits_run):
    pytest.importorskip("torch")
    folder, _ = digits_run
    assert glassnet("export", folder, "--torch", "--out", "net.py").code == 0
    own = LoadedRun.read(folder).model
    x = np.random.default_rng(0).normal(size=(4, 1, 8, 8)).astype(np.float32)
    for options in ((), ("--recipe", folder), ("--activation", "relu")):
        ended = glassnet("import-torch", "net.safetensors", *options, "--overwrite", "--json")
        assert ended.code == 0, ended.err
        assert len(ended.json["differences"]) == 2
        assert bool(ended.json["assumed"]) == (options == ())
        assert np.array_equal(gn.load(ended.json["model"]).predict(x), own.predict(x))
    said = glassnet("import-torch", "net.safetensors", "--out", "other.safetensors")
    assert "ReLU between the Linear layers, which the file does not say" in said.err


def test_a_model_alone_is_a_recipe(glassnet):
    from safetensors.numpy import save_file

    rng = np.random.default_rng(0)
    shapes = {"conv.weight": (2, 1, 3, 3), "conv.bias": (2,), "out.weight": (3, 18)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(arrays, "theirs.safetensors")
    assert_refused(glassnet("import-torch", "theirs.safetensors"), "stride", "--recipe")
    Path("net.toml").write_text(
        '[model]\nname = "layers"\nlayers = ['
        '{ type = "Conv2d", out_channels = 2, kernel_size = 3 }, "Tanh", '
        '"Flatten", { type = "Linear", bias = false }]\n'
    )
    command = ("import-torch", "theirs.safetensors", "--recipe", "net.toml")
    assert_refused(glassnet(*command), "--input-shape")
    ended = glassnet(*command, "--input-shape", "1,5,5", "--json")
    assert ended.code == 0, ended.err
    model = gn.load(ended.json["model"])
    assert np.array_equal(model[0].weight.value, arrays["conv.weight"])
    assert model.output_shape((1, 5, 5)) == (3,)
    assert_refused(glassnet(*command, "--input-shape", "1,9,9"), "'out': {'weight': (3, 18)}")


def test_there_and_back_through_onnx(glassnet, digits_run):
    pytest.importorskip("onnx")
    folder, _ = digits_run
    assert glassnet("export", folder, "--onnx", "--out", "net.onnx").code == 0
    ended = glassnet("import-onnx", "net.onnx", "--json")
    assert (ended.code, ended.json["input_shape"]) == (0, [1, 8, 8])
    x = np.random.default_rng(0).normal(size=(4, 1, 8, 8)).astype(np.float32)
    own = LoadedRun.read(folder).model
    assert np.array_equal(gn.load(ended.json["model"]).predict(x), own.predict(x))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "RUN"], ["choose what to write"]),
        (["export", "RUN", "--c", "--numpy"], ["choose what to write"]),
        (["export", "nowhere", "--c"], ["there is no run folder nowhere"]),
        (["export", "nowhere.safetensors", "--c"], ["there is no file"]),
        (["export", "RUN", "--c", "--out", "net.py"], ["ends in .c", "net.py"]),
        (["export", "RUN", "--c", "--input-shape", "3"], ["have shape (1, 8, 8), not (3,)"]),
        (["export", "RUN", "--c", "--input-shape", "a"], ["takes sizes", "'a'"]),
        (["export", "RUN", "--torch", "--scaling"], ["not part of a PyTorch module"]),
        (["export", "conv.safetensors", "--numpy"], ["--input-shape 1,28,28"]),
        (["export", "conv.safetensors", "--numpy", "--input-shape", "7"], ["takes images"]),
        (["export", "conv.safetensors", "--c", "--scaling", "--input-shape", "1,5,5"],
         ["without its data"]),
        (["import-torch", "nowhere.safetensors"], ["there is no file"]),
        (["import-torch", "torn.safetensors"], ["not a whole safetensors file"]),
        (["import-torch", "conv.safetensors", "--recipe", "mnits-cnn"], ["did you mean"]),
        (["import-torch", "conv.safetensors", "--recipe", "RUN", "--activation", "relu"],
         ["--activation goes without --recipe"]),
        (["import-onnx", "torn.safetensors"], ["not a whole ONNX file"]),
        (["import-onnx", "nowhere.onnx"], ["there is no file"]),
        (["import-onnx", "torn.safetensors", "--input-shape", "a"], ["takes sizes", "'a'"]),
    ],
    ids=lambda value: " ".join(value)[:60],
)  # fmt: skip
def test_a_slip_is_one_sentence(glassnet, digits_run, arguments, words):
    if arguments[0] == "import-onnx":
        pytest.importorskip("onnx")
    gn.save(gn.Sequential(gn.Conv2d(1, 2, 3)).initialize(seed=0), "conv.safetensors")
    Path("torn.safetensors").write_bytes(b"\x00" * 7)
    before = snapshot()
    folder = str(digits_run[0])
    ended = glassnet(*(folder if argument == "RUN" else argument for argument in arguments))
    assert_refused(ended, *words)
    assert snapshot() == before


def test_the_page_runs(glassnet):
    """Every shell command of docs/interchange.md, in order, and then its Python."""
    for library in ("torch", "onnx", "onnxruntime"):
        pytest.importorskip(library)
    page = (ROOT / "docs" / "interchange.md").read_text(encoding="utf-8")
    commands = re.findall(r"^glassnet (.+)$", page, flags=re.MULTILINE)
    assert len(commands) >= 7
    for command in commands:
        ended = glassnet(*command.split())
        assert ended.code == 0, ended.err
    (python,) = re.findall(r"```python\n(.+?)```", page, flags=re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["(5,", "10)", "True"]
