"""Which samples a name and options stand for, and whether their files are there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet.data.fetch import cache_dir, given_dir, present
from glassnet.data.registry import defaults_of, source_of
from glassnet.data.remote import FILES


def identity(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides which samples a configuration's ``[data]`` stands for.

    Parameters
    ----------
    table : mapping
        The name of the data set, and options of `glassnet.data.load`.

    Returns
    -------
    dict
        The table with its defaults written out, and the checksums of the published files.

    Examples
    --------
    >>> identity({"name": "moons", "samples": 200})["noise"]
    0.2
    """
    name = table["name"]
    source = source_of(name)
    held = {"valid": source.valid, "test": source.test, "split_seed": 0}
    sums = {file.path: file.sha256 for file in FILES.get(name, ())}
    return held | defaults_of(name) | dict(table) | {"files": sums}


def missing_files(name: str, data_dir: str | Path | None = None) -> list[str]:
    """Return which files of a data set a named directory lacks, as paths below it.

    Without a directory nothing is missing: files are fetched when they are needed.

    Examples
    --------
    >>> missing_files("moons")
    []
    """
    directory = given_dir(data_dir)
    if directory is None:
        return []
    return [file.path for file in FILES.get(name, ()) if present(file, directory) is None]


def is_at_hand(name: str, data_dir: str | Path | None = None) -> bool:
    """Return whether a data set can be read without fetching anything.

    Examples
    --------
    >>> is_at_hand("moons")
    True
    """
    files = FILES.get(name, ())
    if not files:
        return True
    directory = given_dir(data_dir) or cache_dir()
    return all(present(file, directory) is not None for file in files)
