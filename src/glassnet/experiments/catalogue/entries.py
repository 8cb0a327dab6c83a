"""What the catalogue is made of: reports, their rows, and the variants of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.experiments.catalogue.verdicts import MARGIN
from glassnet.experiments.config import NO_NAME, Config

Settings = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One configuration of a row, with what was published for it.

    Parameters
    ----------
    name : str
        What sets it apart from the row's others; empty where there is only one.
    set : dict
        How its configuration differs from the row's: nested tables, as in a TOML file.
    published : dict of str to float
        Figures by name: those of ``metrics.json`` (``test_accuracy``), those of the last line of
        ``history.csv`` (``last valid_loss``), or what the row measures otherwise.
    report : tuple of str
        Figures that are shown although nothing was published for them.
    fault : str
        The report's mistake that is planted in this variant; empty: none, this is how it should be.
    of : str
        For such a variant, the name of the one without the mistake.
    trap : str
        Why the published figure cannot be compared with ours; empty: it can.
    explanation : str
        Why ours is worse, where it is.
    seconds : float, optional
        What one run takes on one core, roughly; for the time left.
    """

    name: str = ""
    set: Settings = field(default_factory=dict)
    published: dict[str, float] = field(default_factory=dict)
    report: tuple[str, ...] = ()
    fault: str = ""
    of: str = ""
    trap: str = ""
    explanation: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Row:
    """One experiment of a report.

    Parameters
    ----------
    id, title : str
    variants : tuple of Variant
    set : dict
        How the row's configurations differ from the report's base.
    kind : str
        What is done with a configuration: ``"train"``, or another name in
        `glassnet.experiments.catalogue.measuring`.
    options : dict
        What that takes besides.
    claim : str
        What the report says without a number.
    ours : str
        Settings that the report does not state.
    note : str
    report, trap, seconds
        Those of variants that do not say otherwise.
    margin : float
        How far outside our interval a published figure still counts as reproduced.
    pictures : tuple of str
        What is drawn of its networks besides the curves: weights, matrices, kernels, features,
        layers-weight, layers-bias, layers-activation, layers-health.
    stands_in_for : str
        The row in whose place this one runs, on other data, where that one's are not at hand.
    """

    id: str
    title: str
    variants: tuple[Variant, ...]
    set: Settings = field(default_factory=dict)
    kind: str = "train"
    options: Settings = field(default_factory=dict)
    claim: str = ""
    ours: str = ""
    note: str = ""
    report: tuple[str, ...] = ()
    trap: str = ""
    margin: float = MARGIN
    seconds: float = 10.0
    pictures: tuple[str, ...] = ()
    stands_in_for: str = ""


@dataclass(frozen=True)
class StandIn:
    """Other data for rows whose own are not at hand.

    Parameters
    ----------
    suffix : str
        Added to the ids of the rows: C4 becomes C4-fashion.
    title : str
        What it is, in words.
    set : dict
        How the configurations differ.
    seconds : float
        By what the rows' seconds are multiplied.
    """

    suffix: str
    title: str
    set: Settings
    seconds: float = 1.0


@dataclass(frozen=True)
class Report:
    """A published report: what its experiments have in common, and each of them.

    Parameters
    ----------
    id, name, title : str
    base : dict
        The configuration from which the rows differ.
    rows : tuple of Row
    ours : str
        Settings of the base that the report does not state.
    traps : str
        What is known to be wrong in it.
    extra : tuple of str
        Figures as the report computed them (`glassnet.experiments.as_published`).
    stand_ins : tuple of StandIn
    """

    id: str
    name: str
    title: str
    base: Settings
    rows: tuple[Row, ...]
    ours: str = ""
    traps: str = ""
    extra: tuple[str, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()

    def config(self, row: Row, variant: Variant) -> Config:
        """Return the configuration of a variant, without a seed of its own."""
        tables = merged(merged(self.base, row.set), variant.set)
        name = "-".join(filter(None, (row.id, variant.name)))
        return Config.from_dict(tables, name=NO_NAME.sub("-", name).strip("-. "))


def merged(tables: Mapping[str, Any], differences: Mapping[str, Any]) -> Settings:
    """Return nested tables with some differences.

    A table with another ``name`` replaces the first: the options of another optimizer do not carry
    over. Lists are replaced.

    Examples
    --------
    >>> merged({"optimizer": {"name": "sgd", "lr": 0.1}}, {"optimizer": {"lr": 0.2}})
    {'optimizer': {'name': 'sgd', 'lr': 0.2}}
    >>> merged({"optimizer": {"name": "sgd", "momentum": 0.9}}, {"optimizer": {"name": "adam"}})
    {'optimizer': {'name': 'adam'}}
    """
    result = dict(tables)
    for key, value in differences.items():
        before = result.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            other = "name" in value and value["name"] != before.get("name")
            result[key] = dict(value) if other else merged(before, value)
        else:
            result[key] = value
    return result
