"""One contestant: reads what to do, line by line, and answers with the seconds that it took.

Started by `team.py`, in a process of its own, so that no library's threads or memory are another's.
"""

import json
import sys
import time

from tasks import library, prepare

WAKE = 0.05
"""Seconds of work before what is timed: so long the system may leave a thread that has slept on the
core of another one."""


def main() -> None:
    """Answer each line, (task, repetitions), on standard output."""
    out, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    team = library(sys.argv[1], int(sys.argv[2]))
    known, work = None, None
    for line in sys.stdin:
        task, repetitions = json.loads(line)
        try:
            if task != known:
                work = None  # the last one's memory goes before the next one's is taken
                known, work = task, prepare(team, *task)
            awake = time.perf_counter() + WAKE
            while repetitions > 1 and time.perf_counter() < awake:
                work()
            started = time.perf_counter()
            for _ in range(repetitions):
                work()
            answer = (time.perf_counter() - started) / repetitions
        except Exception as error:  # the answer says what could not be done, and others go on
            known, answer = None, f"{type(error).__name__}: {error}"[:200]
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
