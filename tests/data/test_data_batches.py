from importlib import import_module
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data import Dataset, Scaling, batches
from glassnet.data.batches import Batches
from glassnet.errors import ConfigError


def numbered(n):
    return Dataset(np.arange(float(n))[:, None], np.arange(n), Scaling(2.0), np.arange(1.0, n + 1))


@st.composite
def passes(draw):
    """Draw samples, a batch, the batches that were seen already, and how many are gathered."""
    n = draw(st.integers(1, 40))
    batch_size = draw(st.integers(1, n))
    seen = draw(st.sampled_from([*range(0, n, batch_size), n]))
    return n, batch_size, seen, draw(st.sampled_from([1, 7, 10, 16_384]))


@given(passes(), st.booleans(), st.booleans(), st.booleans())
def test_one_pass_draws_each_sample_once(drawn, shuffled, drop_last, together):
    """All batches are kept till the last is drawn: none is written over."""
    n, batch_size, seen, at_once = drawn
    rng = np.random.default_rng(0) if shuffled else None
    options = {"drop_last": drop_last, "seen": seen, "together": together}
    with patch.object(import_module("glassnet.data.batches"), "AT_ONCE", at_once):
        drawn = list(batches(numbered(n), batch_size, rng, **options))
    stop = n - n % batch_size if drop_last else n
    order = np.random.default_rng(0).permutation(n) if shuffled else np.arange(n)
    assert [label for _, y, _ in drawn for label in y] == order[seen : max(seen, stop)].tolist()
    lengths = [len(y) for _, y, _ in drawn]
    assert all(length % batch_size == 0 for length in lengths[:-1])
    assert all(0 < length <= max(batch_size, at_once) for length in lengths)
    if not together:
        assert set(lengths[:-1]) <= {batch_size}
        assert max(lengths, default=0) <= batch_size
    for x, labels, weight in drawn:
        np.testing.assert_array_equal(x[:, 0], 2 * labels)
        np.testing.assert_array_equal(weight, labels + 1)


def test_each_pass_has_the_order_that_the_stream_is_at():
    passes, rng, twin = Batches(numbered(9), 4), np.random.default_rng(0), np.random.default_rng(0)
    for expected in (twin.permutation(9), twin.permutation(9), np.arange(9)):
        drawn = passes.draw(None if expected[0] == 0 else rng)
        assert [label for _, y, _ in drawn for label in y] == expected.tolist()


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
