"""Reading rows of features, without a target, for a network that is trained already."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data.sources.csv_file import (
    Dialect,
    detect_delimiter,
    finite_number,
    is_number,
    rows_of,
)
from glassnet.errors import DataError
from glassnet.words import count, nearest


@dataclass(frozen=True)
class Features:
    """What the columns of a table must be.

    Parameters
    ----------
    count : int
        How many features there are.
    names : tuple of str, optional
        Their names, where the table that was trained on had a header.
    target : int or str, optional
        The column of that table that held the target; it may be there, and is left out.
    """

    count: int
    names: tuple[str, ...] | None = None
    target: int | str | None = None

    def columns_of(self, path: Path, columns: list[str], named: bool) -> list[int]:
        """Return which columns of a table are the features, in their order."""
        if self.names is not None and named:
            return self._by_name(path, columns)
        width = len(columns)
        if width == self.count + 1 and isinstance(self.target, int):
            return [i for i in range(width) if i != self.target % width]
        if width != self.count:
            names = f" ({_listed(self.names)})" if self.names else ""
            raise DataError(
                f"{path}: has {count(width, 'column')}, but the network was trained on "
                f"{count(self.count, 'feature')}{names}; give these alone"
            )
        return list(range(width))

    def _by_name(self, path: Path, columns: list[str]) -> list[int]:
        names = self.names or ()
        for name in names:
            if (times := columns.count(name)) != 1:
                what = f"{times} columns {name!r}" if times else f"no column {name!r}"
                raise DataError(
                    f"{path}: has {what}{'' if times else nearest(name, columns)}, "
                    f"and the network was trained on {_listed(names)}"
                )
        if foreign := [name for name in columns if name not in (*names, self.target)]:
            raise DataError(
                f"{path}: has the column {foreign[0]!r}, which the network was not trained on; "
                f"leave it out (its features are {_listed(names)})"
            )
        return [columns.index(name) for name in names]


def read_features(
    path: str | Path, wanted: Features, decimal: Any = ".", encoding: str = "utf-8-sig"
) -> tuple[Array, list[int]]:
    """Read the features of every row of a CSV file.

    Columns are found by their names where both this file and the one that was trained on have a
    header, by their order otherwise; how the cells are divided is found out.

    Returns
    -------
    features : ndarray, shape (N, F), float64
    lines : list of int
        The line of the file that each row ends at.

    Raises
    ------
    DataError
        If the file is missing or empty, its columns are not those that the network was trained on,
        or a cell is missing, text or not finite. The message names column and line.
    """
    path = Path(path)
    delimiter = "," if wanted.count == 1 else detect_delimiter(path, decimal, encoding)
    if delimiter == decimal:
        delimiter = ";"
    rows = rows_of(path, Dialect(None, delimiter, decimal, encoding))
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: is empty; it needs a line for each sample")
    named = not any(map(is_number, first[1]))
    columns = [name.strip() for name in first[1]]
    if not named:
        columns = [str(number) for number in range(1, len(columns) + 1)]
        rows = itertools.chain([first], rows)
    chosen = wanted.columns_of(path, columns, named)
    features: list[list[float]] = []
    lines = []
    for line, row in rows:
        if len(row) != len(columns):
            raise DataError(
                f"{path}: line {line} has {len(row)} cells, line {first[0]} has {len(columns)}; "
                "every line needs the same number"
            )
        features.append([finite_number(path, line, columns[i], row[i]) for i in chosen])
        lines.append(line)
    if not lines:
        raise DataError(f"{path}: has a header and nothing else; it needs a line for each sample")
    return np.array(features), lines


def _listed(names: tuple[str, ...], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
