"""Contestants in processes of their own, who take turns."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from glassnet.bench import interleave

HERE = Path(__file__).parent
TURN = 0.12  # seconds of one contestant in one round, so that its threads are awake
PAUSE = 0.03  # in which the threads of the one before stop looking for work
ROUNDS = 5


class UnableError(Exception):
    """A contestant could not do what it was asked."""


class Contestant(AbstractContextManager):
    """A process that answers with times."""

    def __init__(self, name: str, threads: int) -> None:
        command = [sys.executable, str(HERE / "worker.py"), name, str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(threads),
        )  # fmt: skip

    def ask(self, task: list, repetitions: int) -> None:
        """Let it begin."""
        print(json.dumps((task, repetitions)), file=self.process.stdin, flush=True)

    def answer(self) -> float:
        """Return what it took, on average over the repetitions."""
        answer = json.loads(self.process.stdout.readline() or '"the process ended"')
        if isinstance(answer, str):
            raise UnableError(answer)
        return answer

    def seconds(self, task: list, repetitions: int) -> float:
        """Let it do something, and return what it took."""
        self.ask(task, repetitions)
        return self.answer()

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()


def environment(threads: int) -> dict[str, str]:
    """Return an environment in which all have the same number of threads.

    OpenBLAS's threads look for work for 80 ms before they sleep, in which they would take a core
    from whoever is next; here for 2^22 cycles, some milliseconds.
    """
    own = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GLASSNET_KERNELS")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_THREAD_TIMEOUT": "22"}


class Team(AbstractContextManager):
    """Several contestants."""

    def __init__(self, names: Iterable[str], threads: int) -> None:
        self.members = {name: Contestant(name, threads) for name in names}
        self.last = ""

    def seconds(self, name: str, task: list, repetitions: int) -> float:
        """Let one of them do something, once the threads of the one before are asleep."""
        if name != self.last:
            time.sleep(PAUSE)
        self.last = name
        return self.members[name].seconds(task, repetitions)

    def __exit__(self, *_: object) -> None:
        for member in self.members.values():
            member.__exit__()

    def measure(
        self, task: list, rounds: int = ROUNDS, turn: float = TURN, only: Iterable[str] = ()
    ) -> dict[str, list[float] | str]:
        """Return the seconds of everybody in every round; of whom it is too much, why."""
        answers: dict[str, list[float] | str] = {}
        able = []
        for name in self.members:
            if only and name not in only:
                continue
            try:
                self.seconds(name, task, 1)  # compiles, which does not count
                able.append(name)
            except UnableError as error:
                answers[name] = str(error)
        timers = {name: lambda n, name=name: self.seconds(name, task, n) for name in able}
        return answers | interleave(timers, rounds=rounds, turn=turn)
