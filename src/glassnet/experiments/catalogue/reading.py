"""Reading the catalogue, and finding rows in it.

A file of `tables/` is one report: a base configuration, and rows that say how they differ from it,
what is reported, and what was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from glassnet.errors import ConfigError
from glassnet.experiments.catalogue.entries import Report, Row, Settings, StandIn, Variant, merged
from glassnet.experiments.registry import build
from glassnet.parsing import from_toml
from glassnet.words import nearest

TABLES = Path(__file__).parent / "tables"


def read_report(path: Path) -> Report:
    """Read a report from its file.

    Raises
    ------
    ConfigError
        If it is not TOML, or a key is unknown, missing or of a wrong type; the place is named.
    """
    where = path.name
    try:
        tables = from_toml(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from None
    rows = tuple(_row(table, where) for table in tables.pop("rows", []))
    if twice := _repeated(row.id for row in rows):
        raise ConfigError(f"{where} has two rows {twice}; give each an id of its own")
    stand_ins = tuple(
        build(f"{where}: stand_ins[{i}]", StandIn, table, "a stand-in")
        for i, table in enumerate(tables.pop("stand_ins", []))
    )
    others = tuple(
        _on_other_data(row, other) for other in stand_ins for row in rows if "data" not in row.set
    )
    values = tables | {"rows": (), "stand_ins": ()}
    report = build(where, Report, values, "a report")
    return replace(report, rows=rows + others, stand_ins=stand_ins)


@cache
def catalogue() -> tuple[Report, ...]:
    """Return the five reports."""
    return tuple(read_report(path) for path in sorted(TABLES.glob("*.toml")))


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
        for key, (report, row) in found.items():
            wanted = (*row.variants, *(chosen[key][1].variants if key in chosen else ()))
            variants = tuple(one for one in known[key][1].variants if one in wanted)
            chosen[key] = report, replace(row, variants=variants)
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
