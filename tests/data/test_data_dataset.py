import pickle

import numpy as np
import pytest

import glassnet as gn
from glassnet.data import Dataset, DataSplits, Scaling
from glassnet.errors import DataError


def images(n=6):
    return np.arange(n * 12, dtype=np.uint8).reshape(n, 1, 3, 4)


def test_types_are_settled():
    data = Dataset([[1, 2], [3, 4]], [True, False])
    assert (data.raw.dtype, data.y.dtype) == (np.float32, np.int64)
    data = Dataset(np.eye(2, dtype=bool), np.float64([0.5, 1]))
    assert (data.raw.dtype, data.y.dtype, data.classes) == (np.float32, np.float32, None)
    raw = images()
    assert Dataset(raw, np.zeros(6, np.uint8)).raw is raw  # bytes stay, uncopied


def test_classes_and_shape():
    assert Dataset(images(), [0, 1, 2, 0, 1, 2]).classes == 3
    named = Dataset(images(), [0] * 6, class_names=["a", "b"])
    assert (named.classes, named.class_names, named.sample_shape) == (2, ("a", "b"), (1, 3, 4))
    assert len(named) == 6
    assert "2 classes" in repr(named)
    assert "2 numbers each" in repr(Dataset(images(), np.zeros((6, 2))))


@pytest.mark.parametrize(
    "scaling", [None, Scaling(0.5, 1.0), Scaling(np.full((1, 3, 4), 0.5), 1.0)]
)
@pytest.mark.parametrize("indices", [slice(1, 4), np.array([3, 0, 3]), [1, 2], slice(None)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batches_are_gathered_scaled_and_cast(scaling, indices, dtype):
    raw = images()
    data = Dataset(raw, np.linspace(0, 1, 6), scaling)
    x, y = data.batch(indices, dtype)
    wanted = raw[indices].astype(dtype)
    np.testing.assert_array_equal(x, wanted if scaling is None else wanted * 0.5 + 1)
    assert x.flags.c_contiguous
    assert x.dtype == y.dtype == dtype
    x[:] = -1  # a batch is the caller's own
    np.testing.assert_array_equal(raw, images())


@pytest.mark.parametrize("scale", [0.5, np.full((2, 3, 4), 0.5), np.array([[[0.5]], [[2.0]]])])
@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_as_rows_they_are_what_flatten_makes(scale, kernels):
    raw = np.random.default_rng(0).integers(0, 255, (900, 2, 3, 4), np.uint8)
    data, chosen = Dataset(raw, np.zeros(900, int), Scaling(scale, 1.0)), np.arange(800)[::-1]
    gn.use_kernels(kernels)
    rows, _ = data.batch(chosen, as_rows=True)
    images, _ = data.batch(chosen, augment=lambda x: 2 * x)
    augmented, _ = data.batch(chosen, augment=lambda x: 2 * x, as_rows=True)
    np.testing.assert_array_equal(augmented, images.reshape(800, 24))
    np.testing.assert_allclose(rows, data.x[chosen].reshape(800, 24), rtol=1e-6)


def test_float_slices_are_copied_too():
    raw = np.ones((4, 2), np.float32)
    x, _ = Dataset(raw, np.zeros(4, int)).batch(slice(0, 2))
    assert not np.shares_memory(x, raw)


def test_x_is_made_once_and_read_only():
    data = Dataset(images(), np.zeros(6, int), Scaling(2.0))
    assert "x" not in vars(data)
    assert data.x is data.x
    assert data.x.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        data.x[0] = 1
    with pytest.raises(AttributeError):
        data.raw = None


def test_take_keeps_everything_else():
    data = Dataset(images(), np.arange(6), Scaling(2.0), np.arange(1.0, 7), "toy", list("abcdef"))
    some = data.take([4, 2])
    assert some.y.tolist() == [4, 2]
    assert some.sample_weight.tolist() == [5, 3]
    assert (some.scaling, some.name, some.classes) == (data.scaling, "toy", 6)
    again = pickle.loads(pickle.dumps(some))
    np.testing.assert_array_equal(again.x, some.x)


nan, inf = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0], [2.0]], [0]), "2 samples but 1 targets"),
        (
            ([[1, nan], [inf, 2]], [0, 1]),
            r"2 values .* not finite, the first \(nan\) of row 0, column 1",
        ),
        (([[1e300, 1]], [0]), r"1 value .* is not finite, the first \(1e\+300\)"),
        (([[1.0], [2.0]], [nan, 1]), r"targets is not finite, the first \(nan\) at index \(0,\)"),
        ((np.empty((0, 3)), []), "at least one"),
        ((np.empty((3, 0)), [0, 0, 0]), "at least one"),
        (([1.0, 2.0], [0, 1]), r"reshape\(-1, 1\)"),
        (([["a", "b"]], [0]), "must be numbers"),
        ((np.array([[object()]]), [0]), "must be numbers"),
        (([[1j]], [0]), "must be numbers"),
        (([[1, 2], [3]], [0, 1]), "rows differ in length"),
        (([[1.0]], ["cat"]), "must be numbers"),
        (([[1.0]], [-1]), r"label -1 of sample 0 .* 0 upwards"),
        (([[1.0]], [[0]]), r"y.ravel\(\)"),
        (([[1.0]], 0), r"expected \(N,\)"),
        (([[1.0]], np.zeros((1, 2, 2))), r"expected \(N,\)"),
    ],
)
def test_what_is_no_data_is_refused(arguments, words):
    with pytest.raises(DataError, match=words):
        Dataset(*arguments)


def test_labels_must_have_names_and_weights_must_fit():
    with pytest.raises(DataError, match=r"toy: label 2 of sample 1 .* from 0 to 1, .* 2 classes"):
        Dataset(images(2), [0, 2], name="toy", class_names=["a", "b"])
    for weights, words in [([1.0], "each needs one"), ([1, -1], "negative"), ([0, 0], "zero")]:
        with pytest.raises(DataError, match=words):
            Dataset(images(2), [0, 1], sample_weight=np.array(weights))


def test_parts_must_be_alike():
    train = Dataset(images(), [0, 1, 2, 0, 1, 2], name="toy")
    splits = DataSplits(train, train.take([0, 3]))
    assert (splits.classes, splits.sample_shape, splits.name, splits.test) == (
        3,
        (1, 3, 4),
        "toy",
        None,
    )
    assert (
        repr(splits) == "DataSplits('toy', train 6, valid 2, test 0, samples (1, 3, 4), 3 classes)"
    )
    with pytest.raises(DataError, match="test samples have shape"):
        DataSplits(train, test=Dataset(np.eye(2), [0, 1]))
    with pytest.raises(DataError, match="validation targets are one number each"):
        DataSplits(train, Dataset(images(), np.zeros(6)))
