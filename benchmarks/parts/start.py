"""Starting: imports, and process start to the first trained epoch."""

from launching import first_epoch, run_python, stored
from tables import ratio, ratio_cell, table, time_cell
from targets import CNN, MLP
from tasks import GLASSNET, NAMES, SKLEARN_CAN, installed

from glassnet.bench import WORKLOADS, interleave

TITLE = "Starting"
PROSE = """\
Seconds that a new Python process takes to import a library and end; and from the start of a process
to the end of its first epoch over 60,000 images, which are read from a file. Everything has been
compiled and stored before, as it is from the second start on."""
IMPORTS = {
    "nothing": "pass",
    "NumPy": "import numpy",
    "`import glassnet`": "import glassnet",
    "Glassnet, all that training needs": "import glassnet as gn; gn.Trainer, gn.Linear, gn.Adam",
    "the same, with Numba": "import glassnet as gn; gn.Trainer, gn.Linear, gn.Adam; import numba",
    "scikit-learn's MLP": "from sklearn.neural_network import MLPClassifier",
    "PyTorch": "import torch",
}
NEEDS = {"scikit-learn's MLP": "sklearn", "PyTorch": "torch", "the same, with Numba": "numba"}
WITH = ("torch", "sklearn", *GLASSNET)
CASES = (MLP, CNN)
SAMPLES = 60_000
ROUNDS = 3


def measure(options):
    """Return seconds in every round, of imports and of first epochs."""
    results = {}
    codes = {name: code for name, code in IMPORTS.items() if installed(NEEDS.get(name, "numpy"))}
    if options.chosen(["imports"]):
        timers = {name: lambda _, code=code: run_python(code) for name, code in codes.items()}
        results["imports"] = interleave(timers, rounds=ROUNDS, turn=0.0)
        options.say("imports")
    for case in options.chosen(CASES):
        names = [name for name in WITH if name != "sklearn" or case in SKLEARN_CAN]
        with stored(WORKLOADS[case], SAMPLES) as data:
            timers = {
                name: lambda _, run=(name, options.threads, case, data): first_epoch(*run)[0]
                for name in filter(installed, names)
            }
            results[case] = interleave(timers, rounds=ROUNDS, turn=0.0)
        options.say(case)
    return results


def report(results, _):
    """Return the section."""
    text = PROSE
    if "imports" in results:
        rows = [[name, time_cell(times)] for name, times in results["imports"].items()]
        text += f"\n\n{table(['import', 'time'], rows)}"
    rows = []
    for case in CASES:
        if times := results.get(case):
            found = ratio(times["numba"], times["torch"]) if "torch" in times else None
            rows.append([case, *(time_cell(times.get(name)) for name in WITH), ratio_cell(found)])
    head = ["first epoch", *(NAMES[name] for name in WITH), "Glassnet/PyTorch [quartiles]"]
    return f"{text}\n\n{table(head, rows)}"
