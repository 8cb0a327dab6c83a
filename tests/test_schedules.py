"""Schedules: rates by hand, per step and per epoch, and what they refuse."""

from typing import Any

import pytest

import glassnet as gn
from glassnet.schedules import Progress, Schedule, StepDecay, Warmup

SCHEDULES = [
    gn.Constant(),
    StepDecay(2, 0.5),
    gn.MultiStep((1, 3), 0.5),
    gn.Exponential(0.5, floor=0.1),
    gn.Cosine(floor=0.1),
    Warmup(4),
    gn.OneCycle(),
]


def rates(schedule: Schedule, steps: int, steps_per_epoch: int, epochs: int) -> list[float]:
    return [schedule(1.0, Progress(t, steps_per_epoch, epochs)) for t in range(steps)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (gn.Constant(), [1, 1, 1, 1, 1, 1, 1]),
        (StepDecay(2, 0.5), [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]),
        (gn.MultiStep((2, 3, 3), 0.5), [1, 1, 0.5, 0.125, 0.125, 0.125, 0.125]),
        (gn.MultiStep((), 0.5), [1, 1, 1, 1, 1, 1, 1]),
        (gn.Exponential(0.5, floor=0.1), [1, 0.5, 0.25, 0.125, 0.1, 0.1, 0.1]),
        (gn.Cosine(0.2), [1, 0.8, 0.4, 0.2, 0.2, 0.2, 0.2]),
        (Warmup(3), [1 / 3, 2 / 3, 1, 1, 1, 1, 1]),
        (gn.OneCycle(warmup=0.5, start=5, end=10), [0.2, 1, 0.1, 0.1, 0.1, 0.1, 0.1]),
    ],
    ids=repr,
)
def test_rates_by_hand(schedule: Schedule, expected: list[float]) -> None:
    assert rates(schedule, 7, 3, 1) == pytest.approx(expected)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_an_epoch_may_be_the_unit(schedule: Schedule) -> None:
    by_step = rates(schedule, 5, 1, 5)
    by_epoch = rates(type(schedule)(**{**vars(schedule), "unit": "epoch"}), 15, 3, 5)
    assert by_epoch == [rate for rate in by_step for _ in range(3)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_rates_depend_on_nothing_but_the_progress(schedule: Schedule) -> None:
    progress = Progress(7, 4, 3)
    rate = schedule(0.3, progress)
    schedule(0.3, Progress(11, 4, 3))
    assert schedule(0.3, progress) == rate
    assert type(rate) is float
    assert 0 < rate <= 0.3


def test_one_cycle_goes_up_and_down() -> None:
    path = rates(gn.OneCycle(warmup=0.25), 101, 101, 1)
    assert path[25] == max(path) == 1
    assert path[:26] == sorted(path[:26])
    assert path[25:] == sorted(path[25:], reverse=True)
    assert (path[0], path[-1]) == pytest.approx((1 / 25, 1 / 250_000))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_shortest_training(schedule: Schedule) -> None:
    assert 0 < rates(schedule, 1, 1, 1)[0] <= 1


@pytest.mark.parametrize(
    ("losses", "plateaus"),
    [
        ([], 0),
        ([5, 4, 3, 2, 1], 0),
        ([1, 1, 1], 0),
        ([1, 1, 1, 1], 1),
        ([1, 2, 3, 0.5, 2, 3], 0),
        ([1, 1, 1, 1, 1, 1, 1], 2),
        ([1, 0.9999, 0.9998, 0.9997], 1),  # better, but by less than the threshold
        ([1, float("nan"), float("nan"), float("nan")], 1),
    ],
)
def test_plateaus_by_hand(losses: list[float], plateaus: int) -> None:
    schedule = gn.ReduceOnPlateau(0.5, patience=2, threshold=1e-3)
    assert schedule(1.0, Progress(0, losses=losses)) == 0.5**plateaus
    floor = gn.ReduceOnPlateau(0.5, patience=2, threshold=1e-3, floor=0.4)
    assert floor(1.0, Progress(0, losses=losses)) == max(0.4, 0.5**plateaus)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.Cosine(unit="batch"), "'step' or 'epoch', not 'batch'"),
        (lambda: StepDecay(0), "every must be at least 1"),
        (lambda: StepDecay(2, gamma=0), "gamma must be above 0"),
        (lambda: gn.MultiStep((1,), gamma=-1), "gamma must be above 0"),
        (lambda: gn.Exponential(0), "gamma must be above 0"),
        (lambda: gn.Exponential(float("nan")), "gamma must be above 0"),
        (lambda: gn.Exponential(0.5, floor=-1), "floor must be at least 0"),
        (lambda: gn.Cosine(floor=-1), "floor must be at least 0"),
        (lambda: Warmup(0), "length must be at least 1"),
        (lambda: gn.OneCycle(warmup=1.0), "warmup must lie between"),
        (lambda: gn.OneCycle(end=0), "start and end must be above 0"),
        (lambda: gn.ReduceOnPlateau(1.0), "gamma must lie between"),
        (lambda: gn.ReduceOnPlateau(patience=-1), "patience must be at least 0"),
        (lambda: gn.ReduceOnPlateau(floor=-1), "floor must be at least 0"),
    ],
)
def test_senseless_schedules_are_refused(make: Any, words: str) -> None:
    with pytest.raises(gn.ConfigError, match=words):
        make()
