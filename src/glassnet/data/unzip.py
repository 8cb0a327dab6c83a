"""Unpacking gzip in large pieces.

Python's own `gzip` unpacks some kilobytes at a time and takes Python's lock back after each. A
thread that reads so while another one computes waits for the lock a thousand times, up to 5 ms
each. Here it waits a dozen times.
"""

import io
import zlib
from typing import Any, BinaryIO

PIECE = 1 << 20
"""Packed bytes that are unpacked in one go."""

_GZIP = 16 + zlib.MAX_WBITS  # tells zlib that a gzip header comes, and a checksum in the end


class Unzipped(io.RawIOBase):
    """The content of a gzip file, which may have several members, one after the other.

    Parameters
    ----------
    file : binary file
        Open at its beginning; it is not closed here.

    Notes
    -----
    Reading raises `EOFError` where the file is truncated and `zlib.error` where it is damaged.

    Examples
    --------
    >>> import gzip
    >>> packed = gzip.compress(b"one ") + gzip.compress(b"after the other")
    >>> Unzipped(io.BytesIO(packed)).readall()
    b'one after the other'
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._member = zlib.decompressobj(_GZIP)
        self._packed = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack what comes next into `buffer`; return how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        while view.nbytes:
            if self._member.eof and not self._next_member():
                break
            packed = self._packed or self._file.read(PIECE)
            content = self._member.decompress(packed, view.nbytes)
            self._packed = self._member.unconsumed_tail
            if content:
                view[: len(content)] = content
                return len(content)
            if not packed and not self._member.eof:
                raise EOFError("the gzip file ends before its end-of-stream marker")
        return 0

    def _next_member(self) -> bool:
        """Go on to the next member, behind zeros that may fill up a tape's block."""
        packed = self._member.unused_data or self._file.read(PIECE)
        while packed and not (rest := packed.lstrip(b"\0")):
            packed = self._file.read(PIECE)
        if not packed:
            return False
        self._packed, self._member = rest, zlib.decompressobj(_GZIP)
        return True
