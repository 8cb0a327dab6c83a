import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data import Dataset, Scaling, batches
from glassnet.errors import ConfigError


def numbered(n):
    return Dataset(np.arange(float(n))[:, None], np.arange(n), Scaling(2.0), np.arange(1.0, n + 1))


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.booleans())
def test_one_pass_draws_each_sample_once(n, batch_size, shuffled, drop_last):
    if batch_size > n:
        return
    rng = np.random.default_rng(0) if shuffled else None
    drawn = list(batches(numbered(n), batch_size, rng, drop_last=drop_last))
    lengths = [len(y) for _, y, _ in drawn]
    assert lengths[:-1] == [batch_size] * (len(drawn) - 1)
    assert lengths[-1] > 0
    assert sum(lengths) == (n - n % batch_size if drop_last else n)
    y = np.concatenate([y for _, y, _ in drawn])
    assert len(set(y)) == len(y)
    order = np.random.default_rng(0).permutation(n) if shuffled else np.arange(n)
    assert y.tolist() == order[: len(y)].tolist()
    for x, labels, weight in drawn:
        np.testing.assert_array_equal(x[:, 0], 2 * labels)
        np.testing.assert_array_equal(weight, labels + 1)


def test_dtype_and_absent_weights():
    data = Dataset(np.eye(3), [0, 1, 2])
    ((x, _, weight),) = batches(data, 3, dtype=np.float64)
    assert x.dtype == np.float64
    assert weight is None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (6, "batch of 6 .* 5 samples"),
        (0, "at least 1"),
        (-2, "at least 1"),
        (2.0, "integer"),
        (True, "integer"),
    ],
)
def test_impossible_sizes_are_refused_before_the_first_batch(size, words):
    with pytest.raises(ConfigError, match=words):
        batches(numbered(5), size)
