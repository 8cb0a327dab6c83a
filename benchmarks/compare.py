"""Compare Glassnet's editions with PyTorch, kernel by kernel and network by network.

    python benchmarks/compare.py [--threads 2] [--rounds 15] [--only TEXT] [--kernels | --work]

Each contestant lives in a process of its own. They take turns, in another order each round, so a
machine that changes its speed does so for all; a ratio is taken within a round, and what is printed
is the median of the ratios, with the quartiles. Everything is run before it is timed, so compiling
and warming up are not in the times.
"""

import argparse
import json
import platform
import random
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from networks import WORK
from worker import KERNELS

CONTESTANTS = ("torch", "torch-fused", "numba", "numpy")
TURN = 0.15  # seconds of one contestant in one round, so that its threads are awake


class Contestant:
    """A process that answers with times."""

    def __init__(self, name: str, threads: int) -> None:
        worker = Path(__file__).with_name("worker.py")
        self.process = subprocess.Popen(
            [sys.executable, str(worker), name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def seconds(self, case: str, repetitions: int) -> float:
        """Return what the case took, on average over the repetitions."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps((case, repetitions)), file=self.process.stdin, flush=True)
        return float(json.loads(self.process.stdout.readline()))


def measure(team: dict[str, Contestant], case: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every contestant in every round."""
    often = {name: max(1, round(TURN / c.seconds(case, 3))) for name, c in team.items()}
    times: dict[str, list[float]] = {name: [] for name in team}
    for _ in range(rounds):
        for name in random.sample(list(team), len(team)):
            times[name].append(team[name].seconds(case, often[name]))
    return times


def readable(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    return f"{seconds * 1e6:.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:.1f} ms"


def row(case: str, times: dict[str, list[float]]) -> str:
    """Return one line: the times, and ratios to the faster PyTorch with their quartiles."""
    best = min(("torch", "torch-fused"), key=lambda name: statistics.median(times[name]))
    cells = [f"{readable(statistics.median(times[name])):>9}" for name in times]
    for name in ("numba", "numpy"):
        ratios = [a / b for a, b in zip(times[name], times[best], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        cells.append(f"{middle:5.2f} [{low:.2f}–{high:.2f}]")
    return f"{case:42}{'  '.join(cells)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--kernels", action="store_true")
    which.add_argument("--work", action="store_true")
    chosen = parser.parse_args()
    cases = ([] if chosen.work else KERNELS) + ([] if chosen.kernels else list(WORK))
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "torch"))
    print(f"{platform.processor() or platform.machine()}, {chosen.threads} threads; {versions}")
    head = "  ".join(f"{name:>9}" for name in CONTESTANTS)
    print(f"{'':42}{head}  numba/torch       numpy/torch")
    team = {name: Contestant(name, chosen.threads) for name in CONTESTANTS}
    for case in cases:
        if chosen.only in case:
            print(row(case, measure(team, case, chosen.rounds)), flush=True)


if __name__ == "__main__":
    main()
