"""Measure what docs/reliability.md says, and write its tables anew.

``python scripts/measure_reliability.py kills --count 200`` trains small networks on the bundled
digits, kills them with SIGKILL at random instants, resumes them, and compares bytes with runs that
were never left; it takes about ten minutes. What was measured is kept in a folder, so that the
command goes on where it was left. ``cuts`` simulates power cuts after every request to the disk;
it takes about two minutes. With ``--write`` the table on the page is renewed.
"""

import argparse
import json
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.reliability.power import cut, recorded  # noqa: E402
from tests.reliability.trainings import Training, training  # noqa: E402

from glassnet.errors import GlassnetError  # noqa: E402
from glassnet.experiments.folder import environment  # noqa: E402
from glassnet.experiments.identity import source_version  # noqa: E402
from glassnet.experiments.verification import verify_resume  # noqa: E402
from glassnet.files import write_atomically  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
KILLS_EACH = 8
"""Of one training."""
CUT = (0, 1, 2, 3, 4, 5, 6, 7)
"""Numbers of the trainings whose power is cut."""


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kills", "cuts"])
    parser.add_argument("--count", type=int, default=200, help="How many kills.")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "reliability",
                        help="Folder in which results of kills are kept.")  # fmt: skip
    parser.add_argument("--write", action="store_true", help="Write docs/reliability.md.")
    options = parser.parse_args()
    if options.what == "kills":
        results = list(kills(options.count, options.results))
        table, is_good = table_of_kills(results), all(result["identical"] for result in results)
    else:
        table, is_good = table_of_cuts()
    sys.stdout.write(table + "\n")
    if options.write:
        renew(options.what, table)
    if not is_good:
        sys.exit(1)


def kills(count: int, folder: Path) -> Iterator[dict]:
    """Yield results until there are so many kills; those of before, of this code, are kept."""
    made = number = 0
    while made < count and number < count:  # one that cannot be killed is no kill
        file = folder / f"kills-{source_version()}-{number:03d}.json"
        if file.is_file():
            result = json.loads(file.read_text(encoding="utf-8"))
        else:
            result = measured(training(number))
            write_atomically(file, json.dumps(result, indent=1))
        made += len(result["kills"])
        number += 1
        became = "identical" if result["identical"] else f"NOT IDENTICAL: {result['faults']}"
        say(f"{made:4} of {count}: {result['network']}, {', '.join(result['words'])}: {became}")
        yield result


def measured(what: Training) -> dict:
    """Return what became of one training that was killed."""
    begun = time.perf_counter()
    about = {"network": what.network, "words": what.words, "every": what.every}
    try:
        found = verify_resume(
            "digits-mlp",
            what.overrides,
            kills=KILLS_EACH,
            every=what.every,
            threads=what.threads,
            kernels=what.kernels,
        )
    except GlassnetError as error:
        return about | {"identical": False, "kills": [], "faults": [str(error)]}
    faults = [*found.unreadable, *(name for name, same in found.compared.items() if not same)]
    seconds = time.perf_counter() - begun
    return about | {**asdict(found), "identical": found.identical, "faults": faults,
                    "seconds": seconds}  # fmt: skip


def table_of_kills(results: list[dict]) -> str:
    """Return the section as Markdown."""
    kills = [kill for result in results for kill in result["kills"]]
    moments = Counter("write" if kill["torn"] else kill["moment"] for kill in kills)
    alike = sum(len(result["kills"]) for result in results if result["identical"])
    unreadable = sum(len(result.get("unreadable", ())) for result in results)
    dates = sorted({result["date"] for result in results if "date" in result})
    about = next(result["environment"] for result in results if "environment" in result)
    lines = [
        f"**{len(kills)} kills, {alike} resumed to identical bytes, {unreadable} files "
        f"unreadable.** {moments['write']} of them left a file half written (under a name that "
        f"nobody reads), {moments['start']} came while the program started, {moments['end']} "
        "after the last step.",
        "",
        f"`python scripts/measure_reliability.py kills --count {len(kills)} --write`, "
        f"{' to '.join(dict.fromkeys([dates[0], dates[-1]]))}, {machine()}, {versions(about)}.",
        "",
        "| network | with | checkpoint every | threads, kernels | kills (half written) | bytes |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        surroundings = result.get("environment", {"threads": "?", "kernels": "?"})
        torn = sum(kill["torn"] for kill in result["kills"])
        steps = "step" if result["every"] == 1 else f"{result['every']} steps"
        same = "identical" if result["identical"] else "; ".join(result["faults"])
        lines.append(
            f"| {result['network']} | {', '.join(result['words'])} | {steps} "
            f"| {surroundings['threads']}, {surroundings['kernels']} "
            f"| {len(result['kills'])} ({torn}) | {same} |"
        )
    return "\n".join(lines)


def table_of_cuts() -> tuple[str, bool]:
    """Try the power cuts; return the section as Markdown, and whether all were survived."""
    rows, states, requests, bad = [], 0, 0, 0
    for number in CUT:
        what = training(number)
        quick = ("training.epochs=2", "checkpoint.steps=10", "checkpoint.minutes=0")
        with TemporaryDirectory() as folder:
            found = cut(recorded((*what.overrides, *quick), Path(folder)).requests)
        checkpoints = sum(request.kind == "promise" for request in found.requests)
        asked = len(found.requests) - checkpoints
        say(f"{what.network}, {', '.join(what.words)}: {found.states} states, {found.faults}")
        rows.append(
            f"| {what.network} | {', '.join(what.words)} | {checkpoints} | {asked} "
            f"| {found.states:,} | {found.states - found.bad:,} |"
        )
        states, requests = states + found.states, requests + asked
        bad += found.bad
    lines = [
        f"**{states:,} states after power cuts at {requests:,} requests: the newest complete "
        f"checkpoint loads in {states - bad:,}.**",
        "",
        f"`python scripts/measure_reliability.py cuts --write`, {datetime.now(UTC):%Y-%m-%d}, "
        f"{machine()}, {versions(environment())}.",
        "",
        "| network | with | checkpoints | requests | states | good |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines), not bad


def machine() -> str:
    """Return what this is measured on."""
    found = re.search(r"model name\s*:\s*(.*)", read("/proc/cpuinfo"))
    name = found[1] if found else platform.processor()
    return f"{name}, {platform.system()} {platform.release().split('-')[0]}"


def versions(about: dict[str, str]) -> str:
    """Return with which programs it was measured."""
    names = {"glassnet": "Glassnet", "python": "Python", "numpy": "NumPy"}
    return ", ".join(f"{words} {about[name]}" for name, words in names.items())


def read(path: str) -> str:
    """Return a file's text; nothing where there is none."""
    return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""


def renew(name: str, table: str) -> None:
    """Put a table in its place on the page."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- table: {name} -->", "<!-- end -->"
    whole = f"{begin}\n\n{table}\n\n{end}"
    page, count = re.subn(f"{begin}.*?{end}", lambda match: whole, page, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{PAGE} has no place for the table {name!r}")
    write_atomically(PAGE, page)


def say(sentence: str) -> None:
    """Say how far it is."""
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    main()
