"""One process at a time works in a run folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from glassnet.errors import CheckpointError, OutputError

NAME = ".lock"


class Lock:
    """The lock of a run folder.

    The system holds it for the open file and lets go of it when the process ends, however it ends;
    so a file that a killed process left behind locks nobody out.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: IO[str] | None = None

    @property
    def is_mine(self) -> bool:
        """Whether the folder's lock, as it is now, is held by this."""
        return self._file is not None and _is_at(self._file, self._path)

    def take(self) -> None:
        """Take the lock of the folder, as it is now.

        Raises
        ------
        CheckpointError
            If another process holds it; its number is told.
        OutputError
            If the folder cannot be written to.
        """
        file = _taken(self._path)
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        if self._file is not None:
            self._file.close()
        self._file = file

    def release(self) -> None:
        """Let go of it."""
        if self._file is None:
            return
        if self.is_mine:
            self._path.unlink(missing_ok=True)  # while it is held: who opens it now makes a new one
        self._file.close()


@contextmanager
def locked(folder: Path) -> Iterator[Lock]:
    """Hold a run folder while this is active; raise as `Lock.take` does."""
    lock = Lock(folder)
    try:
        lock.take()
        yield lock
    finally:
        lock.release()


def _taken(path: Path) -> IO[str]:
    """Return the open lock file, held by this process."""
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"cannot write to {path.parent}: {error.strerror or error}; make it writable"
            ) from error
        try:
            _hold(file)
        except OSError:
            file.seek(0)
            holder = file.read(20).strip()
            file.close()
            raise CheckpointError(
                f"{path.parent} is in use by process {holder or '(unknown)'}, which trains or "
                "resumes it; wait until that has ended"
            ) from None
        if _is_at(file, path):
            return file
        file.close()  # the one who held it has just let go and taken the name away


def _is_at(file: IO[str], path: Path) -> bool:
    """Whether a path leads to an open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _hold(file: IO[str]) -> None:
    """Lock an open file, or raise OSError if another process has."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
