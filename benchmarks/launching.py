"""Starting processes and waiting for what they say first."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from team import HERE, environment

from glassnet.bench import Workload


@contextmanager
def stored(work: Workload, samples: int = 0) -> Iterator[Path]:
    """Lend a file that holds a workload's data, so that no process draws them itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        x, y = (replace(work, samples=samples) if samples else work).data()
        np.savez(path, x=x, y=y)
        yield path


def first_epoch(name: str, threads: int, case: str, data: Path) -> tuple[float, dict[str, int]]:
    """Return the seconds from process start to the end of the first epoch, and the memory."""
    command = [sys.executable, HERE / "fresh.py", name, str(threads), case, data]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment(threads)
    ) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
    return seconds, json.loads(line)


def run_python(code: str) -> float:
    """Return the seconds that a Python takes which does this and ends."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started
