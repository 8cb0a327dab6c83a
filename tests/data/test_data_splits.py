import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glassnet.data import k_folds, stratified_split
from glassnet.errors import ConfigError, DataError

sizes = st.lists(st.integers(2, 40), min_size=1, max_size=6)


def rng():
    return np.random.default_rng(0)


@given(sizes, st.floats(0.05, 0.9))
def test_split_is_exact_proportional_and_complete(sizes, fraction):
    y = rng().permutation(np.repeat(np.arange(len(sizes)), sizes))
    count = round(fraction * len(y))
    assume(0 < count <= len(y) - len(sizes))
    rest, held = stratified_split(y, fraction, rng())
    assert len(held) == count
    np.testing.assert_array_equal(np.sort(np.r_[rest, held]), np.arange(len(y)))
    assert (np.diff(held) > 0).all()
    assert (np.diff(rest) > 0).all()
    assert set(y[rest]) == set(range(len(sizes)))  # no class is held out altogether
    quotas = np.array(sizes) * count / len(y)
    if (np.ceil(quotas) < np.array(sizes)).all():
        assert (np.abs(np.bincount(y[held], minlength=len(sizes)) - quotas) < 1).all()


def test_split_is_largest_remainder_and_chosen_by_the_generator():
    y = np.repeat([0, 1, 2], [10, 7, 3])
    _, held = stratified_split(y, 5, rng())
    assert np.bincount(y[held]).tolist() == [2, 2, 1]  # quotas 2.5, 1.75, 0.75
    again = stratified_split(y, 5, rng())[1]
    other = stratified_split(y, 5, np.random.default_rng(1))[1]
    assert held.tolist() == again.tolist() != other.tolist()


def test_values_are_split_at_random():
    rest, held = stratified_split(np.linspace(0, 1, 10), 0.3, rng())
    assert len(held) == 3
    assert sorted([*rest, *held]) == list(range(10))
    assert (np.diff(rest) > 0).all()
    assert (np.diff(held) > 0).all()


@pytest.mark.parametrize(
    "wrong", [0, 10, 11, -1, 0.0, 1.0, 1.5, 0.01, 0.99, True, "half", float("nan")]
)
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ConfigError):
        stratified_split(np.zeros(10, int), wrong, rng())


def test_small_classes_are_refused():
    with pytest.raises(DataError, match="class 7 has a single sample"):
        stratified_split(np.array([0, 0, 7]), 1, rng())
    with pytest.raises(ConfigError, match="fewer than one for each of the 2 classes"):
        stratified_split(np.array([0, 0, 1, 1]), 3, rng())


@given(sizes, st.integers(2, 6), st.booleans())
def test_folds_hold_each_sample_once(sizes, k, stratified):
    assume(min(sizes) >= k)
    y = rng().permutation(np.repeat(np.arange(len(sizes)), sizes))
    folds = list(k_folds(y, k, rng(), stratified))
    assert len(folds) == k
    np.testing.assert_array_equal(
        np.sort(np.concatenate([held for _, held in folds])), np.arange(len(y))
    )
    for train, held in folds:
        np.testing.assert_array_equal(np.sort(np.r_[train, held]), np.arange(len(y)))
    assert np.ptp([len(held) for _, held in folds]) <= 1
    if stratified:
        counts = np.array([np.bincount(y[held], minlength=len(sizes)) for _, held in folds])
        assert (np.ptp(counts, axis=0) <= 1).all()


@pytest.mark.parametrize("k", [1, 0, 11, 2.5, True])
def test_folds_of_no_number_are_refused_at_once(k):
    with pytest.raises(ConfigError, match="from 2 to the 10 samples"):
        k_folds(np.zeros(10, int), k, rng())


def test_folds_of_small_classes_are_refused_at_once():
    y = np.array([0, 0, 0, 1, 1])
    with pytest.raises(DataError, match="class 1 has 2 samples, too few for 3 folds"):
        k_folds(y, 3, rng())
    assert len(list(k_folds(y, 3, rng(), stratified=False))) == 3
    assert len(list(k_folds(np.linspace(0, 1, 5), 3, rng()))) == 3
