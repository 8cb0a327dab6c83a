"""Growth: how time grows with samples, batch, width and depth."""

from pathlib import Path

from growth_picture import growth_figure
from tables import table, time_cell
from tasks import GLASSNET, GROWTH, NAMES, installed
from team import Team

TITLE = "How time grows"
PROSE = """\
784-128-10 with ReLU, batch 128 (100 in the first panel), SGD with momentum, but for what varies:
the time of an epoch over the number of samples, and the time of a step over everything else. Lines
are medians, bands reach from the fastest to the slowest of three rounds."""
PICTURE = "benchmarks-growth.png"
ROUNDS = 3
WITH = ("torch-fused", *GLASSNET)


def measure(options):
    """Return the seconds of an epoch in every round, by axis and size."""
    results = {}
    with Team(filter(installed, WITH), options.threads) as team:
        for axis in options.chosen(GROWTH):
            for size in GROWTH[axis]:
                case = f"growth: {axis} {size}"
                results[case] = team.measure(["training", case], ROUNDS, 0.06)
            options.say(axis)
    return results


def report(results, docs: Path):
    """Return the section, and draw its picture."""
    from glassnet.pictures import save

    lines = {}
    rows = []
    for axis, sizes in GROWTH.items():
        for size, work in sizes.items():
            if times := results.get(f"growth: {axis} {size}"):
                steps = 1 if axis == "samples" else work.steps
                lines.setdefault(axis, {})[size] = {
                    name: [seconds / steps for seconds in times[name]]
                    for name in WITH
                    if isinstance(times.get(name), list)
                }
                cells = [time_cell(times.get(name), steps) for name in WITH]
                rows.append([f"{axis}: {size:,}", *cells])
    save(growth_figure(lines), docs / "pictures" / PICTURE)
    head = ["", *(NAMES[name] for name in WITH)]
    return (
        f"{PROSE}\n\n![Time over samples, batch size, width and depth, both axes "
        f"logarithmic](pictures/{PICTURE})\n\n{table(head, rows)}"
    )
