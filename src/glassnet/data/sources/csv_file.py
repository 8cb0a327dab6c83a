"""Reading a CSV file as a table: numbers, and one column of targets still as text."""

import csv
import itertools
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError
from glassnet.words import nearest


@dataclass(frozen=True, eq=False)
class Table:
    """A table as read.

    Attributes
    ----------
    path : Path
        Where it was read.
    columns : list of str
        Names of the columns, the target's among them; `"1"`, `"2"`, … where there is no header.
    target : int
        Which column is the target.
    features : array, shape (N, F), float64
        The other columns.
    cells : list of str
        The target column.
    lines : sequence of int
        The line of the file that each row ends at, for messages.
    """

    path: Path
    columns: list[str]
    target: int
    features: Array
    cells: list[str]
    lines: "array[int]"

    def place(self, row: int) -> str:
        """Return where the target cell of `row` is, for a message."""
        return f"{self.path}: line {self.lines[row]}, column {self.columns[self.target]!r}"


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
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: is empty; it needs a line for each sample")
    start, names = first
    if len(names) < 2:
        raise DataError(
            f"{path}: line {start} has one column when divided at {delimiter!r}; a feature and a "
            "target are needed, or another delimiter"
        )
    named = not any(map(is_number, names)) if header is None else header
    if named:
        columns = [name.strip() for name in names]
    else:
        columns = [str(number) for number in range(1, len(names) + 1)]
        rows = itertools.chain([first], rows)
    index = _target(target, columns, named, path)
    features, cells, lines = array("d"), list[str](), array("q")
    for line, row in rows:
        if len(row) != len(columns):
            raise DataError(
                f"{path}: line {line} has {len(row)} cells, line {start} has {len(columns)}; "
                "every line needs the same number"
            )
        for column, cell in enumerate(row):
            # A target may be text, but no more than a feature may it be missing.
            if column == index and cell.strip() and not is_number(cell):
                continue
            try:
                number = float(cell)
            except ValueError:
                number = math.nan
            if not abs(number) <= _LARGEST:
                raise DataError(_unusable(path, line, columns[column], cell))
            if column != index:
                features.append(number)
        cells.append(row[index].strip())
        lines.append(line)
    if not cells:
        raise DataError(f"{path}: has a header and nothing else; it needs a line for each sample")
    table = np.frombuffer(features).reshape(len(cells), -1)
    return Table(path, columns, index, table, cells, lines)


_LARGEST = float(np.finfo(np.float32).max)


def is_number(cell: str) -> bool:
    """Whether a cell can be read as a number, if only as NaN."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of the lines that are not blank."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(f"delimiter must be a single character such as ',', not {delimiter!r}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=delimiter)
            for row in lines:
                if row:
                    yield lines.line_num, row
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise DataError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error


def _target(target: int | str, columns: list[str], named: bool, path: Path) -> int:
    if isinstance(target, int):
        if -len(columns) <= target < len(columns):
            return target % len(columns)
        raise ConfigError(f"{path}: has {len(columns)} columns, none with the index {target}")
    if named and target in columns:
        return columns.index(target)
    known = f"there are {', '.join(columns[:20])}" if named else "it has no header; give an index"
    raise ConfigError(f"{path}: has no column {target!r}{nearest(target, columns)}; {known}")


def _unusable(path: Path, line: int, column: str, cell: str) -> str:
    cell = cell.strip()
    what = f"{cell[:40]!r} is not a finite number" if cell else "the cell is empty"
    return f"{path}: line {line}, column {column!r}: {what}; mend it or leave the line out"
