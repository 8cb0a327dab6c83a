"""Training: the time of one step."""

from tables import better, ratio, ratio_cell, reasons, table, time_cell, verdict
from targets import SKLEARN, TRAINING
from tasks import EAGER, GLASSNET, NAMES, SKLEARN_CAN, installed
from team import Team

from glassnet.bench import WORKLOADS

TITLE = "Training"
PROSE = """\
Time of one training step (draw the batch, forward, loss, backward, update), as the mean over whole
epochs. The ratio is Glassnet's time over that of the faster of PyTorch eager and PyTorch with its
fused optimizer and denormals flushed to zero. PyTorch, compiled, is `torch.compile(model)` with the
fused optimizer; the time to compile is not counted. Every
workload has processes of its own, as a user's training has."""
WITH = ("torch", "torch-fused", "torch-compiled", "sklearn", *GLASSNET)


def measure(options):
    """Return the seconds of an epoch in every round, by workload and contestant."""
    names = [name for name in WITH if installed(name)]
    results = {}
    for case in options.chosen(WORKLOADS):
        here = [name for name in names if name != "sklearn" or case in SKLEARN_CAN]
        with Team(here, options.threads) as team:
            results[case] = team.measure(["training", case], options.rounds)
        options.say(case)
    return results


def report(results, _):
    """Return the section."""
    shown = [name for name in WITH if name != "sklearn"]
    head = ["workload", *(NAMES[name] for name in shown), "ratio [quartiles]", "target"]
    rows, others = [], []
    for case, target in TRAINING.items():
        if case not in results:
            continue
        times, steps = results[case], WORKLOADS[case].steps
        rival = better(times, EAGER)
        found = ratio(times["numba"], times[rival]) if rival else None
        cells = [time_cell(times.get(name), steps) for name in shown]
        rows.append([case, *cells, ratio_cell(found), verdict(found, target)])
        if "sklearn" in times:
            found = ratio(times["numba"], times["sklearn"])
            cells = [time_cell(times[name], steps) for name in ("sklearn", "numba")]
            others.append([case, *cells, ratio_cell(found), verdict(found, SKLEARN)])
    text = f"{PROSE}\n\n{table(head, rows)}"
    if others:
        head = ["workload", NAMES["sklearn"], NAMES["numba"], "ratio [quartiles]", "target"]
        text += "\n\nAgainst scikit-learn's `MLPClassifier`, an epoch being one `partial_fit`:\n\n"
        text += table(head, others)
    return text + reasons(results)
