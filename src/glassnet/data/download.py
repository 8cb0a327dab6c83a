"""Downloading one file: to a temporary name, checked, then moved into place."""

import contextlib
import gzip
import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassnet.data.idx import GZIP_MAGIC
from glassnet.data.remote import RemoteFile
from glassnet.errors import DataError, OutputError

TIMEOUT = 20.0
"""Seconds without a byte after which a mirror counts as dead."""


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
                if is_whole(file, part):
                    os.replace(part, target)
                    return target
                failures.append(f"{url}: wrong checksum")
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from error
    raise DataError(
        f"{file.path} could not be downloaded ({'; '.join(failures)}); put this file at {target}, "
        f"or as {file.path} into a data directory named by GLASSNET_DATA or --data-dir"
    )


def is_whole(file: RemoteFile, path: Path) -> bool:
    """Whether what lies at `path` has the content of `file`, compressed or not."""
    return file.sha256 in _checksums(path)


def _get(url: str, path: Path, label: str) -> None:
    import pooch

    with _progress(label) as progress:
        fetch = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16, timeout=TIMEOUT)
        fetch(url, str(path), None)


def _checksums(path: Path) -> set[str]:
    """Return the SHA-256 sums of the file and, if it is a whole gzip file, of its content."""
    with path.open("rb") as file:
        sums = {hashlib.file_digest(file, "sha256").hexdigest()}
        file.seek(0)
        if file.read(2) == GZIP_MAGIC:
            file.seek(0)
            with contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile):
                content = gzip.GzipFile(fileobj=file)
                sums.add(hashlib.file_digest(content, "sha256").hexdigest())
    return sums


def _reason(error: Exception) -> str:
    """Return in a few words what the HTTP library says in three lines."""
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
    """Give a progress bar on standard error, as pooch wants it; `False` if that is no terminal."""
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
