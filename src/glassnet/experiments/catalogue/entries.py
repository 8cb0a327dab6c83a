"""The catalogue as data: reports, their rows, and the variants of each row.

A file of `tables/` is one report: a base configuration, and rows that say how they differ from it,
what is reported, and what was published. Nothing here trains.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from glassnet.errors import ConfigError
from glassnet.experiments.catalogue.statistics import MARGIN
from glassnet.experiments.config import NO_NAME, Config
from glassnet.experiments.registry import build
from glassnet.words import nearest

TABLES = Path(__file__).parent / "tables"
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

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report from its file.

        Raises
        ------
        ConfigError
            If it is not TOML, or a key is unknown, missing or of a wrong type; the place is named.
        """
        where = path.name
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"{path} cannot be read as TOML: {error}") from None
        rows = tuple(_row(table, where) for table in tables.pop("rows", []))
        if twice := _repeated(row.id for row in rows):
            raise ConfigError(f"{where} has two rows {twice}; give each an id of its own")
        stand_ins = tuple(
            build(f"{where}: stand_ins[{i}]", StandIn, table, "a stand-in")
            for i, table in enumerate(tables.pop("stand_ins", []))
        )
        others = tuple(
            _on_other_data(row, other)
            for other in stand_ins
            for row in rows
            if "data" not in row.set
        )
        values = tables | {"rows": (), "stand_ins": ()}
        report = build(where, cls, values, "a report")
        return replace(report, rows=rows + others, stand_ins=stand_ins)


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


@cache
def catalogue() -> tuple[Report, ...]:
    """Return the five reports."""
    return tuple(Report.read(path) for path in sorted(TABLES.glob("*.toml")))


def all_rows() -> Iterator[tuple[Report, Row]]:
    """Yield every row with its report, in the catalogue's order."""
    for report in catalogue():
        for row in report.rows:
            yield report, row


def rows_called(ids: list[str]) -> list[tuple[Report, Row]]:
    """Return the rows of these ids, in the catalogue's order, with their stand-ins.

    Parameters
    ----------
    ids : list of str
        In upper or lower case: a row (``A2``), one variant of it (``A2:50``), all rows of a report
        (``A``), or ``all``.

    Raises
    ------
    ConfigError
        If there is none of such an id.
    """
    chosen: dict[str, tuple[Report, Row]] = {}
    known = {row.id.lower(): (report, row) for report, row in all_rows()}
    for asked in ids:
        name, _, variant = asked.lower().partition(":")
        found = {
            key: (report, _of_variant(row, variant) if variant else row)
            for key, (report, row) in known.items()
            if name in ("all", key, report.id.lower(), row.stands_in_for.lower())
        }
        if not found:
            there = [row.id for _, row in all_rows() if not row.stands_in_for]
            raise ConfigError(
                f"the catalogue has no row {asked!r}{nearest(asked, there)}; it has "
                f"{', '.join(there)}, and 'all'"
            )
        chosen |= found
    return [chosen[key] for key in known if key in chosen]


def _of_variant(row: Row, name: str) -> Row:
    variants = tuple(variant for variant in row.variants if variant.name.lower() == name)
    if not variants:
        names = [variant.name for variant in row.variants]
        raise ConfigError(
            f"row {row.id} has no variant {name!r}{nearest(name, names)}; it has "
            f"{', '.join(map(repr, names))}"
        )
    return replace(row, variants=variants)


def _row(table: Mapping[str, Any], file: str) -> Row:
    where = f"{file}: {table.get('id', 'a row without id')}"
    values = dict(table)
    entries = values.pop("variants", [{}])
    row = build(where, Row, values | {"variants": ()}, "a row")
    variants = tuple(
        build(f"{where}, variants[{i}]", Variant, _inherited(row, entry), "a variant")
        for i, entry in enumerate(entries)
    )
    if (twice := _repeated(variant.name for variant in variants)) is not None:
        raise ConfigError(f"{where} has two variants {twice!r}; give each a name of its own")
    names = [variant.name for variant in variants if not variant.fault]
    for variant in variants:
        if variant.fault and variant.of not in names:
            raise ConfigError(
                f"{where}: {variant.name!r} has the fault of {variant.of!r}, which is no variant"
                f"{nearest(variant.of, names)}; there are {', '.join(map(repr, names))}"
            )
    return replace(row, variants=variants)


def _inherited(row: Row, entry: Mapping[str, Any]) -> Settings:
    """Return a variant's table with what the row says for all of them."""
    return {"report": list(row.report), "trap": row.trap, "seconds": row.seconds} | dict(entry)


def _on_other_data(row: Row, other: StandIn) -> Row:
    """Return the row as it runs on other data: nothing was published for that."""
    variants = tuple(
        replace(
            variant,
            published={},
            report=tuple(dict.fromkeys((*variant.published, *variant.report))),
            trap="",
            explanation="",
            seconds=None if variant.seconds is None else variant.seconds * other.seconds,
        )
        for variant in row.variants
    )
    return replace(
        row,
        id=f"{row.id}-{other.suffix}",
        title=f"{row.title} — {other.title}",
        variants=variants,
        set=merged(row.set, other.set),
        claim="",
        stands_in_for=row.id,
    )


def _repeated(names: Iterator[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
