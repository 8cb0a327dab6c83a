"""Look for harmful inputs by what code they reach: atheris (libFuzzer) in place of pure chance.

``pip install atheris`` (where it has a wheel), then ``python scripts/fuzz_by_coverage.py --seconds
60`` gives each parser of `tests/fuzz/parsers.py` so many seconds. atheris keeps an input that has
reached new lines of Glassnet, and harms that one further. What it kept is under ``.fuzz/coverage``
and begins the next search; it stops at the first input that breaks the contract, and prints it.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("GLASSNET_KERNELS", "numpy")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"


def main() -> None:
    """Search parser after parser, each in a process of its own, as atheris never returns."""
    options = arguments()
    if options.parser:
        search(options.parser, options.seconds, options.folder)
    from tests.fuzz.parsers import available
    from tests.fuzz.table import put_between

    total, failed = 0, []
    for parser in available():
        command = [sys.executable, __file__, f"--parser={parser.name}", *sys.argv[1:]]
        ended = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        runs = re.search(r"Done (\d+) runs", ended.stderr)
        if ended.returncode or runs is None:
            failed.append(parser.name)
            print(f"{parser.name}: failed\n{ended.stderr[-3000:]}", flush=True)
            continue
        total += int(runs[1])
        print(f"{parser.name}: {int(runs[1]):,} inputs", flush=True)
    found = (
        f"{total:,} inputs led by coverage, {len(available())} parsers, {len(failed)} that failed "
        f"(`python scripts/fuzz_by_coverage.py --seconds {options.seconds} --write`, "
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()})."
    )
    print(found)
    if options.write:
        put_between(ROOT / "docs" / "reliability.md", BEGIN, found, END)
    sys.exit(1 if failed else 0)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each parser")
    parser.add_argument("--parser", help="only the one of this name")
    parser.add_argument("--write", action="store_true", help="put the sum in the documents")
    parser.add_argument("--folder", type=Path, default=ROOT / ".fuzz" / "coverage")
    return parser.parse_args()


def search(name: str, seconds: int, folder: Path) -> None:
    """Search one parser, and end the process."""
    import atheris

    with atheris.instrument_imports(include=["glassnet"]):
        from tests.fuzz.exploring import attempt, lay_out
        from tests.fuzz.parsers import available, quiet
    quiet()
    parser = next(p for p in available() if p.name == name)
    files = parser.seeds()
    kept = folder / parser.slug
    kept.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm"))
    lay_out(files, place)
    names = parser.names(files)
    for number, file in enumerate(names):
        (kept / f"valid-{number}").write_bytes(bytes([number]) + files[file])

    def read(data: bytes) -> None:
        """Read the rest of the input as the file that its first byte chooses."""
        file = names[data[0] % len(names)] if data else names[0]
        outcome, _, trace = attempt(parser, place / file, data[1:])
        (place / file).write_bytes(files[file])
        if outcome == "failed":
            raise RuntimeError(f"{file}\n{trace}")

    longest = 2 * max(map(len, files.values()))
    limits = [f"-max_total_time={seconds}", "-timeout=10", f"-max_len={longest}"]
    atheris.Setup([sys.argv[0], str(kept), *limits, f"-artifact_prefix={folder}/"], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
