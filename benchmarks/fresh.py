"""One measurement in a fresh process: memory that training adds, or the first epoch.

    python fresh.py CONTESTANT THREADS CASE DATA.npz

Prints one line of JSON when the epoch is done: the resident bytes before the model was made, and
the most there were up to the end of the epoch.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np


def resident(name: str) -> int:
    """Return VmRSS (now) or VmHWM (the most) in bytes.

    Not `getrusage`: what it says of a new process begins with the memory of the parent.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def main() -> None:
    """Import, load, train."""
    from tasks import ALL, library

    contestant, threads, case, path = sys.argv[1:]
    out, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    team = library(contestant, int(threads))
    with np.load(path) as file:
        data = file["x"], file["y"]
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = resident("VmRSS")
    team.training(ALL[case], data)()
    print(json.dumps({"before": before, "peak": resident("VmHWM")}), file=out, flush=True)


if __name__ == "__main__":
    main()
