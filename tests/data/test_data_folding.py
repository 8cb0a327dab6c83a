"""Folds of a cross-validation: each sample judged once, scalings fitted on what is trained on."""

import numpy as np
import pytest

from glassnet import data
from glassnet.data import Dataset, DataSplits
from glassnet.data.folding import folded
from glassnet.errors import ConfigError


def numbered(n, start=0, weighted=False):
    x = np.arange(start, start + n, dtype=np.float32)[:, None]
    return Dataset(x, np.arange(n) % 3, sample_weight=x[:, 0] + 1 if weighted else None)


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_every_sample_is_held_out_once_and_trained_on_otherwise(folds):
    parts = DataSplits(
        numbered(40, weighted=True), numbered(20, 40, weighted=True), numbered(9, 99)
    )
    held = []
    for fold in range(1, folds + 1):
        one = folded(parts, folds, fold, seed=3)
        assert one.valid is None
        both = np.concatenate([one.train.raw, one.test.raw])[:, 0]
        assert sorted(both) == list(range(60))  # the test part is put away
        for part in (one.train, one.test):
            np.testing.assert_array_equal(part.sample_weight, part.raw[:, 0] + 1)
            order = part.raw[:, 0].astype(int)
            np.testing.assert_array_equal(part.y, np.where(order < 40, order, order - 40) % 3)
        counts = np.bincount(one.test.y, minlength=3)
        assert counts.max() - counts.min() <= 1
        held += one.test.raw[:, 0].tolist()
    assert sorted(held) == list(range(60))
    again, other = folded(parts, folds, 1, seed=3), folded(parts, folds, 1, seed=4)
    assert again.test.raw.tolist() == folded(parts, folds, 1, seed=3).test.raw.tolist()
    assert again.test.raw.tolist() != other.test.raw.tolist()


def test_a_fold_by_name_is_scaled_by_what_is_trained_on():
    options = {"samples": 90, "scaling": "zscore-feature", "folds": 3}
    whole = data.load("blobs", samples=90, scaling="none", valid=0)
    tests = []
    for fold in (1, 2, 3):
        parts = data.load("blobs", fold=fold, valid=0.25, **options)
        assert (len(parts.train), len(parts.valid), len(parts.test)) == (36, 12, 24)
        np.testing.assert_allclose(parts.train.x.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(parts.train.x.std(axis=0), 1, atol=1e-5)
        assert abs(float(parts.test.x.mean())) > 1e-4
        assert {"folds": 3, "fold": fold, "valid": 0.25}.items() <= parts.options.items()
        again = data.load("blobs", **parts.options)
        np.testing.assert_array_equal(again.train.x, parts.train.x)
        tests.append(parts.test.raw)
    together = np.concatenate(tests)
    np.testing.assert_array_equal(np.sort(together, axis=0), np.sort(whole.train.raw, axis=0))


def test_without_a_test_part_everything_is_dealt():
    parts = data.load("blobs", samples=60, test=0, valid=0, folds=4, fold=2)
    assert (len(parts.train), parts.valid, len(parts.test)) == (45, None, 15)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folds": 1, "fold": 1}, "data.folds must be an integer of at least 2, not 1"),
        ({"folds": 3}, "data.fold must be an integer of at least 1, not None"),
        ({"fold": 1}, "data.folds must be an integer of at least 2, not None"),
        ({"folds": 3, "fold": 4}, "data.fold = 4, but there are 3 folds"),
        ({"folds": 3.0, "fold": 1}, "data.folds must be an integer"),
        ({"folds": 100, "fold": 1}, "k must be an integer from 2 to the 48 samples"),
    ],
)
def test_folds_that_cannot_be_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        data.load("blobs", samples=60, **options)
