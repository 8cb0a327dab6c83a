"""Saving and loading models; and files that are torn, foreign, or cannot be written."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import glassnet as gn
from glassnet import storage
from glassnet.arrays import Array
from glassnet.files import write_atomically


def model() -> gn.Sequential:
    return gn.Sequential(
        gn.Conv2d(1, 2, (3, 2), init="he_normal"),
        gn.BatchNorm2d(2),
        gn.ReLU(),
        gn.Residual(gn.Sequential(gn.Conv2d(2, 2, 1), gn.Dropout(0.1))),
        gn.Flatten(),
        gn.Linear(24, 3, bias=False),
    ).initialize(seed=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a model."""
    path = tmp_path / "model.safetensors"
    gn.save(model(), path)
    return path


def rewritten(path: Path, **metadata: str) -> Path:
    """Write the same tensors with other metadata."""
    plain = {"format": "glassnet", "version": "1", "dtype": "float32"}
    plain["architecture"] = json.dumps(model().config())
    save_file(load_file(path), path, plain | metadata)
    return path


# --- what comes back --------------------------------------------------------------------------


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    net = model()
    x = np.random.default_rng(0).normal(size=(4, 1, 6, 4)).astype(np.float32)
    net.forward(x, training=True, rng=np.random.default_rng(0))
    gn.save(net, str(tmp_path / "new" / "folder" / "model.safetensors"))
    again = gn.load(str(tmp_path / "new" / "folder" / "model.safetensors"))
    assert again.config() == net.config()
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    assert again[1].num_batches_tracked.value == 1
    gn.ParameterStore(dict(again.named_parameters()))


def test_the_tensors_are_readable_by_others(path: Path) -> None:
    arrays = load_file(path)
    expected = model().state_dict()
    assert arrays.keys() == expected.keys()
    for name, array in storage.load_arrays(path).items():
        np.testing.assert_array_equal(array, expected[name])
        np.testing.assert_array_equal(array, arrays[name])
        assert array.shape == expected[name].shape


def test_a_replaced_layer_is_saved_as_it_is_now(tmp_path: Path) -> None:
    net = model()
    net[-1] = gn.Linear(24, 5).initialize(seed=1)
    gn.save(net, tmp_path / "m.safetensors")
    assert gn.load(tmp_path / "m.safetensors")[-1].out_features == 5


class Shifted(gn.Layer):
    """A layer of one's own with a parameter, an argument and a layer inside."""

    def __init__(self, inner: gn.Layer, *sizes: int, by: float = 1.0) -> None:
        super().__init__()
        self.inner, self.by = inner, by
        self.shift = gn.Parameter(np.zeros(sizes, np.float32))

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        y, cache = self.inner.forward(x, training=training, rng=rng)
        return y + self.shift.value + self.by, cache

    def backward(self, dy: Array, cache: Any) -> Array:
        self.shift.grad = dy.sum(axis=0)
        return self.inner.backward(dy, cache)


def test_own_layers_are_saved_and_found_by_name(tmp_path: Path) -> None:
    net = gn.Sequential(Shifted(gn.Linear(2, 3), 3, by=0.5), gn.Tanh()).initialize(seed=0)
    net[0].shift.value = [1, 2, 3]
    gn.save(net, tmp_path / "m.safetensors")
    again = gn.load(tmp_path / "m.safetensors")
    x = np.ones((2, 2), np.float32)
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    assert isinstance(again[0], Shifted)
    assert again[0].by == 0.5


# --- what cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize("part", [0, 4, 100, -1])
def test_a_torn_file_is_refused(path: Path, part: int) -> None:
    path.write_bytes(path.read_bytes()[:part])
    for read in (gn.load, storage.load_arrays):
        with pytest.raises(gn.CheckpointError, match="not a whole safetensors file"):
            read(path)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("weights? what weights?" * 100)
    (tmp_path / "promise").write_bytes((2**40).to_bytes(8, "little") + b"{}")
    for name in ("text", "promise"):
        with pytest.raises(gn.CheckpointError, match="not a whole safetensors file"):
            gn.load(tmp_path / name)
    for name in ("nothing", "."):
        with pytest.raises(gn.CheckpointError, match="there is no file"):
            gn.load(tmp_path / name)


def test_weights_without_an_architecture_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "torch.safetensors"
    for metadata in (None, {"format": "pt"}):
        save_file(model().state_dict(), path, metadata)
        with pytest.raises(gn.CheckpointError, match=r"no Glassnet architecture.*load_state_dict"):
            gn.load(path)
    net = model().initialize(seed=1)
    net.load_state_dict(storage.load_arrays(path))
    np.testing.assert_array_equal(net[0].weight.value, model()[0].weight.value)


@pytest.mark.parametrize("version", ["2", "99", "", "one", "-1"])
def test_a_newer_format_is_refused(path: Path, version: str) -> None:
    with pytest.raises(gn.CheckpointError, match="format version"):
        gn.load(rewritten(path, version=version))


@pytest.mark.parametrize(
    "metadata",
    [
        {"architecture": ""},
        {"architecture": "{"},
        {"architecture": "[]"},
        {"architecture": "5"},
        {"architecture": "null"},
        {"architecture": '{"type": "Unheard"}'},
        {"architecture": '{"type": "Linear", "in_features": 2}'},
        {"architecture": '{"type": "Linear", "in_features": 0, "out_features": 2}'},
        {"architecture": '{"type": "LeakyReLU", "negative_slope": "steep"}'},
        {"architecture": '{"type": "Linear", "in_features": 24, "out_features": 3}'},
        {"architecture": '{"type": "Sequential", "layers": [1, 2]}'},
        {"dtype": "float33"},
    ],
    ids=str,
)
def test_a_damaged_description_is_refused(path: Path, metadata: dict[str, str]) -> None:
    with pytest.raises(gn.CheckpointError, match="cannot rebuild the model"):
        gn.load(rewritten(path, **metadata))


def test_a_model_without_values_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(gn.UninitializedError):
        gn.save(gn.Linear(2, 3), tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


# --- what cannot be written -------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["fsync", "replace", "fdopen", "chmod"])
def test_a_full_disk_leaves_the_old_file(
    path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = path.read_bytes()
    net = model().initialize(seed=5)
    with monkeypatch.context() as patch:
        patch.setattr(os, broken, fail)
        with pytest.raises(gn.OutputError, match=r"cannot write .*No space left.*free some"):
            gn.save(net, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    gn.save(net, path)
    np.testing.assert_array_equal(gn.load(path)[0].weight.value, net[0].weight.value)


def test_an_interruption_leaves_no_part_of_a_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        gn.save(model(), path)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_folder_in_the_way_is_an_error_of_output(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "taken", tmp_path / "file" / "model.safetensors"):
        with pytest.raises(gn.OutputError, match="cannot write"):
            gn.save(model(), path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


def test_files_are_text_or_bytes_with_the_usual_permissions(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", "μ = 0.9\n")
    write_atomically(tmp_path / "a.bin", b"\x00\x01")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "μ = 0.9\n"
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\x01"
    (tmp_path / "usual").write_text("")
    usual = stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == usual
