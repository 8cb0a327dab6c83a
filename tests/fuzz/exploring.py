"""Reading many inputs in a process with limits, and noting what should not have happened.

The contract of every parser: an input is read, or refused with a `GlassnetError`, within a second
of the processor's time and a gigabyte of memory.
"""

import multiprocessing
import resource
import signal
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glassnet import GlassnetError
from tests.fuzz.parsers import Files, Parser, quiet

MOST_MEMORY = 1 << 30
GIVEN_UP = 15.0
"""Seconds of the processor after which an input ends its process."""
SHOWN = 3
"""Failures of one kind that are kept."""


@dataclass
class Failure:
    """An input that broke the contract."""

    parser: str
    number: int
    file: str
    kind: str
    trace: str
    content: bytes


@dataclass
class Tally:
    """What became of the inputs of one parser."""

    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    failures: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    peak: int = 0
    """Bytes of the whole process, its libraries included."""

    def add(self, other: "Tally") -> None:
        """Take another one's inputs in."""
        for name, value in asdict(other).items():
            combine = max if name in ("slowest", "peak") else sum
            setattr(self, name, combine((getattr(self, name), value)))


@dataclass
class Explored:
    """A tally with the failures themselves, those of one kind a few times only."""

    tally: Tally = field(default_factory=Tally)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, failure: Failure) -> None:
        """Note a failure."""
        self.tally.failures += 1
        if sum(known.kind == failure.kind for known in self.failures) < SHOWN:
            self.failures.append(failure)


def lay_out(files: Files, folder: Path) -> None:
    """Write the files of a parser into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def attempt(parser: Parser, file: Path, content: bytes) -> tuple[str, str, str]:
    """Read one input; return "accepted", "refused" or "failed", and of a failure kind and trace."""
    file.write_bytes(content)
    try:
        parser.read(file)
    except GlassnetError as error:
        if _for_want_of_memory(error):
            return "failed", "takes more than 1 GB", traceback.format_exc()
        return "refused", "", ""
    except BaseException as error:  # whatever else comes out is what is looked for
        return "failed", _kind(error), traceback.format_exc()
    return "accepted", "", ""


def explore(parser: Parser, files: Files, folder: Path, seed: object, numbers: range) -> Explored:
    """Read inputs in this process."""
    found = Explored()
    inputs = parser.inputs(files, seed, numbers.start)
    for number, (name, content) in zip(numbers, inputs, strict=False):
        _note(found, parser, folder, number, name, content)
        (folder / name).write_bytes(files[name])
    return found


def explore_apart(
    parser: Parser, files: Files, folder: Path, seed: object, numbers: range
) -> Explored:
    """Read inputs in a process of their own, with limits; go on behind one that ends it."""
    whole = Explored()
    fork = multiprocessing.get_context("fork")
    place = fork.Value("q", numbers.start, lock=False)
    first = numbers.start
    while first < numbers.stop:
        receive, send = fork.Pipe(duplex=False)
        arguments = (parser, files, folder, seed, range(first, numbers.stop), place, send)
        process = fork.Process(target=_work, args=arguments)
        process.start()
        send.close()
        done: Explored | None = None
        while True:
            try:
                done = receive.recv()
            except EOFError:
                break
        process.join()
        if done is not None:
            whole.tally.add(done.tally)
            for failure in done.failures:
                whole.failures.append(failure)
        if process.exitcode == 0:
            break
        if process.exitcode is None or process.exitcode > 0:
            raise RuntimeError(f"the search itself failed at {parser.name}, {place.value}")
        number = place.value
        name, content = next(parser.inputs(files, seed, number))
        hung = process.exitcode == -signal.SIGPROF
        kind = f"takes more than {GIVEN_UP:.0f} s" if hung else f"ended by {-process.exitcode}"
        before = explore_apart(parser, files, folder, seed, range(first, number))  # told nobody
        whole.tally.add(before.tally)
        whole.failures += before.failures
        whole.tally.inputs += 1
        whole.fail(Failure(parser.name, number, name, kind, "", content))
        (folder / name).write_bytes(files[name])
        first = number + 1
    return whole


def _work(
    parser: Parser, files: Files, folder: Path, seed: object, numbers: range, place: Any, send: Any
) -> None:
    quiet()
    name = parser.names(files)[0]
    attempt(parser, folder / name, files[name])  # what is made ready once is no input's time
    limit = _memory() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found = Explored()
    inputs = parser.inputs(files, seed, numbers.start)
    for number, (name, content) in zip(numbers, inputs, strict=False):
        place.value = number
        signal.setitimer(signal.ITIMER_PROF, GIVEN_UP)  # ends the process, wherever it is
        _note(found, parser, folder, number, name, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        (folder / name).write_bytes(files[name])
    found.tally.peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    send.send(found)


def _note(
    found: Explored, parser: Parser, folder: Path, number: int, name: str, content: bytes
) -> None:
    """Read one input and note what became of it."""
    begun = time.process_time()
    outcome, kind, trace = attempt(parser, folder / name, content)
    seconds = time.process_time() - begun
    tally = found.tally
    tally.inputs += 1
    tally.seconds += seconds
    tally.slowest = max(tally.slowest, seconds)
    if outcome != "failed" and seconds > parser.seconds:
        outcome, kind = "failed", f"takes more than {parser.seconds:.0f} s"
    if outcome == "failed":
        found.fail(Failure(parser.name, number, name, kind, trace or f"{seconds:.2f} s", content))
    elif outcome == "refused":
        tally.refused += 1
    else:
        tally.accepted += 1


def _kind(error: BaseException) -> str:
    """Return the type of an error and the last place in Glassnet that it came by."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/glassnet/" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside"
    return f"{type(error).__name__} at {place}"


def _for_want_of_memory(error: BaseException | None) -> bool:
    """Whether behind an error there is that memory did not suffice."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _memory() -> int:
    """Return the bytes of addresses that this process has asked for."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def kinds(failures: Sequence[Failure]) -> list[str]:
    """Return the different kinds of failures, by parser."""
    return sorted({f"{failure.parser}: {failure.kind}" for failure in failures})
