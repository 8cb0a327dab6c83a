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


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run folder while this is active.

    The system holds the lock for the open file and lets go of it when the process ends, however it
    ends; so a file that a killed process left behind locks nobody out.

    Raises
    ------
    CheckpointError
        If another process holds it; its number is told.
    OutputError
        If the folder cannot be written to.
    """
    path = folder / NAME
    file = _taken(path)
    try:
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held: who opens it now makes a new one
        file.close()


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
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except OSError:
            file.seek(0)
            holder = file.read(20).strip()
            file.close()
            raise CheckpointError(
                f"{path.parent} is in use by process {holder or '(unknown)'}, which trains or "
                "resumes it; wait until that has ended"
            ) from None
        file.close()  # the one who held it has just let go and taken the name away


def _hold(file: IO[str]) -> None:
    """Lock an open file, or raise OSError if another process has."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
