"""Verdicts."""

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from glassnet.experiments.catalogue import Verdict, verdict
from glassnet.experiments.catalogue.document import _chance
from glassnet.experiments.catalogue.overview import Line
from glassnet.experiments.catalogue.verdicts import MARGIN, ORDER, overall
from glassnet.experiments.intervals import Estimate, mean_of

figures = st.floats(0, 10)
names = st.sampled_from(["test_accuracy", "valid_loss", "last train_accuracy", "hidden bias error"])


def around(mean, half_width=math.nan):
    return Estimate(mean, mean - half_width, mean + half_width, count=5)


@given(names, figures, figures, st.floats(0, 0.5))
def test_verdicts_are_those_of_the_catalogue(name, published, mean, half_width):
    found = verdict(name, published, around(mean, half_width))
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
    ours = around(mean)
    assert verdict(name, published, ours) == verdict(name, published, around(mean, 0.0))


def test_the_border_belongs_to_it():
    assert verdict("test_accuracy", 0.953, around(0.958)) == Verdict.REPRODUCED


@given(names, figures, figures)
def test_a_trap_and_missing_data_come_first(name, published, mean):
    ours = around(mean, 0.1)
    assert verdict(name, published, ours, trap="truncated") == Verdict.NOT_COMPARABLE
    assert verdict(name, published, None, trap="truncated") == Verdict.NOT_RUN


def test_what_is_not_finite_is_worse():
    assert verdict("valid_loss", 1.0, around(math.nan)) == Verdict.WORSE


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1))
def test_the_least_favourable_verdict_counts(found):
    whole = overall(found)
    assert whole in found
    assert all(ORDER.index(whole) <= ORDER.index(one) for one in found)


def test_without_numbers_there_is_no_verdict():
    assert overall([]) is None


def test_one_more_run_lies_where_it_is_said_to():
    figures = np.random.default_rng(0).normal(0.9, 0.01, (2000, 6))
    within = 0
    for *known, further in figures.tolist():
        low, high = mean_of(known).of_one_more
        within += low <= further <= high
    assert abs(within / len(figures) - 0.95) < 0.01


def test_a_published_figure_that_could_be_one_of_our_runs_is_said_to():
    ours = Estimate(0.93, low=0.92, high=0.94, count=5)
    assert "between 0.9055 and 0.9545" in _chance(Line("test_accuracy", 0.95, ours, Verdict.WORSE))
    assert not _chance(Line("test_accuracy", 0.96, ours, Verdict.WORSE))
    assert not _chance(Line("test_accuracy", 0.95, mean_of([0.93]), Verdict.WORSE))
