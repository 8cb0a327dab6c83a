"""Fail if Glassnet has become clearly slower beside another that does the same work.

    python scripts/check_speed.py [--threads N]

In one run, in turns, Glassnet and PyTorch train a few networks and predict with some; without
PyTorch, Glassnet's compiled edition and its NumPy edition. What counts is the median ratio of their
times: seconds would say more about the machine. A ratio that is `MARGIN` times its bound in
`benchmarks/bounds.toml` is measured again with more rounds, and fails if it still is.
"""

import argparse
import statistics
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from tasks import installed  # noqa: E402
from team import Team  # noqa: E402

MARGIN = 1.6
ROUNDS, MORE_ROUNDS = 7, 15
TURN = 0.08


def main() -> None:
    """Print a line for each case; end with 1 if one is too slow, with 2 if nothing compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    threads = parser.parse_args().threads
    pair = rivals()
    if pair is None:
        sys.exit("check_speed: neither PyTorch nor Numba is installed, so nothing compares")
    bounds = tomllib.loads((ROOT / "benchmarks" / "bounds.toml").read_text(encoding="utf-8"))
    slow = []
    with Team(pair, threads) as team:
        for case, bound in bounds["/".join(pair)].items():
            found = ratio(team, case, ROUNDS)
            if found > MARGIN * bound:
                found = ratio(team, case, MORE_ROUNDS)
            if found > MARGIN * bound:
                slow.append(case)
            verdict = "too slow" if case in slow else "ok"
            print(f"{case:49}{found:6.2f}  (bound {bound:.2f} × {MARGIN})  {verdict}", flush=True)
    if slow:
        print(f"check_speed: slower than it was: {'; '.join(slow)}", file=sys.stderr)
        sys.exit(1)


def rivals() -> tuple[str, str] | None:
    """Return who is compared with whom: Glassnet's best edition, and the other."""
    ours = "numba" if installed("numba") else "numpy"
    if installed("torch"):
        return ours, "torch-fused"
    return (ours, "numpy") if ours == "numba" else None


def ratio(team: Team, case: str, rounds: int) -> float:
    """Return the median over the rounds of our time over the other's.

    A case "NAME" is a training, "NAME | SAMPLES" so many samples at once through what was trained.
    """
    name, _, samples = case.partition(" | ")
    task = ["inference", name, int(samples)] if samples else ["training", name]
    times = team.measure(task, rounds, TURN)
    for name, answer in times.items():
        if isinstance(answer, str):
            sys.exit(f"check_speed: {name} on {case}: {answer}")
    ours, theirs = (times[name] for name in team.members)
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
