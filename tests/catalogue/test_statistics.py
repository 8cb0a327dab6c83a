"""Intervals and verdicts."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from glassnet.experiments.catalogue import Estimate, Verdict, verdict
from glassnet.experiments.catalogue.statistics import MARGIN, ORDER, overall

figures = st.floats(0, 10)
names = st.sampled_from(["test_accuracy", "valid_loss", "last train_accuracy", "hidden bias error"])


@given(st.lists(figures, min_size=2, max_size=12))
def test_the_interval_is_students(values):
    found = Estimate.of(values)
    assume(max(values) - min(values) > 1e-6)
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values)
    )
    assert found.mean - found.half_width == pytest.approx(low, abs=1e-9)
    assert found.mean + found.half_width == pytest.approx(high, abs=1e-9)
    assert found.seeds == len(values)


def test_one_seed_has_no_interval():
    assert math.isnan(Estimate.of([0.5]).half_width)
    assert str(Estimate.of([0.5])) == "0.5000"


@given(names, figures, figures, st.floats(0, 0.5))
def test_verdicts_are_those_of_the_catalogue(name, published, mean, half_width):
    found = verdict(name, published, Estimate(mean, half_width, 5))
    low, high = mean - half_width - MARGIN, mean + half_width + MARGIN
    assume(min(abs(published - low), abs(published - high)) > 1e-6)
    if low <= published <= high:
        assert found == Verdict.REPRODUCED
    else:
        higher_is_better = "accuracy" in name
        assert found == (
            Verdict.BETTER if (mean > published) == higher_is_better else Verdict.WORSE
        )


@given(names, figures, figures)
def test_a_single_seed_is_judged_by_the_margin_alone(name, published, mean):
    ours = Estimate(mean, math.nan, 1)
    assert verdict(name, published, ours) == verdict(name, published, Estimate(mean, 0.0, 1))


def test_the_border_belongs_to_it():
    assert verdict("test_accuracy", 0.953, Estimate(0.958, math.nan, 1)) == Verdict.REPRODUCED


@given(names, figures, figures)
def test_a_trap_and_missing_data_come_first(name, published, mean):
    ours = Estimate(mean, 0.1, 5)
    assert verdict(name, published, ours, trap="truncated") == Verdict.NOT_COMPARABLE
    assert verdict(name, published, None, trap="truncated") == Verdict.NOT_RUN


def test_what_is_not_finite_is_worse():
    assert verdict("valid_loss", 1.0, Estimate(math.nan, math.nan, 1)) == Verdict.WORSE


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1))
def test_the_least_favourable_verdict_counts(found):
    whole = overall(found)
    assert whole in found
    assert all(ORDER.index(whole) <= ORDER.index(one) for one in found)


def test_without_numbers_there_is_no_verdict():
    assert overall([]) is None
