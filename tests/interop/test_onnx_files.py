"""ONNX files of PyTorch's two exporters and of others, whole and hostile."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassnet as gn

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from glassnet.interop.from_onnx import file as onnx_file  # noqa: E402
from glassnet.interop.from_onnx import import_onnx  # noqa: E402

RNG = np.random.default_rng(0)


def graph(nodes, constants=None, shape=("n", 4), opset=17, kind=TensorProto.FLOAT, rank=None):
    """Return a model of a few nodes from x to y."""
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in (constants or {}).items()]
    x = helper.make_tensor_value_info("x", kind, list(shape))
    y = helper.make_tensor_value_info("y", kind, [None] * (rank or len(shape)))
    made = [helper.make_node(k, i, o, **options) for k, i, o, options in nodes]
    return helper.make_model(
        helper.make_graph(made, "g", [x], [y], tensors),
        opset_imports=[helper.make_opsetid("", opset)], ir_version=8,
    )  # fmt: skip


def read(model, folder: Path):
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return import_onnx(folder / "m.onnx")


def f32(*shape):
    return RNG.normal(size=shape).astype(np.float32)


# --- PyTorch ----------------------------------------------------------------------------------


def modules():
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
            self.direct = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            y = torch.relu(x + self.norm(self.conv(x)))
            return nn.functional.silu(self.conv(y)) + self.direct(y)

    class View(nn.Module):
        def forward(self, x):
            return x.view(x.size(0), -1)

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(dim=(2, 3))

    return {
        "mlp": (nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3, bias=False)), (6,)),
        "view": (
            nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.GELU(), View(), nn.Linear(64, 3)),
            (1, 8, 8),
        ),
        "residual": (nn.Sequential(nn.Conv2d(1, 4, 3), Block(), Mean()), (1, 7, 7)),
        "pools": (
            nn.Sequential(
                nn.BatchNorm2d(2), nn.MaxPool2d(3, 2, 1), nn.ELU(0.5), nn.AvgPool2d(2, 1, 1),
                nn.LeakyReLU(0.3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(),
                nn.LayerNorm(2), nn.Linear(2, 2), nn.Sigmoid(),
            ),
            (2, 9, 8),
        ),
        "softmax": (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Softmax(1)), (4,)),
    }  # fmt: skip


NEW = {"view": "new", "residual": "new", "pools": "new"}
"""With which of the newer exporters a module is tried each time."""


@pytest.mark.parametrize(
    ("name", "exporter"),
    [
        pytest.param(name, exporter, marks=[pytest.mark.slow] * (exporter not in often))
        for name in ("mlp", "view", "residual", "pools", "softmax")
        for often in [("old", NEW.get(name, "as it comes"))]
        for exporter in ("old", "new", "as it comes")
    ],
)
def test_pytorchs_files_are_read(name: str, exporter: str, tmp_path: Path):
    torch = pytest.importorskip("torch")
    if exporter != "old":
        pytest.importorskip("onnxscript")
    module, shape = modules()[name]
    module.eval()
    x, file = torch.randn(3, *shape), tmp_path / "m.onnx"
    options = {
        "old": {"dynamo": False, "dynamic_axes": {"x": {0: "n"}}, "input_names": ["x"]},
        "new": {"dynamo": True, "dynamic_shapes": ({0: torch.export.Dim.DYNAMIC},)},
        "as it comes": {},
    }[exporter]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), file, verbose=False, **options)
    found = import_onnx(file)
    assert found.certificate.ok
    assert found.certificate.differences
    with torch.no_grad():
        expected = module(x).numpy()
    np.testing.assert_allclose(found.imported.model.predict(x.numpy()), expected, atol=2e-5)
    assert found.input_shape == shape
    assert bool(found.imported.assumed) == (exporter == "as it comes")


# --- others -----------------------------------------------------------------------------------

FILES = {
    "Gemm with all options": graph(
        [("Gemm", ["x", "w", "b"], ["y"], {"alpha": 0.5, "beta": 2.0})],
        {"w": f32(4, 3), "b": f32(1)},
    ),
    "a matrix turned round": graph(
        [("Transpose", ["w"], ["t"], {"perm": [1, 0]}), ("MatMul", ["x", "t"], ["h"], {}),
         ("Add", ["b", "h"], ["a"], {}), ("Relu", ["a"], ["y"], {})],
        {"w": f32(3, 4), "b": f32(3)},
    ),
    "scaled first": graph(
        [("Sub", ["x", "m"], ["c"], {}), ("Div", ["c", "s"], ["d"], {}),
         ("MatMul", ["d", "w"], ["y"], {})],
        {"m": f32(1, 4), "s": np.float32([1, 2, 3, 4]), "w": f32(4, 3)},
    ),
    "a GELU of small parts": graph(
        [("Mul", ["x", "half"], ["h"], {}), ("Div", ["x", "root"], ["d"], {}),
         ("Erf", ["d"], ["e"], {}), ("Add", ["e", "one"], ["p"], {}),
         ("Mul", ["p", "h"], ["y"], {})],
        {"half": np.float32(0.5), "root": np.float32(2**0.5), "one": np.float32(1)},
    ),
    "two ways inside two ways": graph(
        [("Tanh", ["x"], ["a"], {}), ("Add", ["a", "x"], ["b"], {}),
         ("Gemm", ["b", "w"], ["c"], {}),
         ("Add", ["c", "x"], ["d"], {}), ("Sigmoid", ["d"], ["e"], {}),
         ("Add", ["e", "d"], ["y"], {})],
        {"w": f32(4, 4)},
    ),
    "Clip": graph([("Clip", ["x", "zero"], ["y"], {})], {"zero": np.float32(0)}),
    "Max": graph([("Max", ["zero", "x"], ["y"], {})], {"zero": np.float32(0)}),
    "SAME": graph(
        [("Conv", ["x", "w"], ["y"], {"auto_pad": "SAME_UPPER"})], {"w": f32(2, 1, 3, 5)},
        ("n", 1, 6, 7),
    ),
    "an old file": graph([("Softmax", ["x"], ["y"], {})], opset=9),
    "a mean kept": graph(
        [("GlobalAveragePool", ["x"], ["p"], {}), ("Squeeze", ["p", "axes"], ["y"], {})],
        {"axes": np.int64([2, 3])}, ("n", 3, 5, 4), rank=2,
    ),
    "a LogSoftmax at the end": graph(
        [("Gemm", ["x", "w"], ["h"], {}), ("LogSoftmax", ["h"], ["y"], {"axis": 1})],
        {"w": f32(4, 3)},
    ),
    "the same in two": graph([("Softmax", ["x"], ["s"], {}), ("Log", ["s"], ["y"], {})]),
    "zeros as many as the batch has": graph(
        [("Shape", ["x"], ["s"], {}), ("ConstantOfShape", ["s"], ["c"], {}),
         ("Max", ["x", "c"], ["y"], {})],
    ),
    "weights that are normalised": graph(
        [("ReduceL2", ["w", "axes"], ["l"], {}), ("Div", ["w", "l"], ["v"], {}),
         ("Gemm", ["x", "v"], ["y"], {})],
        {"w": f32(4, 3), "axes": np.int64([0])}, opset=18,
    ),
    "one slope": graph([("PRelu", ["x", "s"], ["y"], {})], {"s": np.float32([0.3])}),
    "less than itself": graph(
        [("Gemm", ["x", "w"], ["h"], {}), ("Tanh", ["h"], ["t"], {}),
         ("Sub", ["x", "t"], ["y"], {})],
        {"w": f32(4, 4)},
    ),
    "scaled before a convolution": graph(
        [("Div", ["x", "s"], ["h"], {}), ("Conv", ["h", "w"], ["y"], {"pads": [1, 1, 1, 1]})],
        {"s": np.float32([[[2]], [[3]]]), "w": f32(2, 2, 3, 3)}, ("n", 2, 5, 5),
    ),
    "zeros before a convolution": graph(
        [("Pad", ["x", "p"], ["h"], {}), ("Conv", ["h", "w"], ["y"], {"strides": [2, 2]})],
        {"p": np.int64([0, 0, 0, 1, 0, 0, 1, 2]), "w": f32(2, 1, 3, 3)}, ("n", 1, 6, 6),
    ),
    "the largest of each channel": graph(
        [("GlobalMaxPool", ["x"], ["p"], {}), ("Flatten", ["p"], ["y"], {})], {}, ("n", 3, 5, 4),
        rank=2,
    ),
    "images that come as rows": graph(
        [("Reshape", ["x", "s"], ["i"], {}), ("Conv", ["i", "w"], ["y"], {})],
        {"s": np.int64([-1, 1, 4, 4]), "w": f32(2, 1, 3, 3)}, ("n", 16), rank=4,
    ),
    "samples of two axes": graph(
        [("Flatten", ["x"], ["h"], {}), ("Gemm", ["h", "w"], ["y"], {})], {"w": f32(6, 2)},
        ("n", 2, 3), rank=2,
    ),
    "double": graph(
        [("Gemm", ["x", "w"], ["y"], {})], {"w": RNG.normal(size=(4, 2))}, kind=TensorProto.DOUBLE
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_of_others_are_read(name: str, tmp_path: Path):
    found = read(FILES[name], tmp_path)
    assert found.certificate.ok, found.certificate.sentences()
    assert len(found.certificate.differences) == 2


@given(st.data())
def test_any_convolution_is_read(tmp_path_factory, data):
    """Groups, dilations and uneven padding become zeros in the kernels."""
    sizes = st.integers(1, 3)
    groups, gaps = data.draw(sizes), [data.draw(sizes) for _ in range(2)]
    weight = f32(groups * data.draw(sizes), data.draw(sizes), data.draw(sizes), data.draw(sizes))
    options = {"group": groups, "dilations": gaps, "strides": [data.draw(sizes), data.draw(sizes)]}
    auto = data.draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID", None]))
    if auto:  # ONNX defines it without dilation only
        options |= {"auto_pad": auto, "dilations": [1, 1]}
        # Its readers crop differently where a stride steps over inputs: 1.17 other than 1.30.
        options["strides"] = list(map(min, options["strides"], weight.shape[2:]))
    else:
        options["pads"] = [data.draw(st.integers(0, 3)) for _ in range(4)]
    model = graph(
        [("Conv", ["x", "w"], ["y"], options)], {"w": weight}, ("n", weight.shape[1] * groups, 9, 8)
    )
    found = read(model, tmp_path_factory.mktemp("conv"))
    # The reference evaluator gives another shape where a stride of SAME is larger than its kernel.
    (compared,) = [d for d in found.certificate.differences if "onnxruntime" in d.compared]
    assert compared.ok


@given(st.data())
def test_channels_may_come_last(tmp_path_factory, data):
    """As TensorFlow has them; what follows a Flatten then has its columns exchanged."""
    channels, height, width = (data.draw(st.integers(1, 4)) for _ in range(3))
    nodes = [
        ("Mul", ["x", "s"], ["a"], {}), ("Transpose", ["a"], ["b"], {"perm": [0, 3, 1, 2]}),
        ("Conv", ["b", "k"], ["c"], {}), ("Transpose", ["c"], ["d"], {"perm": [0, 2, 3, 1]}),
        ("Tanh", ["d"], ["e"], {}), ("Add", ["e", "o"], ["f"], {}),
    ]  # fmt: skip
    constants = {"s": f32(channels), "o": f32(3), "k": f32(3, channels, 1, 1)}
    if data.draw(st.booleans()):
        nodes += [("ReduceMean", ["f"], ["h"], {"axes": [1, 2], "keepdims": 0})]
        constants["w"] = f32(3, 2)
    else:
        nodes += [("Flatten", ["f"], ["g"], {}), ("Sigmoid", ["g"], ["h"], {})]
        constants["w"] = f32(3 * height * width, 2)
        if data.draw(st.booleans()):
            arrays = ["scale", "shift", "mean", "var"]
            constants |= {name: abs(f32(3 * height * width)) for name in arrays}
            nodes[-1] = ("BatchNormalization", ["g", *arrays], ["h"], {})
    nodes += [("MatMul", ["h", "w"], ["y"], {})]
    model = graph(nodes, constants, ("n", height, width, channels), rank=2)
    found = read(model, tmp_path_factory.mktemp("last"))
    assert found.certificate.ok
    assert len(found.certificate.differences) == 2
    assert found.input_shape == (channels, height, width)
    if (height, width, channels) != (channels, height, width):
        assert any("where the file takes" in note for note in found.imported.assumed)


def test_classifiers_of_scikit_learn_give_their_probabilities(tmp_path: Path):
    nodes = [
        ("Scaler", ["x"], ["s"], {"offset": [1.0], "scale": [0.5], "domain": "ai.onnx.ml"}),
        ("MatMul", ["s", "w"], ["h"], {}), ("Sigmoid", ["h"], ["p"], {}),
        ("Sub", ["one", "p"], ["q"], {}), ("Concat", ["q", "p"], ["both"], {"axis": 1}),
        ("ArgMax", ["both"], ["label"], {"axis": 1}),
        ("ZipMap", ["both"], ["y"], {"classlabels_int64s": [0, 1], "domain": "ai.onnx.ml"}),
    ]  # fmt: skip
    model = graph(nodes, {"w": f32(4, 1), "one": np.float32(1)})
    model.opset_import.add(domain="ai.onnx.ml", version=3)
    del model.graph.output[0]
    kind = helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    )
    model.graph.output.add(name="y").type.CopyFrom(helper.make_sequence_type_proto(kind))
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n", 1])
    model.graph.output.append(label)
    found = read(model, tmp_path)
    assert [d.ok for d in found.certificate.differences] == [True, True]
    assert isinstance(found.imported.model[-1], gn.Softmax)
    assert found.imported.assumed == ("the output y alone, of y, label",)


def test_outputs_and_shapes_may_be_chosen(tmp_path: Path):
    model = graph(
        [("Tanh", ["x"], ["a"], {}), ("Cos", ["x"], ["y"], {})], shape=("n", "channels", 4, 4)
    )
    model.graph.output.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n"] * 4))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    found = import_onnx(tmp_path / "m.onnx", (2, 4, 4), "a")
    assert found.certificate.ok
    assert found.input_shape == (2, 4, 4)
    for options, words in [
        (((2, 4, 4),), "has the outputs y, a; choose"),
        ((None, "a"), "does not say the shape"),
        (((2, 5, 4), "a"), "not \\(2, 5, 4\\)"),
        (((2, 4, 4), "b"), "has no output 'b'; there are y, a"),
    ]:
        with pytest.raises(gn.CheckpointError, match=words):
            import_onnx(tmp_path / "m.onnx", *options)


def test_an_old_batch_normalisation(tmp_path: Path):
    arrays = {name: RNG.uniform(0.5, 2, 4).astype(np.float32) for name in "sbmv"}
    node = ("BatchNormalization", ["x", *"sbmv"], ["y"], {"momentum": 0.8})
    found = read(graph([node], arrays, opset=9), tmp_path)
    assert found.certificate.ok
    assert len(found.certificate.differences) == 1
    assert "for training" in found.certificate.unchecked[0]
    assert found.imported.model[0].momentum == pytest.approx(0.2)


UNREAD = {
    "other padding on one side": graph(
        [("MaxPool", ["x"], ["y"], {"kernel_shape": [2, 2], "pads": [1, 0, 0, 0]})],
        {},
        ("n", 1, 6, 6),
    ),
    r"node 0 \(Cos, Cos\) is an operator that is not read": graph([("Cos", ["x"], ["y"], {})]),
    "LogSoftmax before its end": graph(
        [("LogSoftmax", ["x"], ["a"], {}), ("Tanh", ["a"], ["y"], {})]
    ),
    "Log, Log.* something else than a Softmax": graph([("Log", ["x"], ["y"], {})]),
    "makes whole numbers": graph([("Cast", ["x"], ["y"], {"to": TensorProto.INT64})]),
    "turns the batch": graph([("Transpose", ["x"], ["y"], {"perm": [1, 0]})]),
    "outputs, of shape .* in another order": graph(
        [("Conv", ["x", "w"], ["h"], {}), ("Transpose", ["h"], ["y"], {"perm": [0, 2, 3, 1]})],
        {"w": f32(2, 1, 3, 3)},
        ("n", 1, 6, 6),
    ),
    "in two layouts": graph(
        [
            ("Transpose", ["x"], ["t"], {"perm": [0, 1, 3, 2]}),
            ("Tanh", ["x"], ["u"], {}),
            ("Add", ["t", "u"], ["y"], {}),
        ],
        {},
        ("n", 1, 6, 6),
    ),
    r"samples reshaped from \(4,\) to \(1, 2, 2\)": graph(
        [
            ("Gemm", ["x", "w"], ["h"], {}),
            ("Reshape", ["h", "s"], ["i"], {}),
            ("MaxPool", ["i"], ["y"], {"kernel_shape": [2, 2]}),
        ],
        {"w": f32(4, 4), "s": np.int64([-1, 1, 2, 2])},
        rank=4,
    ),
    "1.0 around its input": graph(
        [("Pad", ["x", "p", "one"], ["y"], {})],
        {"p": np.int64([0, 0, 1, 1, 0, 0, 1, 1]), "one": np.float32(1)},
        ("n", 1, 2, 2),
    ),
    "around something that no convolution": graph(
        [("Pad", ["x", "p"], ["y"], {})], {"p": np.int64([0, 0, 1, 1, 0, 0, 1, 1])}, ("n", 1, 2, 2)
    ),
    "needs kernels of shape": graph(
        [("Conv", ["x", "w"], ["y"], {"dilations": [9000, 9000]})],
        {"w": f32(1, 1, 3, 3)},
        ("n", 1, 6, 6),
    ),
    "ceil_mode = 1, and windows": graph(
        [("MaxPool", ["x"], ["y"], {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1})],
        {},
        ("n", 1, 5, 5),
    ),
    "has 3 slopes": graph([("PRelu", ["x", "s"], ["y"], {})], {"s": np.float32([1, 2, 3, 3])}),
    "puts values side by side": graph([("Concat", ["x", "x"], ["y"], {"axis": 1})]),
    "multiplies two values": graph([("Tanh", ["x"], ["a"], {}), ("Mul", ["x", "a"], ["y"], {})]),
    "an Erf that is not part": graph([("Erf", ["x"], ["y"], {})]),
    "differ from pixel to pixel": graph(
        [("Add", ["x", "c"], ["y"], {})], {"c": f32(1, 2, 2)}, ("n", 1, 2, 2)
    ),
    "reshapes samples of shape": graph(
        [("Reshape", ["x", "s"], ["y"], {})], {"s": np.int64([-1, 2, 3])}
    ),
    "reshapes the batch": graph([("Reshape", ["x", "s"], ["y"], {})], {"s": np.int64([1, -1])}),
    "does not say the shape": graph([("Relu", ["x"], ["y"], {})], shape=("n", "f")),
    "only float and double": graph([("Identity", ["x"], ["y"], {})], kind=TensorProto.UINT8),
    "is of opset 6": graph([("Relu", ["x"], ["y"], {})], opset=6),
    "computes constants in a way": graph(
        [("Cos", ["a"], ["c"], {}), ("Add", ["x", "c"], ["y"], {})], {"a": f32(4)}
    ),
    "computes with constants of": graph(
        [("Concat", ["a", "a"], ["c"], {"axis": 0}), ("Add", ["x", "c"], ["y"], {})],
        {"a": f32(6000)},
    ),
    "more than the .* that are read": graph(
        [("Conv", ["x", "w"], ["y"], {"pads": [10**6] * 4})], {"w": f32(1, 1, 1, 1)}, ("n", 1, 6, 6)
    ),
    "does not depend on its input": graph([("Identity", ["c"], ["y"], {})], {"c": f32(1)}),
}


@pytest.mark.parametrize("words", UNREAD)
def test_what_is_not_read_is_named(words: str, tmp_path: Path):
    with pytest.raises(gn.CheckpointError, match=words) as caught:
        read(UNREAD[words], tmp_path)
    assert "\n" not in str(caught.value)
    assert "m.onnx" in str(caught.value) or "layer gives" in str(caught.value)


def external(location: str, length: int = 48, offset: int = 0):
    model = graph([("Gemm", ["x", "w"], ["y"], {})], {"w": f32(4, 3)})
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", length), ("offset", offset)):
        tensor.external_data.add(key=key, value=str(value))
    return model


def test_tensors_may_lie_beside_the_file(tmp_path: Path):
    weights = f32(4, 3)
    (tmp_path / "m.data").write_bytes(b"1234" + weights.tobytes())
    found = read(external("m.data", offset=4), tmp_path)
    assert found.certificate.ok
    np.testing.assert_array_equal(found.imported.model[0].weight.value, weights.T)


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../secret", "sub/secret", "", "..", "link", "nowhere", "sub\\x"]
)
def test_and_nowhere_else(location: str, tmp_path: Path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path / "secret", folder / "sub" / "secret"):
        place.write_bytes(bytes(48))
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(gn.CheckpointError, match=r"external_data=False"):
        read(external(location), folder)


@pytest.mark.parametrize(("length", "offset"), [(48, 1), (49, 0), (-1, 0), (8, -8), (47, 0)])
def test_nor_bytes_that_are_not_there(length: int, offset: int, tmp_path: Path):
    (tmp_path / "m.data").write_bytes(bytes(48))
    with pytest.raises(gn.CheckpointError):
        read(external("m.data", length, offset), tmp_path)


@pytest.mark.parametrize("cut", [0, 1, 10, 50, -1])
def test_a_torn_file_is_refused(cut: int, tmp_path: Path):
    content = FILES["double"].SerializeToString()
    (tmp_path / "m.onnx").write_bytes(content[:cut])
    with pytest.raises(gn.CheckpointError, match="export it anew"):
        import_onnx(tmp_path / "m.onnx")


def test_changed_bytes_never_end_in_a_traceback(tmp_path: Path):
    content = FILES["two ways inside two ways"].SerializeToString()
    sentences = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        changed = bytearray(content)
        for place in rng.integers(0, len(content), 2):
            changed[place] = rng.integers(256)
        (tmp_path / "m.onnx").write_bytes(changed)
        try:
            import_onnx(tmp_path / "m.onnx")
        except gn.GlassnetError as error:
            sentences.append(str(error))
    assert len(sentences) > 20
    assert not any("\n" in sentence for sentence in sentences)


def test_limits(tmp_path: Path, monkeypatch):
    long = graph([("Relu", ["x"], ["a0"], {})]
                 + [("Relu", [f"a{i}"], [f"a{i + 1}"], {}) for i in range(2000)]
                 + [("Relu", ["a2000"], ["y"], {})])  # fmt: skip
    with pytest.raises(gn.CheckpointError, match="2,002 nodes, more than the 2,000"):
        read(long, tmp_path)
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    with pytest.raises(gn.CheckpointError, match="more than the 100 that are read"):
        read(FILES["double"], tmp_path)
