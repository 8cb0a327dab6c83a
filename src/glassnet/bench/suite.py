"""All kernels and workloads against the roof, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassnet.bench.kernel_cases import kernel_cases
from glassnet.bench.measuring import Spread, Timer, interleave, timer
from glassnet.bench.roofline import Roof, Work, measure_roof
from glassnet.bench.workloads import WORKLOADS, Workload
from glassnet.errors import ConfigError
from glassnet.threads import set_threads, threads
from glassnet.words import nearest

TRAINING = "training"
ROOF = "the roof"


@dataclass(frozen=True)
class Case:
    """Something to time.

    Attributes
    ----------
    name, family : str
    work : tuple of Work
        What it cannot do without; the parts come one after the other.
    prepare : callable
        Returns what is timed.
    steps : int
        How many steps one call takes; times are of one step.
    """

    name: str
    family: str
    work: tuple[Work, ...]
    prepare: Callable[[], Callable[[], object]]
    steps: int = 1


@dataclass(frozen=True)
class Result:
    """What a case took, and how near that is to the roof.

    Attributes
    ----------
    name, family : str
    seconds : Spread
    operations, bytes : float
        What there was to do.
    share : Spread
        The least possible time over the time taken, within each round.
    """

    name: str
    family: str
    seconds: Spread
    operations: float
    bytes: float
    share: Spread

    def to_dict(self) -> dict[str, object]:
        """Return numbers for programs: seconds, rates and shares."""
        return {
            "name": self.name,
            "family": self.family,
            "seconds": self.seconds.median,
            "seconds_quartiles": [self.seconds.low, self.seconds.high],
            "gflops": self.operations / self.seconds.median / 1e9,
            "gbytes_per_second": self.bytes / self.seconds.median / 1e9,
            "roof_share": self.share.median,
            "roof_share_quartiles": [self.share.low, self.share.high],
        }


def cases(only: str = "") -> list[Case]:
    """Return the cases whose name or family contains a text, capitals or not.

    Raises
    ------
    ConfigError
        If there is none.

    Examples
    --------
    >>> [case.name for case in cases("adam 536k")]
    ['Adam 536k']
    """
    every = [Case(c.name, c.family, (c.work,), c.prepare) for c in kernel_cases()]
    every += [_training(name, workload) for name, workload in WORKLOADS.items()]
    found = [case for case in every if only.lower() in f"{case.family} {case.name}".lower()]
    if not found:
        families = list(dict.fromkeys(case.family for case in every))
        raise ConfigError(
            f"nothing that is timed has {only!r} in its name{nearest(only, families)}; the "
            f"families are {', '.join(families)}"
        )
    return found


def run(
    chosen: Sequence[Case],
    *,
    rounds: int,
    turn: float,
    on_turn: Callable[[str], object] | None = None,
) -> tuple[Roof, list[Result]]:
    """Time cases and the roof in turns; return the roof (of its medians) and the results.

    Parameters
    ----------
    chosen : sequence of Case
    rounds : int
    turn : float
        Seconds of work for each case in each round.
    on_turn : callable, optional
        Told the name of what is about to be timed.
    """
    set_threads(threads())  # also for BLAS, so that the NumPy edition has as many
    roofs: list[Roof] = []

    def time_roof(_: int) -> float:
        roofs.append(measure_roof(threads()))
        return turn  # a turn is one measurement, however long

    timers: dict[str, Timer] = {ROOF: time_roof}
    timers |= {case.name: timer(case.prepare()) for case in chosen}
    times = interleave(timers, rounds=rounds, turn=turn, on_turn=on_turn)
    of_round = roofs[-rounds:]
    results = []
    for case in chosen:
        seconds = [time / case.steps for time in times[case.name]]
        least = [sum(map(roof.seconds, case.work)) for roof in of_round]
        results.append(
            Result(
                case.name,
                case.family,
                Spread.of(seconds),
                sum(work.operations for work in case.work),
                sum(work.bytes for work in case.work),
                Spread.of([a / b for a, b in zip(least, seconds, strict=True)]),
            )
        )
    return _median(of_round), results


def _training(name: str, workload: Workload) -> Case:
    def prepare() -> Callable[[], object]:
        trainer, data = workload.trainer(), workload.dataset()
        return lambda: trainer.fit(data, epochs=workload.epochs, batch_size=workload.batch)

    return Case(name, TRAINING, tuple(workload.step_work()), prepare, workload.steps)


def _median(roofs: Sequence[Roof]) -> Roof:
    """Return the roof of the median rates."""
    arithmetic = [roof.arithmetic for roof in roofs if roof.arithmetic is not None]
    return Roof(
        Spread.of([roof.peak for roof in roofs]).median,
        {
            size: Spread.of([roof.bandwidth[size] for roof in roofs]).median
            for size in roofs[0].bandwidth
        },
        Spread.of(arithmetic).median if arithmetic else None,
    )
