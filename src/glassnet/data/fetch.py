"""Finding the files of public data sets: in a given directory, else in the cache, else fetched.

A directory that the user names is looked into and never written to unasked. Without one, a file is
downloaded once into the user's cache: to a temporary name, checked, then moved into place.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from glassnet.data._words import nearest
from glassnet.data.idx import GZIP_MAGIC
from glassnet.data.remote import FILES, RemoteFile
from glassnet.errors import ConfigError, DataError, OutputError

TIMEOUT = 20.0
"""Seconds without a byte after which a mirror counts as dead."""


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
    return next((p for p in (path, path.with_suffix("")) if p.is_file()), None)


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
        there = [path.name for path in found if path is not None]
        raise DataError(
            f"{directory} lacks {', '.join(file.path for file in missing)} "
            f"({'only ' + ', '.join(there) if there else 'nothing of this data set'} is there); "
            f"put {'them' if len(missing) > 1 else 'it'} there, for instance from "
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


def download(file: RemoteFile, directory: Path) -> Path:
    """Fetch `file` into `directory`, from the first mirror that delivers the right content.

    Nothing but the complete, checked file ever appears there under its name.

    Raises
    ------
    DataError
        If no mirror delivers it.
    OutputError
        If the directory cannot be written.
    """
    import requests

    target = directory / file.path
    failures = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as folder:
            part = Path(folder, target.name)
            for url in file.urls:
                try:
                    _get(url, part, file.path)
                except requests.RequestException as error:
                    failures.append(f"{url}: {_reason(error)}")
                    continue
                if file.sha256 in _checksums(part):
                    os.replace(part, target)
                    return target
                failures.append(f"{url}: wrong checksum")
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from error
    raise DataError(
        f"{file.path} could not be downloaded ({'; '.join(failures)}); put this file at {target}, or "
        "into a data directory named by GLASSNET_DATA or --data-dir"
    )


def _get(url: str, path: Path, label: str) -> None:
    import pooch

    with _progress(label) as progress:
        fetch = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16, timeout=TIMEOUT)
        fetch(url, str(path), None)


def _checksums(path: Path) -> set[str]:
    """The SHA-256 sums of the file and, if it is a whole gzip file, of its content."""
    import gzip

    with path.open("rb") as file:
        sums = {hashlib.file_digest(file, "sha256").hexdigest()}
        file.seek(0)
        if file.read(2) == GZIP_MAGIC:
            file.seek(0)
            with contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile):
                content = gzip.GzipFile(fileobj=file)
                sums.add(hashlib.file_digest(content, "sha256").hexdigest())  # type: ignore[arg-type]
    return sums


def _reason(error: Exception) -> str:
    """A few words for what the HTTP library says in three lines."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


@contextlib.contextmanager
def _progress(label: str) -> Iterator[Any]:
    """A progress bar on standard error as pooch wants it, or `False` if that is no terminal."""
    if not sys.stderr.isatty():
        yield False
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Bar(progress, label)


class _Bar:
    """What pooch calls while it downloads."""

    total = 0

    def __init__(self, progress: Any, label: str) -> None:
        self.progress = progress
        self.task = progress.add_task(label, total=None)

    def update(self, amount: int) -> None:
        self.progress.update(self.task, total=self.total or None, advance=amount)

    def reset(self) -> None:
        self.progress.update(self.task, completed=0)

    def close(self) -> None:
        pass
