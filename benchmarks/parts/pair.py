"""Two at once: two processes that train on the same cores."""

import statistics
import time

from tables import table
from targets import CNN, MLP
from tasks import GLASSNET, NAMES, SHORT, installed
from team import PAUSE, Contestant

from glassnet.bench import Spread, readable

TITLE = "Two processes at once"
PROSE = """\
Two processes train the same network at the same time, each with as many threads as in the other
tables, on the same cores. Time of a step of each, over the time of a step alone, in the same round:
2 is a fair share of cores that were fully used, more is what threads lose by waiting for each
other."""
WITH = ("torch-fused", *GLASSNET)
CASES = (MLP, CNN)
TURN = 0.2


def measure(options):
    """Return the seconds of an epoch of ten steps alone and at once, in every round."""
    results = {}
    cases = options.chosen(CASES)
    for name in filter(installed, WITH):
        with Contestant(name, options.threads) as one, Contestant(name, options.threads) as two:
            for case in cases:
                task = ["training", f"short: {case}"]
                one.seconds(task, 1), two.seconds(task, 1)
                often = max(1, round(TURN / one.seconds(task, 3)))
                often_both = max(1, round(TURN / at_once((one, two), task, 3)))
                alone, both = [], []
                for _ in range(options.rounds):
                    alone.append(one.seconds(task, often))
                    both.append(at_once((one, two), task, often_both))
                results.setdefault(case, {})[name] = {"alone": alone, "both": both}
        options.say(name)
    return results


def at_once(members, task, repetitions):
    """Return the mean seconds of what all do at the same time."""
    time.sleep(PAUSE)
    for member in members:
        member.ask(task, repetitions)
    return statistics.mean([member.answer() for member in members])


def report(results, _):
    """Return the section."""
    rows = []
    for case, members in results.items():
        steps = SHORT[f"short: {case}"].steps
        for name, found in members.items():
            alone, both = (statistics.median(found[key]) / steps for key in ("alone", "both"))
            share = Spread.of([b / a for a, b in zip(found["alone"], found["both"], strict=True)])
            cell = f"**{share.median:.2f}** [{share.low:.2f}–{share.high:.2f}]"
            rows.append([case, NAMES[name], readable(alone), readable(both), cell])
    head = ["workload", "", "alone", "two at once", "at once / alone [quartiles]"]
    return f"{PROSE}\n\n{table(head, rows)}"
