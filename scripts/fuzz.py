"""Harm valid files at random, and see that each is read or refused: never a crash or a hang.

``python scripts/fuzz.py --count 1000000`` goes through every parser of `tests/fuzz/parsers.py` in
turns. It can be interrupted at any moment: what was done is in ``.fuzz/``, and the same command
goes on. Inputs depend on ``--seed`` and their number. What fails is kept under ``.fuzz/failures``,
to be mended and moved to ``tests/fuzz/corpus``. At the end, and after every round, the table in
docs/reliability.md is written, if ``--write`` is given.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported, hence before it
os.environ.setdefault("GLASSNET_KERNELS", "numpy")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.fuzz.exploring import Failure, Tally, explore_apart, lay_out  # noqa: E402
from tests.fuzz.parsers import Files, Parser, available  # noqa: E402
from tests.fuzz.table import write_table  # noqa: E402

from glassnet.files import write_atomically  # noqa: E402

ROUNDS = 10
"""In so many turns, so that an interrupted search has been through all parsers."""
MEMORY = "/dev/shm"  # files that are never written to a disk


def main() -> None:
    """Go through the parsers until each has had its share."""
    options = arguments()
    store = Store(options.folder, options.seed)
    parsers = [p for p in available() if not options.only or p.name in options.only]
    shares = sum(parser.share for parser in parsers)
    goals = {p.name: math.ceil(options.count * p.share / shares) for p in parsers}
    place = MEMORY if os.path.isdir(MEMORY) else None
    for turn in range(1, ROUNDS + 1):
        for parser in parsers:
            goal = round(goals[parser.name] * turn / ROUNDS)
            if store.tallies[parser.name].inputs < goal:
                search(parser, goal, store, place)
        if options.write:
            write_table(store.tallies, options.seed, ROOT / "docs" / "reliability.md")
    total = sum(tally.inputs for tally in store.tallies.values())
    failed = sum(tally.failures for tally in store.tallies.values())
    print(f"{total:,} inputs, {failed:,} failures")
    sys.exit(1 if failed else 0)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="inputs over all parsers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="a parser by name; may be repeated")
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="to go on from")
    parser.add_argument("--write", action="store_true", help="write the table in the documents")
    return parser.parse_args()


class Store:
    """What has been done, in a folder: tallies by parser, and the inputs that failed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.file = folder / f"seed-{seed}.json"
        known = json.loads(self.file.read_text()) if self.file.is_file() else {}
        self.tallies = {p.name: Tally(**known.get(p.name, {})) for p in available()}

    def add(self, parser: Parser, tally: Tally, failures: list[Failure]) -> None:
        """Write down what a turn has found."""
        for failure in failures:
            name = f"{failure.number}--{failure.file.replace('/', '__')}"
            place = self.folder / "failures" / parser.slug / name
            write_atomically(place, failure.content)
            write_atomically(place.with_name(f"{name}.txt"), f"{failure.kind}\n{failure.trace}\n")
            print(f"{parser.name}, input {failure.number}: {failure.kind}", flush=True)
        self.tallies[parser.name].add(tally)
        stored = {name: asdict(found) for name, found in self.tallies.items()}
        write_atomically(self.file, json.dumps(stored, indent=1))


@cache
def seeds(parser: Parser) -> Files:
    """Return the valid files of a parser, made once."""
    return parser.seeds()


def search(parser: Parser, goal: int, store: Store, place: str | None) -> None:
    """Give a parser inputs up to a number."""
    done = store.tallies[parser.name].inputs
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place) as folder:
        files = seeds(parser)
        lay_out(files, Path(folder))
        seed = vars(arguments())["seed"]
        found = explore_apart(parser, files, Path(folder), seed, range(done, goal))
    store.add(parser, found.tally, found.failures)


if __name__ == "__main__":
    main()
