"""Finding the files of public data sets: in a given directory, else in the cache, else fetched.

A directory that the user names is looked into, and written to only by `fetch`. Without one, a file
is downloaded once into the user's cache.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from glassnet.data.download import download
from glassnet.data.remote import FILES, RemoteFile
from glassnet.errors import ConfigError, DataError
from glassnet.words import nearest


def given_dir(data_dir: str | Path | None) -> Path | None:
    """Return the data directory the user named: `data_dir`, else `GLASSNET_DATA`, else `None`.

    Raises
    ------
    DataError
        If it is no directory.
    """
    named = data_dir or os.environ.get("GLASSNET_DATA")
    if not named:
        return None
    path = Path(named).expanduser()
    if not path.is_dir():
        source = "" if data_dir else " (named by GLASSNET_DATA)"
        raise DataError(
            f"the data directory {path}{source} does not exist; create it or name another"
        )
    return path


def cache_dir() -> Path:
    """Return the directory in the user's cache where fetched files are kept."""
    import pooch

    return Path(pooch.os_cache("glassnet"))


def present(file: RemoteFile, directory: Path) -> Path | None:
    """Return where `file` lies below `directory`, compressed or not, if it is there."""
    path = directory / file.path
    return next((p for p in (path, Path(str(path).removesuffix(".gz"))) if p.is_file()), None)


def locate(files: Sequence[RemoteFile], data_dir: str | Path | None = None) -> list[Path]:
    """Return where the files are; fetch into the cache what is missing, if no directory is named.

    Parameters
    ----------
    files : sequence of RemoteFile
        The files of a data set, from `glassnet.data.remote.FILES`.
    data_dir : path, optional
        A directory laid out as `mnist/train-images-idx3-ubyte.gz`; else `GLASSNET_DATA` is used,
        else the user's cache.

    Raises
    ------
    DataError
        If a named directory lacks a file, or no mirror delivers it. The message says which file
        to put where.
    """
    directory = given_dir(data_dir)
    if directory is None:
        cache = cache_dir()
        return [present(file, cache) or download(file, cache) for file in files]
    found = [present(file, directory) for file in files]
    missing = [file for file, path in zip(files, found, strict=True) if path is None]
    if missing:
        there = ", ".join(path.name for path in found if path is not None)
        raise DataError(
            f"{directory} lacks {', '.join(file.path for file in missing)} "
            f"({f'only {there}' if there else 'nothing of this data set'} found); "
            f"put what is missing there, for instance from "
            f"{', '.join(file.urls[0] for file in missing)}"
        )
    return [path for path in found if path is not None]


def fetch(name: str, data_dir: str | Path | None = None) -> list[Path]:
    """Return where the files of the data set `name` are, having downloaded those that are missing.

    Unlike `locate` it also downloads into a directory that the user names.

    Raises
    ------
    ConfigError
        If nothing is to be fetched for `name`.
    DataError, OutputError
        As `download` does.
    """
    if name not in FILES:
        raise ConfigError(
            f"there is nothing to fetch for {name!r}{nearest(name, FILES)}; "
            f"{', '.join(FILES)} can be fetched"
        )
    directory = given_dir(data_dir) or cache_dir()
    return [present(file, directory) or download(file, directory) for file in FILES[name]]
