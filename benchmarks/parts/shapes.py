"""Shapes: single layers with odd sizes."""

import statistics

from layer_cases import LAYER_CASES
from tables import ratio, ratio_cell, reasons, table, time_cell
from tasks import NAMES, installed
from team import Team

TITLE = "Layers of other shapes"
PROSE = """\
Single layers, chosen by a rule (`benchmarks/layer_cases.py`: any two values of two properties
meet): kernels 1, 2, 3, 5 and 7, strides 1 to 3, with padding and without, 1 to 16 channels, images
of 28, 14 and 7, batches of 1, 7, 32, 128 and 1,000; windows of pooling; dense layers of odd widths.
A *training pass* is the output, the gradient of the input and those of the parameters; *inference*
the output alone. Each library has its arrays in the order in which its networks have them:
Glassnet batch-innermost, PyTorch contiguous. PyTorch's training pass is by autograd or by calling
its backward kernels directly, whichever is faster. `Conv2d(1, 3, 5, 2, 0)` has 1 channel in and 3
out, a kernel of 5, stride 2, no padding; `MaxPool2d(2, 2, 0)` a window of 2, stride 2.

Most of the largest ratios are those of single small images: both libraries deal with them in some
microseconds, much of which it takes to call a kernel from Python, where PyTorch calls from C++."""
OURS, THEIRS = "numba", "torch-fused"
PASSES = ("training", "inference")
TURN = 0.03
WORST = 5


def measure(options):
    """Return the seconds of a pass in every round, by layer and pass."""
    results = {}
    with Team(filter(installed, (THEIRS, OURS)), options.threads) as team:
        for case in options.chosen(LAYER_CASES):
            for what in PASSES:
                task = ["layer", case, what]
                results[f"{case} | {what}"] = team.measure(task, options.rounds, TURN)
        options.say(f"{len(results)} passes of layers")
    return results


def report(results, _):
    """Return the section."""
    ratios = {key: ratio(times[OURS], times[THEIRS]) for key, times in results.items()}
    rows = []
    for case in LAYER_CASES:
        keys = [f"{case} | {what}" for what in PASSES]
        if not all(key in results for key in keys):
            continue
        cells = [
            cell
            for key in keys
            for cell in (*(time_cell(results[key][name]) for name in (THEIRS, OURS)),
                         ratio_cell(ratios[key]))
        ]  # fmt: skip
        rows.append([f"`{case.split(' on ')[0]}` on {case.split(' on ')[1]}", *cells])
    head = ["layer"]
    for what in PASSES:
        head += [f"{what}: {NAMES['torch']}", NAMES[OURS], "ratio [quartiles]"]
    return f"{PROSE}\n\n{_summary(ratios)}\n\n{table(head, rows)}{reasons(results)}"


def _summary(ratios):
    """Return how many are how fast, and which are the slowest beside PyTorch."""
    lines = []
    for what in PASSES:
        found = [
            (spread.median, key.rpartition(" | ")[0])
            for key, spread in ratios.items()
            if key.endswith(what) and spread
        ]
        if not found:
            continue
        medians = [median for median, _ in found]
        half, whole = (sum(median <= most for median in medians) for most in (0.5, 1))
        slowest = "; ".join(f"{case} ({m:.2f})" for m, case in sorted(found, reverse=True)[:WORST])
        lines.append(
            f"- {what}: of {len(found)} layers {half} at most 0.5 of PyTorch's time, {whole} at "
            f"most 1; the median is {statistics.median(medians):.2f}. The largest: {slowest}."
        )
    return "\n".join(lines)
