"""Intervals against SciPy's own, and against the formula by hand."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from glassnet.experiments.intervals import mcnemar, mean_of, paired_difference, unpaired_difference

RNG = np.random.default_rng(0)


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 1000))
def test_student_and_welch_are_scipys(n, m, seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=n), rng.normal(size=n), rng.normal(1, 2, size=m)
    paired, expected = paired_difference(a, b), stats.ttest_rel(b, a).confidence_interval()
    assert (paired.low, paired.high) == pytest.approx(tuple(expected))
    assert paired.half_width == pytest.approx((expected.high - expected.low) / 2)
    free = stats.ttest_ind(c, a, equal_var=False).confidence_interval()
    found = unpaired_difference(a, c)
    assert (found.low, found.high) == pytest.approx(tuple(free))
    assert found.value == pytest.approx(c.mean() - a.mean())


def test_too_few_and_all_the_same():
    assert np.isnan(mean_of([0.5]).low)
    assert np.isnan(mean_of([]).value)
    assert str(mean_of([0.5])) == "0.5000"
    same = unpaired_difference([0.5, 0.5], [0.7, 0.7])
    assert same.low == same.high == pytest.approx(0.2)
    assert same.excludes_zero
    assert not paired_difference([0.1, 0.2], [0.2, 0.1]).excludes_zero


@given(st.integers(0, 12), st.integers(0, 12))
def test_the_exact_test_of_mcnemar_is_the_binomial_sum(b, c):
    first = np.array([True] * b + [False] * c + [True] * 5)
    second = np.array([False] * b + [True] * c + [True] * 5)
    found = mcnemar(first, second)
    n, most = b + c, max(b, c)
    tail = sum(comb(n, k) for k in range(most, n + 1)) / 2**n
    assert found.p_value == pytest.approx(min(1.0, 2 * tail))
    differences = second.astype(float) - first
    half = stats.norm.ppf(0.975) * differences.std() / np.sqrt(len(first))
    assert found.difference.value == pytest.approx(differences.mean())
    assert found.difference.high - found.difference.value == pytest.approx(half)
