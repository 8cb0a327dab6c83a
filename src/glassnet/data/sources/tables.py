"""Tables of the user's: what the target column of a CSV file means."""

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np

from glassnet.data.dataset import Dataset
from glassnet.data.parts import DataSplits
from glassnet.data.sources.csv_file import (
    COMMA_HINT,
    DECIMAL_COMMA,
    Decimal,
    Dialect,
    Table,
    detect_delimiter,
    is_number,
    read_table,
)
from glassnet.errors import DataError

Task = Literal["auto", "classification", "regression"]


def csv(
    path: str | Path,
    target: int | str = -1,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: Decimal = ".",
    encoding: str = "utf-8-sig",
    task: Task = "auto",
    test_path: str | Path | None = None,
) -> DataSplits:
    """Read a table of numbers with a target column.

    `target` is a name or an index (-1: the last column). The first line is a header if none of
    its cells is a number, unless `header` says otherwise. Cells are divided at the comma,
    semicolon or tab that divides all lines alike, unless `delimiter` says otherwise; `decimal` is
    "," where numbers are written 0,25.

    What the target is, if `task` is `"auto"`: integers and text are class labels; numbers of
    which one is not an integer are values to regress on. Classes are numbered in the order of
    their names (as numbers where they are numbers), and the names are kept.
    """
    if delimiter is None:
        delimiter = detect_delimiter(Path(path), decimal, encoding)
    dialect = Dialect(header, delimiter, decimal, encoding)
    table = read_table(Path(path), target, dialect)
    names = _class_names(table, task)
    train = _dataset(table, names)
    name = table.columns[table.target]
    found = {
        "target": name if table.named and table.columns.count(name) == 1 else table.target,
        "header": table.named,
        "delimiter": delimiter,
        "task": "regression" if names is None else "classification",
    }
    features = [name for i, name in enumerate(table.columns) if i != table.target]
    named = tuple(features) if table.named else None
    if test_path is None:
        return DataSplits(train, options=found, feature_names=named)
    test = read_table(Path(test_path), target, dialect)
    if test.columns != table.columns:
        raise DataError(f"{test.path}: its columns are not those of {table.path}, as they must be")
    return DataSplits(train, test=_dataset(test, names), options=found, feature_names=named)


def _class_names(table: Table, task: Task) -> tuple[str, ...] | None:
    """Return the classes, or `None` if the target is a value to regress on."""
    different = set(table.cells)
    numeric = {cell for cell in different if is_number(cell)}
    integer = all(cell in numeric and float(cell).is_integer() for cell in different)
    if task == "regression":
        return None
    if task == "auto":
        for row, cell in enumerate(table.cells):
            if DECIMAL_COMMA.fullmatch(cell):
                raise DataError(f"{table.place(row)}: {cell!r} is not a number; {COMMA_HINT}")
    if task == "auto" and numeric:
        if numeric != different:
            row = next(i for i, cell in enumerate(table.cells) if cell not in numeric)
            raise DataError(
                f"{table.place(row)}: {table.cells[row]!r} is not a number, others are; mend it, "
                "or set task to 'classification' if every value is the name of a class"
            )
        if not integer:
            return None
        _refuse_values(table)
    names = {_class_name(cell) for cell in different}
    return tuple(sorted(names, key=lambda name: (int(name) if integer else 0, name)))


def _refuse_values(table: Table) -> None:
    """Refuse integers that look like values: one that occurs once is hardly a class."""
    rarest, count = Counter(map(_class_name, table.cells)).most_common()[-1]
    if count == 1:
        raise DataError(
            f"{table.path}: column {table.columns[table.target]!r} holds integers, which are taken "
            f"for classes, but {rarest} occurs once; set task to 'regression' or 'classification'"
        )


def _class_name(cell: str) -> str:
    """Return one name for a class, however its number is written: 1, 1.0, 1e0."""
    return str(int(float(cell))) if is_number(cell) and float(cell).is_integer() else cell


def _dataset(table: Table, names: tuple[str, ...] | None) -> Dataset:
    number = {name: label for label, name in enumerate(names or ())}
    for row, cell in enumerate(table.cells):
        if names is None and not is_number(cell):
            hint = "mend it, or set data.task = 'classification'"
            if DECIMAL_COMMA.fullmatch(cell):
                hint = COMMA_HINT
            raise DataError(f"{table.place(row)}: {cell!r} is not a number; {hint}")
        if names is not None and _class_name(cell) not in number:
            raise DataError(f"{table.place(row)}: the class {cell!r} is not in the training file")
    if names is None:
        return Dataset(table.features, np.array(table.cells, np.float64), name=table.path.name)
    y = np.array([number[_class_name(cell)] for cell in table.cells])
    return Dataset(table.features, y, name=table.path.name, class_names=names)
