"""What happened in a training, epoch by epoch and, if asked, step by step."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.errors import ConfigError, DataError

Record = dict[str, float]


class History:
    """The record of a training.

    Attributes
    ----------
    epochs : list of dict
        One record an epoch: ``epoch`` (from 1), ``train_loss``, ``train_accuracy``, ``penalty``,
        ``valid_loss``, ``valid_accuracy``, ``lr``, ``grad_norm``, ``seconds``. Training figures are
        means over the epoch's batches as they were met, with dropout; validation figures are taken
        at the epoch's end. ``train_loss`` is without the penalty.
    steps : list of dict
        One record a step, if they were asked for.
    stopped : str
        Why it ended before the planned epochs; empty where it did not.
    warnings : dict of str to str
        What a `HealthCheck` has told, by kind: "dead", "grows" or "stands".

    Examples
    --------
    >>> history = gn.History()
    >>> history.epochs.append({"epoch": 1, "train_loss": 0.5})
    >>> history["train_loss"]
    [0.5]
    """

    def __init__(self) -> None:
        self.epochs: list[Record] = []
        self.steps: list[Record] = []
        self.stopped = ""
        self.warnings: dict[str, str] = {}

    def __getitem__(self, name: str) -> list[float]:
        """Return a column over the epochs."""
        return _column(self.epochs, name)

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def columns(self) -> list[str]:
        """Every name that some epoch has, in order of appearance."""
        return _columns(self.epochs)

    def to_csv(self, *, steps: bool = False) -> str:
        """Return the table of epochs, or of steps, as comma-separated values.

        Numbers are written so that reading them gives the same bits.
        """
        records = self.steps if steps else self.epochs
        text = io.StringIO()
        writer = csv.DictWriter(text, _columns(records), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: repr(value) for name, value in record.items()} for record in records
        )
        return text.getvalue()

    @classmethod
    def from_csv(cls, table: str) -> History:
        r"""Return the history whose table of epochs `to_csv` gave.

        Raises
        ------
        DataError
            If it has a cell that is no number, or a line that is too long or too short.

        Examples
        --------
        >>> History.from_csv("epoch,train_loss\n1,0.5\n")["train_loss"]
        [0.5]
        """
        history = cls()
        history.epochs = _records(table)
        return history

    def state_dict(self) -> dict[str, Any]:
        """Return all records, the steps' as columns."""
        return {
            "epochs": columns(self.epochs),
            "steps": columns(self.steps),
            "stopped": self.stopped,
            "warnings": dict(self.warnings),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Become the history that `state_dict` was taken of."""
        self.epochs, self.steps = records(state["epochs"]), records(state["steps"])
        self.stopped = str(state["stopped"])
        told = state.get("warnings", {})  # which earlier checkpoints lack
        self.warnings = {str(kind): str(sentence) for kind, sentence in told.items()}

    def __repr__(self) -> str:
        last = ", ".join(f"{k} {v:.4g}" for k, v in self.epochs[-1].items()) if self.epochs else ""
        return f"History({len(self)} epochs{'; last: ' if last else ''}{last})"

    def _repr_html_(self) -> str:
        from glassnet.training.notebook import history_html

        return history_html(self)


def is_better(name: str, value: float, best: float, margin: float = 0.0) -> bool:
    """Whether a figure is better than the best so far: losses and errors down, all others up.

    Examples
    --------
    >>> is_better("valid_loss", 0.1, 0.2), is_better("valid_accuracy", 0.1, 0.2)
    (True, False)
    """
    if goes_down(name):
        return value < best - margin
    return value > best + margin


def goes_down(name: str) -> bool:
    """Whether smaller is better."""
    return name.endswith(("loss", "mae", "error"))


def columns(records: Sequence[Record]) -> dict[str, Any]:
    """Return records as one array a column, of float64 or int64, and a mask of what they have.

    Examples
    --------
    >>> table = columns([{"epoch": 1, "loss": 0.5}, {"epoch": 2}])
    >>> table["values"]["loss"], table["present"]["loss"]
    (array([0.5, nan]), array([ True, False]))
    """
    values, present = {}, {}
    for name in _columns(records):
        column = [record.get(name) for record in records]
        whole = all(isinstance(value, int) for value in column)
        filled = [math.nan if value is None else value for value in column]
        values[name] = np.array(filled, np.int64 if whole else np.float64)
        if None in column:
            present[name] = np.array([value is not None for value in column])
    return {"names": list(values), "values": values, "present": present, "length": len(records)}


def records(table: Mapping[str, Any]) -> list[Record]:
    """Return the records that `columns` made a table of."""
    lengths = {len(table["values"][name]) for name in table["names"]}
    if lengths != ({table["length"]} if table["names"] else set()):
        raise ValueError(f"columns of {sorted(lengths)} records for {table['length']!r} of them")
    found: list[Record] = [{} for _ in range(table["length"])]
    for name in table["names"]:
        have = table["present"].get(name, np.ones(len(found), bool))
        for record, value, is_there in zip(
            found, table["values"][name].tolist(), have.tolist(), strict=True
        ):
            if is_there:
                record[name] = value
    return found


def _records(text: str) -> list[Record]:
    """Return the lines of a table as numbers by name; an empty cell is none."""
    reader = csv.DictReader(io.StringIO(text), restkey="", restval="?")
    records = []
    try:
        for row in reader:
            records.append({name: float(cell) for name, cell in row.items() if cell})
    except (ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f"line {reader.line_num} must hold a number for every column ({error})"
        ) from None
    return records


def _columns(records: Iterable[Record]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))


def _column(records: list[Record], name: str) -> list[float]:
    known = _columns(records)
    if name not in known:
        raise ConfigError(f"the history has no {name!r}; it has {', '.join(known) or 'no epochs'}")
    return [record.get(name, float("nan")) for record in records]
