"""What is timed, how turns are taken, and the roof over it."""

import pkgutil
import time
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.bench import (
    WORKLOADS,
    Case,
    Roof,
    Spread,
    Work,
    cases,
    describe_machine,
    interleave,
    kernel_cases,
    run,
)
from glassnet.bench.kernel_cases import product_arrays
from glassnet.errors import ConfigError
from glassnet.kernels import vectorised
from glassnet.threads import set_threads, threads

KERNELS = list(kernel_cases())
amounts = st.floats(1e3, 1e12)


@pytest.fixture(autouse=True, scope="module")
def _forget_arrays():
    yield
    product_arrays.cache_clear()


def test_every_family_of_kernels_is_timed():
    files = {module.name for module in pkgutil.iter_modules(vectorised.__path__)}
    assert {case.family for case in KERNELS} == files
    assert {case.name for case in cases("training")} == set(WORKLOADS)
    assert len(cases()) == len({case.name for case in cases()})


@pytest.mark.parametrize("case", KERNELS, ids=lambda case: case.name)
def test_every_kernel_runs_again_and_again(case):
    call = case.prepare()
    with np.errstate(all="raise", under="ignore"):
        call()
        call()
    assert case.work.bytes > 0


@pytest.mark.parametrize(
    ("name", "products", "parameters", "arrays"),
    [
        ("784-128-10 tanh, batch 128, SGD", [784 * 128, 128 * 10], 101_770, 5),
        ("784-512-256-10, batch 32, Adam", [784 * 512, 512 * 256, 256 * 10], 535_818, 7),
        (
            "conv 1-4-8-16 (B), batch 128",
            [4 * 13**2 * 25, 8 * 6**2 * 100, 16 * 3**2 * 72, 144 * 128, 128 * 10],
            104 + 808 + 1_168 + 18_560 + 1_290,
            5,
        ),
    ],
)
def test_the_work_of_a_step_counted_by_hand(name, products, parameters, arrays):
    work = WORKLOADS[name]
    parts = list(work.step_work())
    # Forward, weight gradient, and input gradient of all but the first layer.
    expected = 2 * work.batch * (3 * sum(products) - products[0])
    assert sum(part.operations for part in parts) == expected
    assert parts[-1] == Work(0, 4 * arrays * parameters)


def test_times_and_shares_are_of_one_step():
    before = threads()
    work = (Work(0, 1e5), Work(0, 1e5))
    case = Case("ten steps", "sleep", work, lambda: lambda: time.sleep(0.01), steps=10)
    roof, (result,) = run([case], rounds=2, turn=1e-3)
    set_threads(before)
    assert 0.001 <= result.seconds.low <= result.seconds.high < 0.008
    assert result.bytes == 2e5
    least = 2 * roof.seconds(work[0])
    expected = least / result.seconds.median  # roughly: a busy machine changes its speed meanwhile
    assert 0.2 < result.share.median / expected < 5, "that of ten steps would be ten times as much"


def test_no_case_is_called_so():
    with pytest.raises(ConfigError, match="training"):
        cases("nothing is called so")


def test_everybody_has_a_turn_in_every_round():
    clock, told = count(), []
    turns = {name: [] for name in "abc"}

    def timer(name, seconds):
        def run(repetitions):
            turns[name].append((next(clock), repetitions))
            return seconds

        return run

    timers = {"a": timer("a", 1e-3), "b": timer("b", 1.0), "c": timer("c", 0.05)}
    times = interleave(timers, rounds=4, turn=0.1, on_turn=told.append)
    assert times == {"a": [1e-3] * 4, "b": [1.0] * 4, "c": [0.05] * 4}
    assert [turns[name][-1][1] for name in "abc"] == [100, 1, 2]
    assert sorted(told) == sorted("abc" * 5)
    last = sorted((when, name) for name in "abc" for when, _ in turns[name][-4:])
    rounds = ["".join(name for _, name in last[i : i + 3]) for i in range(0, 12, 3)]
    assert {"".join(sorted(each)) for each in rounds} == {"abc"}
    assert len(set(rounds)) > 1  # not always in the same order


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=30))
def test_half_the_values_lie_between_the_quartiles(values):
    spread = Spread.of(values)
    assert min(values) <= spread.low <= spread.median <= spread.high <= max(values)
    expected = np.quantile(values, [0.5, 0.25, 0.75])
    np.testing.assert_allclose(spread, expected, rtol=1e-9)


@given(amounts, amounts, st.floats(1, 1e3))
def test_nothing_is_faster_than_the_roof(operations, size, factor):
    roof = Roof(peak=1e11, bandwidth={1 << 20: 2e11, 1 << 27: 2e10})
    least = roof.seconds(Work(operations, size))
    assert least >= operations / 1e11
    assert least >= size / 2e11
    assert roof.seconds(Work(factor * operations, factor * size)) >= least


def test_the_machine_has_a_name():
    machine = describe_machine(["numpy", "there-is-no-such-package"])
    assert machine["processor"]
    assert machine["numpy"] == np.__version__
    assert "there-is-no-such-package" not in machine
