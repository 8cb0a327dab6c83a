"""The page of verdicts: published beside ours, row by row, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from glassnet.experiments.catalogue.entries import Report
from glassnet.experiments.catalogue.overview import Line, RowState, VariantState
from glassnet.experiments.catalogue.verdicts import MARGIN, Verdict
from glassnet.words import count

INTRODUCTION = f"""\
# Do the published numbers hold?

Every experiment of five published reports, run again without their mistakes. This page is written \
by

```
glassnet reproduce all --seeds {{seeds}} --write docs/reproduction.md \\
    --pictures docs/pictures/reproduction
```

and any row of it can be had by itself (`glassnet reproduce A2`), or by hand: `glassnet reproduce \
A2 --show` prints the configurations that `glassnet train FILE --seed K` takes.

**ours** is the mean over seeds ± half the 95 % interval of Student's t. A published figure is \
*reproduced* if it lies in that interval widened by {MARGIN} on both sides; ours is *better* or \
*worse* if it lies outside. *Not comparable*: the published figure rests on a mistake of the \
report, which is named. *Not run*: the data are not at hand. Where a mistake explains a published \
figure it was planted on purpose, and **with the fault** shows what comes of it.

Figures that begin with "last" are those of the last epoch; `test_` and `valid_` are of the model \
that the run ends with, which is the best one where it stops early. A single seed has no interval. \
The seconds are a run's, the median of the seeds, with whatever else the machine did meanwhile.
"""


def document(
    states: Sequence[RowState], pictures: Mapping[str, Sequence[tuple[str, str]]] | None = None
) -> str:
    """Return the page.

    Parameters
    ----------
    states : sequence of RowState
    pictures : mapping of str to sequence of (str, str), optional
        Captions and addresses of the pictures of a row or a report, by its id.
    """
    seeds = max((state.seeds for state in states), default=0)
    parts = [INTRODUCTION.format(seeds=seeds), _origin(states), _summary(states)]
    reports = {state.report.id: state.report for state in states}
    for id, report in reports.items():
        parts.append(_heading(report))
        for key, text in [(id, ""), *((s.row.id, _row(s)) for s in states if s.report.id == id)]:
            parts += filter(None, [text, *_shown((pictures or {}).get(key, ()))])
    return "\n".join(parts).rstrip() + "\n"


def _origin(states: Sequence[RowState]) -> str:
    """Say with what, and on what machine, the results were computed."""
    known = sorted({origin for state in states for origin in state.origins})
    if not known:
        return "Nothing has been run yet.\n"
    lines = "".join(f"- {origin}\n" for origin in known)
    return f"Written on {date.today().isoformat()}, from runs with\n\n{lines}"


def _summary(states: Sequence[RowState]) -> str:
    rows = [
        (f"[{s.row.id}](#{_anchor(s)})", s.row.title, _tally(s), f"{s.done} of {s.planned}")
        for s in states
    ]
    return "## Summary\n\n" + table(("row", "what", "verdicts", "runs"), rows)


def _tally(state: RowState) -> str:
    """Count the verdicts of a row, the least favourable first."""
    if not state.done:
        return f"not run: {state.missing}" if state.missing else ""
    words = [
        f"{verdict} {n}" if len(state.verdicts) > 1 else str(verdict)
        for verdict in sorted(set(state.verdicts), key=list(Verdict).index)
        if (n := state.verdicts.count(verdict))
    ]
    return ", ".join(words) or "no number was published"


def _heading(report: Report) -> str:
    return (
        f"## Report {report.id}: {report.title}\n\n"
        f"**What is wrong with it.** {report.traps}\n\n"
        f"**What it does not say, and is ours.** {report.ours}\n"
    )


def _row(state: RowState) -> str:
    row = state.row
    lines = [f"### {row.id}\n", f"{row.title}.\n"]
    if row.claim:
        lines.append(f"The report says: {row.claim}.\n")
    if not state.done:
        why = state.missing or f"`glassnet reproduce {row.id}` has not been run"
        return "\n".join([*lines, f"*Not run*: {why}.\n"])
    lines.append(_table_of(state))
    lines += [f"{sentence}\n" for sentence in _remarks(state)]
    return "\n".join(lines)


def _shown(pictures: Sequence[tuple[str, str]]) -> Iterator[str]:
    for caption, address in pictures:
        yield f"![{caption}]({address})\n"


def _table_of(state: RowState) -> str:
    faulty = {s.variant.of: s for s in state.variants if s.variant.fault}
    head = ["variant", "figure", "published", "ours", "verdict", "seeds", "seconds"]
    if faulty:
        head.insert(4, "with the fault")
    rows = []
    for variant in state.variants:
        if variant.variant.fault:
            continue
        for i, line in enumerate(variant.lines):
            cells = [
                variant.variant.name if i == 0 else "",
                line.figure.replace("_", " "),
                "" if line.published is None else f"{line.published:.5g}",
                str(line.ours or "–"),
                "" if line.verdict is None else str(line.verdict),
                str(variant.done) if i == 0 else "",
                f"{variant.seconds:.0f}" if i == 0 and variant.done else "",
            ]
            if faulty:
                cells.insert(4, _with_the_fault(faulty.get(variant.variant.name), line.figure))
            rows.append(tuple(cells))
    return table(tuple(head), rows)


def _with_the_fault(state: VariantState | None, figure: str) -> str:
    """Return the figure with the report's mistake, and whether that gives the published one."""
    lines: Iterable[Line] = state.lines if state is not None else ()
    line = next((line for line in lines if line.figure == figure), None)
    if line is None or line.ours is None:
        return ""
    reproduced = line.verdict == Verdict.REPRODUCED
    return f"{line.ours} (reproduced)" if reproduced else str(line.ours)


def _remarks(state: RowState) -> Iterator[str]:
    """Say why figures cannot be compared or are worse, and what else there is to know."""
    row = state.row
    if row.ours:
        yield f"Ours: {row.ours}"
    if row.note:
        yield row.note
    for trap in dict.fromkeys(s.variant.trap for s in state.variants if s.variant.trap):
        yield f"Not comparable: {trap}."
    for variant in state.variants:
        name = variant.variant.name or row.id
        if variant.variant.fault:
            yield f"The fault planted in {variant.variant.of!r}: {variant.variant.fault}."
        if variant.diverged:
            runs = count(variant.diverged, "run")
            yield f"{name}: the loss of {runs} was no longer finite; the figures are of before."
        worse = [line for line in variant.lines if line.verdict == Verdict.WORSE]
        if worse and not variant.variant.fault:
            why = variant.variant.explanation or "**not explained yet**."
            yield " ".join([f"Worse in {name}: {why}", *filter(None, map(_chance, worse))])


def _chance(line: Line) -> str:
    """Say so where the published figure, that of one run, could be one more run of ours."""
    if line.ours is None or line.published is None:
        return ""
    low, high = line.ours.of_one_more
    if not low <= line.published <= high:
        return ""
    figure = line.figure.replace("_", " ")
    return (
        f"The published {figure} is that of one run, and of our runs one more would lie between "
        f"{low:.4g} and {high:.4g}, 19 times in 20."
    )


def _anchor(state: RowState) -> str:
    return state.row.id.lower()


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table.

    Examples
    --------
    >>> print(table(("a", "b"), [("1", "2")]), end="")
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [head, *rows]
    text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([text[0], "|---" * len(head) + "|", *text[1:]]) + "\n"
