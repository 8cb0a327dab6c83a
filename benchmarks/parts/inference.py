"""Inference: the outputs of a trained model."""

from tables import ratio, ratio_cell, reasons, table, time_cell, verdict
from targets import INFERENCE
from tasks import GLASSNET, NAMES, installed
from team import Team

from glassnet.bench import WORKLOADS

TITLE = "Inference"
PROSE = """\
Time of one call of `model.predict` on a model that was trained for an epoch, for one sample and for
1,000 at once; PyTorch in `eval` and `inference_mode`."""
WITH = ("torch", *GLASSNET)
BATCHES = (1, 1000)


def measure(options):
    """Return the seconds of a call in every round, by workload and batch."""
    results = {}
    with Team(filter(installed, WITH), options.threads) as team:
        for case in options.chosen(WORKLOADS):
            for batch in BATCHES:
                task = ["inference", case, batch]
                results[f"{case} | {batch}"] = team.measure(task, options.rounds, 0.06)
            options.say(case)
    return results


def report(results, _):
    """Return the section."""
    rows = []
    for case, times in results.items():
        name, batch = case.split(" | ")
        found = ratio(times["numba"], times["torch"]) if "torch" in times else None
        cells = [time_cell(times.get(name)) for name in WITH]
        verdicts = [ratio_cell(found), verdict(found, INFERENCE)]
        rows.append([name, f"{int(batch):,}", *cells, *verdicts])
    head = ["network", "samples", *(NAMES[name] for name in WITH), "ratio [quartiles]", "target"]
    return f"{PROSE}\n\n{table(head, rows)}{reasons(results)}"
