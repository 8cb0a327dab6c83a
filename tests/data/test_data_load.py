import subprocess
import sys

import numpy as np
import pytest

from glassnet.data import describe, load, names, options_of
from glassnet.errors import ConfigError, DataError


def test_digits_are_the_embedded_default():
    digits = load("digits")
    assert repr(digits) == (
        "DataSplits('digits', train 1168, valid 270, test 359, samples (1, 8, 8), 10 classes)"
    )
    assert digits.train.raw.dtype == np.uint8
    assert (digits.train.x.min(), digits.train.x.max()) == (0, 1)
    shares = np.bincount(digits.test.y) / np.bincount(digits.train.y)
    assert np.ptp(shares) < 0.02
    assert len({part.scaling for part in (digits.train, digits.valid, digits.test)}) == 1


def test_the_seed_chooses_the_parts_and_parts_do_not_meet():
    first, same, other = (load("digits", split_seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.test.raw, same.test.raw)
    assert not np.array_equal(first.test.raw, other.test.raw)
    parts = [part.raw.reshape(len(part), -1) for part in (first.train, first.valid, first.test)]
    everything = np.concatenate(parts)
    assert len(np.unique(everything, axis=0)) == len(everything) == 1797


def test_part_of_the_training_samples_is_kept():
    whole, some, half = (load("digits", **k) for k in ({}, {"train": 400}, {"train": 0.5}))
    assert (len(whole.train), len(some.train), len(half.train)) == (1168, 400, 584)
    for part in ("valid", "test"):  # are what they were
        np.testing.assert_array_equal(getattr(some, part).raw, getattr(whole, part).raw)
    flat = [part.raw.reshape(len(part), -1) for part in (whole.train, some.train)]
    assert {row.tobytes() for row in flat[1]} < {row.tobytes() for row in flat[0]}
    shares = np.bincount(some.train.y) / np.bincount(whole.train.y)
    assert np.ptp(shares) < 0.02
    assert not np.array_equal(some.train.raw, load("digits", train=400, split_seed=1).train.raw)
    assert (some.options["train"], "train" in whole.options) == (400, False)
    for wrong in (0, 1.5, 5000, "all"):
        with pytest.raises(ConfigError, match=r"data\.train"):
            load("digits", train=wrong)


@pytest.mark.parametrize("name", ["moons", "circles", "blobs", "spirals"])
def test_points_are_made(name):
    splits = load(name, samples=200, noise=0.05, seed=3)
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (130, 30, 40)
    assert splits.sample_shape == (2,)
    assert splits.classes == (2 if name in ("moons", "circles") else 3)
    assert np.allclose(splits.train.x.mean(axis=0), 0, atol=1e-5)
    again, other = load(name, samples=200, noise=0.05, seed=3), load(name, samples=200, seed=4)
    np.testing.assert_array_equal(splits.train.raw, again.train.raw)
    assert not np.array_equal(splits.train.raw, other.train.raw)


def test_spirals_wind():
    spirals = load(
        "spirals", samples=90, centers=2, noise=0, turns=1.0, valid=0, test=0, scaling="none"
    )
    assert spirals.valid is spirals.test is None
    x = spirals.train.x
    np.testing.assert_allclose(np.hypot(*x.T), np.repeat(np.arange(1, 46) / 45, 2), rtol=1e-5)
    np.testing.assert_allclose(x[0::2], -x[1::2], atol=1e-6)


def test_shares_are_of_all_samples_and_may_be_counts_or_nothing():
    sizes = [
        tuple(len(part) if part else 0 for part in (s.train, s.valid, s.test))
        for s in (
            load("moons", valid=0.5, test=0.25),
            load("moons", valid=100, test=0),
            load("moons", valid=0, test=1),
        )
    ]
    assert sizes == [(250, 500, 250), (900, 100, 0), (999, 0, 1)]


def test_scaling_is_fitted_on_the_training_part_only():
    splits = load("blobs", scaling="minmax-feature", test=0.5)
    assert splits.train.x.min() == pytest.approx(0, abs=1e-6)
    assert splits.train.x.max() == pytest.approx(1)
    assert splits.test.x.min() < -1e-4 or splits.test.x.max() > 1 + 1e-4
    assert load("digits", scaling={"scale": 0.5, "offset": 1.0}).test.x.max() == 9
    assert load("digits", scaling="0..16 -> -1..1").test.x.min() == -1


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("mnits", {}, "no data set 'mnits' .did you mean 'mnist'"),
        ("digits", {"noise": 1}, "no option 'noise'; it has train, valid, test, scaling"),
        ("moons", {"nose": 1}, "no option 'nose' .did you mean 'noise'"),
        ("moons", {"vald": 1}, "did you mean 'valid'"),
        ("moons", {"noise": "fast"}, "'moons': noise must be a number, not 'fast'"),
        ("moons", {"noise": -1}, "standard deviation"),
        ("moons", {"noise": float("nan")}, "standard deviation"),
        ("moons", {"samples": 3}, "too few"),
        ("moons", {"seed": -1}, "seed"),
        ("blobs", {"centers": 0}, "too few"),
        ("circles", {"factor": 1.5}, "factor"),
        ("moons", {"valid": "much"}, "valid must be a number of samples or a fraction"),
        ("moons", {"valid": True}, "valid must be a number of samples or a fraction"),
        ("moons", {"test": 1.5}, "between 0 and 1"),
        ("moons", {"test": 0.6, "valid": 0.4}, "hold out 600 and 400 of 1000 samples"),
        ("moons", {"scaling": "zscor"}, "did you mean 'zscore'"),
        ("moons", {"split_seed": -1}, "split_seed"),
        ("csv", {}, "needs the option 'path'"),
        ("csv", {"path": "a.csv", "task": "guess"}, "task must be 'auto', 'classification' or"),
        ("idx", {"images": "a"}, "needs the option 'labels'"),
        ("idx", {"images": "a", "labels": "b", "test_images": "c"}, "belong together"),
    ],
)
def test_nonsense_is_refused(name, options, words):
    with pytest.raises(ConfigError, match=words):
        load(name, **options)


def test_every_name_is_described():
    for name in names():
        told = describe(name)
        assert told["name"] == name
        assert told["where"]
        assert told["description"]
        assert told["options"] == options_of(name)
        assert "data_dir" not in told["options"]
    assert options_of("csv")[:4] == ("path", "target", "header", "delimiter")


def test_import_costs_numpy_only():
    heavy = "scipy sklearn pooch PIL rich pydantic requests pandas"
    code = f"import sys, glassnet.data; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_mnist(shared_data):
    mnist = load("mnist", data_dir=shared_data)
    sizes = [len(part) for part in (mnist.train, mnist.valid, mnist.test)]
    assert (sizes, mnist.sample_shape, mnist.classes) == ([50_000, 10_000, 10_000], (1, 28, 28), 10)
    assert mnist.train.raw.dtype == np.uint8
    both = np.bincount(mnist.train.y) + np.bincount(mnist.valid.y)
    assert both.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.test.y).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    assert (mnist.train.scaling.scale, mnist.train.scaling.offset) == (1 / 255, 0.0)
    with pytest.raises(ConfigError, match="comes with its own test part of 10000 samples"):
        load("mnist", data_dir=shared_data, test=0.1)


def test_fashion_mnist(shared_data, monkeypatch):
    monkeypatch.setenv("GLASSNET_DATA", str(shared_data))
    fashion = load("fashion-mnist", valid=0, test=0)
    assert (len(fashion.train), fashion.valid, fashion.test) == (60_000, None, None)
    assert fashion.class_names[9] == "Ankle boot"


def test_kmnist_says_which_file_to_bring(shared_data):
    if (shared_data / "kmnist" / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("the training images are there")
    with pytest.raises(DataError) as caught:
        load("kmnist", data_dir=shared_data)
    assert "lacks kmnist/train-images-idx3-ubyte.gz" in str(caught.value)
    assert "(only train-labels-idx1-ubyte.gz, t10k-images" in str(caught.value)


def test_digits16_stands_upright(shared_data):
    digits16 = load("digits16", data_dir=shared_data)
    assert [len(part) for part in (digits16.train, digits16.valid, digits16.test)] == [
        5000,
        5000,
        1000,
    ]
    assert digits16.train.raw.shape == (5000, 1, 16, 16)
    assert digits16.train.raw.dtype == np.uint8
    assert np.bincount(digits16.test.y).tolist() == [101, 95, 95, 111, 97, 94, 118, 100, 96, 93]
    # A one is taller than wide, a seven has more ink above than below, a six the other way round.
    mean = [digits16.train.x[digits16.train.y == k].mean(axis=0)[0] for k in range(10)]
    assert mean[1].std(axis=0).mean() < mean[1].std(axis=1).mean()
    assert mean[7][:5].sum() > mean[7][-5:].sum()
    assert mean[6][:6].sum() < mean[6][-6:].sum()


def test_damaged_public_files_are_refused(shared_data, tmp_path):
    for name in ("mnist", "digits16"):
        (tmp_path / name).mkdir()
        for file in (shared_data / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes()[:3000])
        with pytest.raises(
            DataError, match=r"truncated|more than the file|not the published digits.mat"
        ):
            load(name, data_dir=tmp_path)
    for file in (tmp_path / "mnist").iterdir():
        (tmp_path / "mnist" / file.name).write_bytes(
            (shared_data / "mnist" / file.name).read_bytes()
        )
    test_labels = (shared_data / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes()
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").write_bytes(test_labels)
    with pytest.raises(
        DataError, match=r"train-labels.* 10,000 labels for the 60,000 samples of .*train"
    ):
        load("mnist", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [("digits", {}), ("moons", {"noise": 0.1, "valid": 0}), ("blobs", {"scaling": "minmax"})],
)
def test_the_resolved_options_make_the_same_parts(name, options):
    first = load(name, **options)
    again = load(name, **first.options)
    assert {"split_seed", "scaling", "test"} <= set(first.options)
    assert again.options == first.options
    assert (first.valid is None) == (again.valid is None)
    np.testing.assert_array_equal(first.train.x, again.train.x)
