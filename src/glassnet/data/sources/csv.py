"""Tables from CSV files: every column a number, one of them the target."""

import csv as reader
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from glassnet.arrays import Array
from glassnet.data._words import nearest
from glassnet.data.dataset import Dataset, DataSplits
from glassnet.errors import ConfigError, DataError

Task = Literal["auto", "classification", "regression"]


@dataclass(frozen=True)
class Table:
    """A table as read: columns by name, features as numbers, target cells still as text.

    Attributes
    ----------
    path : Path
        Where it was read.
    columns : list of str
        Names of the columns, the target's among them; `"column 1"`, … where there is no header.
    target : int
        Which column is the target.
    features : array, shape (N, F), float64
        The other columns.
    cells : list of str
        The target column.
    lines : array, shape (N,)
        The line of the file each row ends at, for messages.
    """

    path: Path
    columns: list[str]
    target: int
    features: Array
    cells: list[str]
    lines: Array

    def place(self, row: int) -> str:
        """Where the target cell of `row` is, for a message."""
        return f"{self.path}: line {self.lines[row]}, {_quoted(self.columns[self.target])}"


def csv(
    path: str | Path,
    target: int | str = -1,
    header: bool | None = None,
    delimiter: str = ",",
    task: Task = "auto",
    test_path: str | Path | None = None,
) -> DataSplits:
    """A table of numbers with a target column.

    `target` is a name or an index (-1: the last column). The first line is a header if none of
    its cells is a number, unless `header` says otherwise.

    What the target is, if `task` is `"auto"`: integers and text are class labels; numbers of
    which one is not an integer are values to regress on. Classes are numbered in the order of
    their names (as numbers where they are numbers), which are kept as class names.
    """
    table = read_table(Path(path), target, header, delimiter)
    names = _class_names(table, task)
    train = _dataset(table, names)
    if test_path is None:
        return DataSplits(train)
    other = read_table(Path(test_path), target, header, delimiter)
    if other.columns != table.columns:
        raise DataError(
            f"{other.path}: its columns are not those of {table.path}; they must be alike"
        )
    return DataSplits(train, test=_dataset(other, names))


def read_table(path: Path, target: int | str, header: bool | None, delimiter: str) -> Table:
    """Read a table; every cell but the target's must be a finite number.

    Raises
    ------
    DataError
        If the file is missing or empty, a row has another number of cells, or a cell is missing,
        text or not finite. The message gives line and column.
    ConfigError
        If there is no such target column, or the delimiter is not one character.
    """
    rows = _rows(path, delimiter)
    try:
        line, first = next(rows)
    except StopIteration:
        raise DataError(f"{path}: is empty; it needs a line for each sample") from None
    if len(first) < 2:
        raise DataError(
            f"{path}: line {line} has a single column when divided at {delimiter!r}; a feature and a "
            "target are needed, or another delimiter"
        )
    named = not any(map(_is_number, first)) if header is None else header
    columns = (
        [c.strip() for c in first] if named else [f"column {i + 1}" for i in range(len(first))]
    )
    column = _target(target, columns, named, path)
    numbers, cells, lines = array("d"), [], array("q")
    for line, row in _all(rows, None if named else (line, first)):
        if len(row) != len(columns):
            raise DataError(
                f"{path}: line {line} has {len(row)} cells, the first line {len(columns)}; "
                "each row needs the same number"
            )
        cells.append(row.pop(column).strip())
        if cells[-1] == "":
            raise DataError(_bad(path, line, columns[column], ""))
        try:
            numbers.extend(map(float, row))
        except ValueError:
            names = columns[:column] + columns[column + 1 :]
            wrong = next(i for i, cell in enumerate(row) if not _is_number(cell))
            raise DataError(_bad(path, line, names[wrong], row[wrong])) from None
        lines.append(line)
    if not cells:
        raise DataError(f"{path}: has a header and no rows; it needs a line for each sample")
    features = np.frombuffer(numbers).reshape(len(cells), -1)
    wrong_cells = np.argwhere(~(np.abs(features) <= np.finfo(np.float32).max))
    if len(wrong_cells):
        row_index, feature = wrong_cells[0]
        name = columns[feature + (feature >= column)]
        raise DataError(_bad(path, lines[row_index], name, str(features[row_index, feature])))
    return Table(path, columns, column, features, cells, np.frombuffer(lines, np.int64))


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of the lines that are not blank."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(f"delimiter must be a single character such as ',', not {delimiter!r}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = reader.reader(file, delimiter=delimiter)
            for row in table:
                if row:
                    yield table.line_num, row
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except (UnicodeDecodeError, reader.Error, OSError) as error:
        raise DataError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error


def _all(
    rows: Iterator[tuple[int, list[str]]], first: tuple[int, list[str]] | None
) -> Iterator[tuple[int, list[str]]]:
    if first is not None:
        yield first
    yield from rows


def _target(target: int | str, columns: list[str], named: bool, path: Path) -> int:
    if isinstance(target, str):
        if target in columns:
            return columns.index(target)
        known = f"; there are {', '.join(columns[:20])}" if named else ", and no header"
        raise ConfigError(f"{path}: has no column {target!r}{nearest(target, columns)}{known}")
    if not -len(columns) <= target < len(columns):
        raise ConfigError(
            f"{path}: has {len(columns)} columns, and no column with the index {target}"
        )
    return target % len(columns)


def _class_names(table: Table, task: Task) -> tuple[str, ...] | None:
    """The classes, or `None` if the target is a value to regress on."""
    different = set(table.cells)
    numeric = {cell for cell in different if _is_number(cell)}
    if task == "auto" and numeric and numeric != different:
        row = next(i for i, cell in enumerate(table.cells) if cell not in numeric)
        raise DataError(
            f"{table.place(row)}: {table.cells[row]!r} is not a number, others are; mend it, "
            "or set task = 'classification' if every value is the name of a class"
        )
    integer = all(_is_integer(cell) for cell in different)
    if task == "regression" or (task == "auto" and numeric and not integer):
        return None
    return tuple(sorted(different, key=lambda cell: (int(cell) if integer else 0, cell)))


def _dataset(table: Table, names: tuple[str, ...] | None) -> Dataset:
    if names is not None:
        number = {name: label for label, name in enumerate(names)}
        unknown = next((i for i, cell in enumerate(table.cells) if cell not in number), None)
        if unknown is not None:
            raise DataError(
                f"{table.place(unknown)}: the class {table.cells[unknown]!r} does not occur in the "
                "training file"
            )
        y = np.array([number[cell] for cell in table.cells])
        return Dataset(table.features, y, name="csv", class_names=names)
    wrong = next((i for i, cell in enumerate(table.cells) if not _is_number(cell)), None)
    if wrong is not None:
        raise DataError(f"{table.place(wrong)}: {table.cells[wrong]!r} is not a number")
    return Dataset(table.features, np.array(table.cells, np.float64), name="csv")


def _bad(path: Path, line: int, column: str, cell: str) -> str:
    what = f"{cell.strip()[:40]!r} is not a finite number" if cell.strip() else "the cell is empty"
    return f"{path}: line {line}, {_quoted(column)}: {what}; every cell needs one, fill it in or leave it out"


def _quoted(column: str) -> str:
    return column if column.startswith("column ") else f"column {column!r}"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_integer(cell: str) -> bool:
    return cell.removeprefix("-").isdecimal()
