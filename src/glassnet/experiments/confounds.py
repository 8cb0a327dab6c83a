"""What two groups of runs differ in, and whether that forbids to compare them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from glassnet.experiments.record import RunRecord

Kind = Literal[
    "two-changes", "other-data", "other-samples", "last-against-best", "validation-against-test",
    "one-seed", "other-seeds", "unfinished",
]  # fmt: skip

NEUTRAL = {"name", "training.seed", "training.metrics", "training.record_steps",
           "training.record_layers", "tensorboard.on", "tensorboard.every"}  # fmt: skip
"""What decides nothing but names, chance, and what is written down."""

COUNTS = {"data.valid", "data.test", "data.train", "data.samples"}
"""Options that say how many samples there are."""

PARTS = {"train": "training", "valid": "validation", "test": "test"}
LONGEST = 60


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Attributes
    ----------
    key : str
        An option, such as ``optimizer.lr``, or "code".
    first, second : str
        Its values, as text; "–" where there is none.
    thing : str
        What is counted as changed: options that belong to one name go with it. Empty where the
        outcome shows elsewhere (as with data) or cannot depend on it.
    """

    key: str
    first: str
    second: str
    thing: str


@dataclass(frozen=True)
class Confound:
    """A reason why a difference does not show what was changed."""

    kind: Kind
    sentence: str


def flattened(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, its keys joined by dots; lists of tables by their numbers.

    Examples
    --------
    >>> flattened({"a": {"b": 1}, "c": [{"d": 2}, {"d": 3}], "e": [4]})
    {'a.b': 1, 'c.0.d': 2, 'c.1.d': 3, 'e': [4]}
    """
    flat: dict[str, Any] = {}
    for key, given in tables.items():
        name, value = f"{prefix}{key}", given
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            # A layer without options may be written as its type alone.
            entries = [{"type": i} if isinstance(i, str) else i for i in value]
            value = {str(i): entry for i, entry in enumerate(entries)}
        if isinstance(value, dict):
            flat |= flattened(value, f"{name}.")
        else:
            flat[name] = value
    return flat


def identity(run: RunRecord) -> str:
    """Return a text that is the same for runs that differ in their seed at most."""
    config = {k: v for k, v in flattened(run.config).items() if k not in NEUTRAL}
    whole = [config, run.data.samples, run.data.fingerprints, code_of(run)]
    return json.dumps(whole, sort_keys=True, default=str)


def code_of(run: RunRecord) -> str:
    """Return which edition of the program made a run."""
    environment = run.metrics.environment
    return " ".join(environment[key] for key in ("glassnet", "source") if key in environment)


def changes_between(first: RunRecord, second: RunRecord) -> list[Change]:
    """Return everything in which two runs differ, their seed and their names apart."""
    a, b = flattened(first.config), flattened(second.config)
    found = []
    for key in sorted(a.keys() | b.keys()):
        if key not in NEUTRAL and a.get(key) != b.get(key):
            found.append(Change(key, _text(a, key), _text(b, key), _thing(key, a, b)))
    for part, word in PARTS.items():
        here, there = (run.data.samples.get(part) for run in (first, second))
        if here != there:
            found.append(Change(f"{word} samples", _count(here), _count(there), "samples"))
    for part, word in PARTS.items():
        one, other = (run.data.fingerprints.get(part) for run in (first, second))
        if one != other and _as_many(first, second, part):
            found.append(Change(f"{word} data", one or "–", other or "–", "data"))
    if code_of(first) != code_of(second):
        found.append(Change("code", code_of(first) or "–", code_of(second) or "–", "code"))
    return found


def confounds_of_data(changes: list[Change], first: RunRecord, second: RunRecord) -> list[Confound]:
    """Say whether data or their number differ, and whether two things changed."""
    found: list[Confound] = []
    things = dict.fromkeys(change.thing for change in changes if change.thing)
    samples = [change for change in changes if change.thing == "samples"]
    if _other_data(changes, first, second):
        names = {first.data.name, second.data.name}
        which = (
            " against ".join(sorted(names)) if len(names) == 2 else "the same name, other samples"
        )
        found.append(Confound("other-data", f"other data: {which}"))
        things["data"] = None
    if samples:
        told = "; ".join(f"{c.key} {c.first} against {c.second}" for c in samples)
        found.append(Confound("other-samples", f"another number of samples: {told}"))
    if len(things) > 1:
        words = {"data": "the data", "samples": "the number of samples", "code": "the code"}
        told = ", ".join(words.get(thing, thing) for thing in things)
        number = {2: "two", 3: "three"}.get(len(things), str(len(things)))
        sentence = f"{number} things changed, and any of them may be why: {told}"
        found.append(Confound("two-changes", sentence))
    return found


def _other_data(changes: list[Change], first: RunRecord, second: RunRecord) -> bool:
    if any(change.thing == "data" for change in changes):
        return True
    if first.data.fingerprints and first.data.fingerprints == second.data.fingerprints:
        return False
    # Of parts of other sizes, or without fingerprints, what was asked for must tell.
    asked = {c.key for c in changes if c.key.startswith("data.")} - COUNTS - {"data.scaling"}
    return bool(asked) or first.data.name != second.data.name


def _as_many(first: RunRecord, second: RunRecord, part: str) -> bool:
    """Whether both have a fingerprint of as many samples of a part."""
    same = first.data.samples.get(part) == second.data.samples.get(part)
    return same and part in first.data.fingerprints and part in second.data.fingerprints


def _thing(key: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    """Return what is changed where an option differs."""
    section, _, option = key.partition(".")
    if section == "data" and option != "scaling":
        return ""
    if key == "training.monitor":  # it means something where there is patience
        patience = [flat.get("training.patience", 0) for flat in (a, b)]
        return key if all(patience) else "training.patience" if any(patience) else ""
    if option.partition(".")[0].isdigit() or option.startswith("layers."):
        return _thing_in_list(section, option, a, b)
    name = f"{section}.name"
    if a.get(name) != b.get(name) and (key not in a or key not in b):
        return name  # an option that only the one of them has
    return key


def _thing_in_list(section: str, option: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    """Return the option itself where two lists have the same entries, else the list."""
    table = "layers" if option.startswith("layers.") else ""
    prefix = f"{section}.{table}." if table else f"{section}."
    kinds = [
        {k: v for k, v in flat.items() if k.startswith(prefix) and k.endswith((".name", ".type"))}
        for flat in (a, b)
    ]
    return f"{section}.{option}" if kinds[0] == kinds[1] else prefix.rstrip(".")


def _text(flat: Mapping[str, Any], key: str) -> str:
    if key not in flat:
        return "–"
    text = flat[key] if isinstance(flat[key], str) else json.dumps(flat[key], default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _count(number: int | None) -> str:
    return "none" if number is None else f"{number:,}"
