"""Reading a CSV file as a table: numbers, and one column of targets still as text."""

import csv
import itertools
import math
import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError
from glassnet.words import nearest

Decimal = Literal[".", ","]
DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*")
COMMA_HINT = 'if it has a decimal comma, set data.decimal = ","'
MARKS = "\t;,"
"""What may stand between two cells, if the user does not say: the rarest in numbers first."""


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Attributes
    ----------
    header : bool or None
        Whether the first line names the columns; `None`: if none of its cells is a number.
    delimiter : str
        What stands between two cells.
    decimal : "." or ","
        What stands before the decimals of a number.
    encoding : str
        Of the text; "utf-8-sig" is UTF-8 with or without a byte order mark.
    """

    header: bool | None = None
    delimiter: str = ","
    decimal: Decimal = "."
    encoding: str = "utf-8-sig"


@dataclass(frozen=True, eq=False)
class Table:
    """A table as read.

    Attributes
    ----------
    path : Path
        Where it was read.
    columns : list of str
        Names of the columns, the target's among them; `"1"`, `"2"`, … where there is no header.
    named : bool
        Whether the file has a header.
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
    named: bool
    target: int
    features: Array
    cells: list[str]
    lines: "array[int]"

    def place(self, row: int) -> str:
        """Return where the target cell of `row` is, for a message."""
        return f"{self.path}: line {self.lines[row]}, column {self.columns[self.target]!r}"


def detect_delimiter(path: Path, decimal: Decimal, encoding: str) -> str:
    """Return the mark that divides the first lines evenly, or the first line most often."""
    with _opened(path, encoding) as lines:
        head = [line for line in itertools.islice(lines, 50) if line.strip()]
        widths = {
            mark: [len(row) for row in csv.reader(head, delimiter=mark)]
            for mark in MARKS
            if mark != decimal
        }
    for mark, found in widths.items():
        if len(set(found)) == 1 and found[0] > 1:
            return mark
    return max(reversed(widths), key=lambda mark: widths[mark][:1])


def read_table(path: Path, target: int | str, dialect: Dialect) -> Table:
    """Read a table; every cell but the target's must be a finite number.

    Raises
    ------
    DataError
        If the file is missing or empty, a row has another number of cells, or a cell is missing,
        text or not finite. The message gives line and column.
    ConfigError
        If there is no such target column, or the delimiter is not one character.
    """
    rows = rows_of(path, dialect)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: is empty; it needs a line for each sample")
    start, names = first
    if len(names) < 2:
        raise DataError(
            f"{path}: line {start} has one column when divided at {dialect.delimiter!r}; "
            "a feature and a target are needed, or another delimiter"
        )
    named = not any(map(is_number, names)) if dialect.header is None else dialect.header
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
            number = finite_number(path, line, columns[column], cell)
            if column != index:
                features.append(number)
        cells.append(row[index].strip())
        lines.append(line)
    if not cells:
        raise DataError(f"{path}: has a header and nothing else; it needs a line for each sample")
    table = np.frombuffer(features).reshape(len(cells), -1)
    return Table(path, columns, named, index, table, cells, lines)


_LARGEST = float(np.finfo(np.float32).max)


def finite_number(path: Path, line: int, column: str, cell: str) -> float:
    """Return the number in a cell, or say, with line and column, why it cannot be used."""
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not abs(number) <= _LARGEST:
        raise DataError(_unusable(path, line, column, cell))
    return number


def is_number(cell: str) -> bool:
    """Whether a cell can be read as a number, if only as NaN."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def rows_of(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of the lines that are not blank; numbers with a decimal point."""
    delimiter = dialect.delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(f"delimiter must be a single character such as ',', not {delimiter!r}")
    if delimiter == dialect.decimal:
        raise ConfigError(f"delimiter and decimal cannot both be {delimiter!r}")
    with _opened(path, dialect.encoding) as file:
        lines = csv.reader(file, delimiter=delimiter)
        for row in lines:
            if row:
                place = f"{path}: line {lines.line_num}"
                yield (
                    lines.line_num,
                    row if dialect.decimal == "." else [_with_point(cell, place) for cell in row],
                )


def _with_point(cell: str, place: str) -> str:
    """Return a cell with its decimal comma, if it has one, as a point."""
    if "." in cell and is_number(cell):
        raise DataError(f"{place}: {cell.strip()!r} has a decimal point, but decimal is ','")
    return cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file as text; what goes wrong while it is read is said in a sentence."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except LookupError as error:
        raise ConfigError(
            f"encoding {encoding!r} is unknown; there are 'utf-8', 'latin-1', 'cp1252', 'utf-16'"
        ) from error
    except UnicodeError as error:
        name = "UTF-8" if encoding == "utf-8-sig" else encoding
        raise DataError(
            f"{path}: is not written in {name}; save it as UTF-8, or say what it is written in "
            "with data.encoding, such as 'cp1252' or 'utf-16'"
        ) from error
    except (csv.Error, OSError) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error})") from error


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
    if DECIMAL_COMMA.fullmatch(cell):
        return f"{path}: line {line}, column {column!r}: {what}; {COMMA_HINT}"
    return f"{path}: line {line}, column {column!r}: {what}; mend it or leave the line out"
