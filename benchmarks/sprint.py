"""MNIST to 99 %: `glassnet train mnist-sprint` against PyTorch, from process start to accuracy.

    python benchmarks/sprint.py [--seeds 5] [--threads 2] [--data-dir DIR] [--write]

Each run is a process of its own; the contestants take turns, seed by seed, in another order each
time. What is timed, from outside, is the whole process from its start to the moment when it prints
the accuracy on the test part: Python's start, imports, reading the gz files, training, test. A
ratio is taken within a seed's turn. With --write the table goes into docs/sprint.md.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from page import machine, replace_table

HERE = Path(__file__).parent
PARTS = ("start", "data", "training", "test")
NAMES = {
    "glassnet": "Glassnet, `mnist-sprint`",
    "torch-own": "PyTorch, its best recipe",
    "torch-glassnet": "PyTorch, the recipe of `mnist-sprint`",
}


def command(name: str, seed: int, out: str) -> list[str]:
    """Return how a contestant is started."""
    if name == "glassnet":
        arguments = ["-m", "glassnet", "train", "mnist-sprint", "--json", "--out", out]
        return [sys.executable, *arguments, "--seed", str(seed)]
    recipe = name.removeprefix("torch-")
    return [sys.executable, str(HERE / "sprint_torch.py"), str(seed), "--recipe", recipe]


def run(name: str, seed: int) -> dict[str, Any]:
    """Run a contestant once; return accuracy, seconds to it, of the process and of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with subprocess.Popen(
            command(name, seed, f"{folder}/run"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            lines = []
            reached = None
            for line in process.stdout:
                lines.append(line)
                if reached is None and re.search(r"test.accuracy", line):
                    reached = time.perf_counter() - started
        ended = time.perf_counter() - started
    if process.returncode or reached is None:
        raise SystemExit(f"{name} failed:\n{''.join(lines)}")
    told = json.loads(lines[-1])
    parts = {part: told["seconds_by_part"][part] for part in PARTS}
    # Whatever the program cannot see of its own start is start too.
    parts["start"] += reached - sum(parts.values())
    return {"accuracy": told["test_accuracy"], "reached": reached, "ended": ended} | parts


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Return the medians as a Markdown table, with the ratios below it."""
    rows = [
        "| | to the accuracy | fastest–slowest | start | data | training | test | whole process "
        "| accuracy of each seed, % | mean |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|--:|",
    ]
    for name, found in runs.items():
        middle = {
            key: statistics.median(r[key] for r in found) for key in ("reached", "ended", *PARTS)
        }
        seconds = [r["reached"] for r in found]
        accuracies = [100 * r["accuracy"] for r in found]
        rows.append(
            f"| {NAMES[name]} | **{middle['reached']:.2f} s** "
            f"| {min(seconds):.2f}–{max(seconds):.2f} | "
            + " | ".join(f"{middle[part]:.2f}" for part in PARTS)
            + f" | {middle['ended']:.2f} | {', '.join(f'{a:.2f}' for a in accuracies)} "
            f"| {statistics.mean(accuracies):.3f} |"
        )
    rows.append("")
    for name, found in runs.items():
        if name != "glassnet":
            ratios = [
                a["reached"] / b["reached"] for a, b in zip(runs["glassnet"], found, strict=True)
            ]
            rows.append(
                f"Glassnet's time over that of {NAMES[name]}: **{statistics.median(ratios):.2f}** "
                f"({min(ratios):.2f}–{max(ratios):.2f}).\n"
            )
    return "\n".join(rows).rstrip()


def main() -> None:
    """Let them run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-dir", help="by default GLASSNET_DATA")
    parser.add_argument("--without-torch", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the table into docs/sprint.md")
    chosen = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS=str(chosen.threads))
    os.environ.setdefault("GLASSNET_KERNELS", "numba")
    if chosen.data_dir:
        os.environ["GLASSNET_DATA"] = chosen.data_dir
    names = ["glassnet"] if chosen.without_torch else list(NAMES)
    for name in names:
        run(name, 0)  # compiles what is not compiled yet, brings the files into memory
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for seed in range(chosen.seeds):
        for name in random.sample(names, len(names)):
            runs[name].append(run(name, seed))
    libraries = ("numpy", "numba") if chosen.without_torch else ("numpy", "numba", "torch")
    text = f"{machine(libraries)}, {chosen.threads} threads.\n\n{table(runs)}"
    print(text)
    if chosen.write:
        replace_table("sprint", text)


if __name__ == "__main__":
    main()
