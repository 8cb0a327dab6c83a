"""Kernels: one function at a time."""

from tables import ratio, ratio_cell, reasons, table, time_cell
from tasks import GLASSNET, NAMES, installed
from team import Team

from glassnet.bench import CONVOLUTIONS, DENSE

TITLE = "Kernels"
PROSE = """\
One function at a time, in the memory order in which a network has its arrays: Glassnet's
batch-innermost, PyTorch's contiguous. No targets; this shows where the time of the networks comes
from."""
WITH = ("torch-fused", *GLASSNET)
ACTIVATIONS = ("relu", "sigmoid", "tanh", "elu", "gelu", "silu")
SOFTMAX = (
    "softmax {} forward", "softmax {} backward", "log softmax {} forward", "cross-entropy {}",
)  # fmt: skip
OTHERS = (
    "max pool 2×2, 1.25M forward", "max pool 2×2, 1.25M backward",
    "average pool 2×2, 1.25M forward", "batch norm 2d, 1.25M forward",
    *(f"{name} 1.25M {what}" for name in ACTIVATIONS for what in ("forward", "backward")),
    *(name.format(size) for size in ("128×10", "1000×100") for name in SOFTMAX),
    "SGD with momentum 536k", "Adam 536k",
)  # fmt: skip
CASES = (
    *(f"{name} {what}" for name in (*DENSE, *CONVOLUTIONS)
      for what in ("forward", "input", "weight")),
    *OTHERS,
)  # fmt: skip


def measure(options):
    """Return the seconds of a call in every round."""
    results = {}
    with Team(filter(installed, WITH), options.threads) as team:
        for case in options.chosen(CASES):
            results[case] = team.measure(["kernel", case], min(options.rounds, 3), 0.06)
        options.say(f"{len(results)} kernels")
    return results


def report(results, _):
    """Return the section."""
    rows = []
    for case, times in results.items():
        found = ratio(times["numba"], times["torch-fused"]) if "torch-fused" in times else None
        rows.append([case, *(time_cell(times.get(name)) for name in WITH), ratio_cell(found)])
    head = ["kernel", "PyTorch", *(NAMES[name] for name in GLASSNET), "ratio [quartiles]"]
    return f"{PROSE}\n\n{table(head, rows)}{reasons(results)}"
