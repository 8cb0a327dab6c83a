"""Arrays of the user's: NPZ and IDX."""

import numpy as np
import pytest

from glassnet.data import load, write_idx
from glassnet.errors import DataError

X = np.arange(40 * 12, dtype=np.uint8).reshape(40, 3, 4)
Y = np.arange(40) % 2


def test_npz_undivided(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    splits = load("npz", path=tmp_path / "a.npz", valid=4, test=4)
    assert (splits.sample_shape, len(splits.train), splits.classes) == ((1, 3, 4), 32, 2)
    assert isinstance(splits.train.scaling.scale, float)


def test_npz_divided(tmp_path):
    table = X.reshape(40, 12).astype(np.float64)
    np.savez_compressed(
        tmp_path / "a.npz", x_train=table, y_train=Y / 2, x_test=table[:3], y_test=Y[:3] / 2
    )
    splits = load("npz", path=tmp_path / "a.npz", valid=0)
    assert (len(splits.train), splits.valid, len(splits.test), splits.classes) == (
        40,
        None,
        3,
        None,
    )
    assert splits.train.scaling.scale.shape == (12,)
    np.savez(tmp_path / "b.npz", x=np.zeros((4, 2, 3, 3)) + np.arange(3), y=[0, 0, 1, 1])
    assert isinstance(
        load("npz", path=tmp_path / "b.npz", valid=0, test=0).train.scaling.scale, float
    )


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X}, "has no array y, only x"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "no array y_test"),
        ({"a": X}, "no array x and no array y, only a"),
        ({"x": X, "y": np.array([{}] * 40)}, "not a readable .npz file of plain arrays"),
        ({"x": X, "y": 1}, "not single numbers"),
        ({"x": X, "y": Y[:-1]}, "40 samples but 39 targets"),
        ({"x": np.full((40, 2), np.nan), "y": Y}, "80 values .* not finite"),
        ({"x": X, "y": np.array(["a"] * 40)}, "must be numbers"),
    ],
)
def test_wrong_arrays(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=words):
        load("npz", path=tmp_path / "a.npz")


def test_wrong_files(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(DataError, match="no such file"):
        load("npz", path=path)
    np.savez(path, x=X, y=Y)
    content = path.read_bytes()
    for bad in (
        b"",
        b"text",
        content[:200],
        content[:600] + b"\0" + content[601:],
        b"PK\x03\x04rubbish",
    ):
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"not a readable .npz"):
            load("npz", path=path)
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match="single array"):
        load("npz", path=path)


def test_idx_pairs(tmp_path):
    for name, array in {
        "x": X,
        "y": Y.astype(np.uint8),
        "tx": X[:5],
        "ty": Y[:5].astype(np.int32),
    }.items():
        write_idx(tmp_path / name, array)
    files = {key: tmp_path / name for key, name in [("images", "x"), ("labels", "y")]}
    assert load("idx", **files).sample_shape == (1, 3, 4)
    splits = load(
        "idx", **files, test_images=tmp_path / "tx", test_labels=tmp_path / "ty", valid=10
    )
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (30, 10, 5)
    with pytest.raises(DataError, match=r"5 labels for the 40 samples"):
        load("idx", images=tmp_path / "x", labels=tmp_path / "ty")
    with pytest.raises(DataError, match="labels must have one dimension"):
        load("idx", images=tmp_path / "x", labels=tmp_path / "x")
