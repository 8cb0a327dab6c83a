"""Standard error that outlives its reader: a closed terminal must not end a training."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from typing import TextIO


class Lasting(io.TextIOBase):
    """Standard error, as it is at the moment; what nobody reads any more goes nowhere."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of standard error."""
        return getattr(_stream(), "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return _stream().isatty()

    def fileno(self) -> int:
        """Return its descriptor."""
        return _stream().fileno()

    def write(self, text: str) -> int:
        """Write what can be written."""
        try:
            _stream().write(text)
            _stream().flush()
        except OSError as error:
            _let_go(error)
        return len(text)

    def flush(self) -> None:
        """Do nothing: `write` has flushed."""


def _stream() -> TextIO:
    """Return standard error, and where a progress bar stands in its place, what is behind that."""
    stream: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
    return stream


def _let_go(error: OSError) -> None:
    """Send standard error nowhere, with standard output if both are a terminal that has gone."""
    mine = os.fstat(2)
    gone = error.errno == errno.EIO and stat.S_ISCHR(mine.st_mode)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if gone and os.fstat(1).st_rdev == mine.st_rdev:
        os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
