"""Memory: what training adds to a process."""

from launching import first_epoch, stored
from tables import table
from targets import MEMORY
from tasks import GLASSNET, NAMES, installed

from glassnet.bench import WORKLOADS

TITLE = "Memory"
PROSE = """\
A fresh process imports the library, loads the data, and trains for one epoch. What training adds is
the largest resident set (`VmHWM` of Linux, reset after the data are loaded) less the resident set
at that moment; what it takes in all includes the interpreter, the library and the data. Glassnet's
share contains loading the compiled kernels from the disk."""
WITH = ("torch", *GLASSNET)
MIB = 1 << 20


def measure(options):
    """Return bytes before and at the peak, by workload and contestant."""
    results = {}
    for case in options.chosen(WORKLOADS):
        with stored(WORKLOADS[case]) as data:
            results[case] = {}
            for name in filter(installed, WITH):
                if name == "numba":
                    first_epoch(name, options.threads, case, data)  # compiles, and stores that
                results[case][name] = first_epoch(name, options.threads, case, data)[1]
        options.say(case)
    return results


def report(results, _):
    """Return the section."""
    rows = []
    for case, found in results.items():
        added = {name: m["peak"] - m["before"] for name, m in found.items()}
        cells = [f"{added[name] / MIB:.0f}" if name in added else "–" for name in WITH]
        cells += [f"{found[name]['peak'] / MIB:.0f}" if name in found else "–" for name in WITH[:2]]
        share = added["numba"] / added["torch"] if "torch" in added else None
        met = "not measured" if share is None else "met" if share <= MEMORY else "**not met**"
        rows.append(
            [case, *cells, "–" if share is None else f"**{share:.2f}**", f"{MEMORY}: {met}"]
        )
    head = [
        "training adds, MiB", *(NAMES[name] for name in WITH),
        *(f"{NAMES[name]}, in all" for name in WITH[:2]), "ratio", "target",
    ]  # fmt: skip
    return f"{PROSE}\n\n{table(head, rows)}"
