"""IDX, the file format of MNIST: a big-endian header and the values, row by row.

Two zero bytes, the element type, the number of dimensions, then one unsigned 32-bit size for each
dimension, then the values; often compressed with gzip.
"""

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from glassnet.arrays import Array
from glassnet.data.unzip import Unzipped
from glassnet.errors import DataError
from glassnet.files import write_atomically

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The element types: unsigned and signed byte, short, int, float, double."""

GZIP_MAGIC = b"\x1f\x8b"
_DEFLATE_LIMIT = 1032  # no gzip file holds more than this many times its size


def read_idx(path: str | Path) -> Array:
    """Return the array in an IDX file, compressed with gzip or not.

    Compression is told by the content, not by the name. Memory is only asked for when the file is
    long enough to hold what its header promises.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    array
        Of the file's shape and element type, in native byte order.

    Raises
    ------
    DataError
        If there is no such file, it is not IDX, truncated, damaged or followed by other bytes.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "squares.idx.gz")
    >>> write_idx(file, np.array([[0, 1, 4], [9, 16, 25]], np.int16))
    >>> read_idx(file)
    array([[ 0,  1,  4],
           [ 9, 16, 25]], dtype=int16)
    >>> folder.cleanup()
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not zipped:
                return _read(file, path, size)
            with io.BufferedReader(Unzipped(file)) as unzipped:
                return _read(unzipped, path, size * _DEFLATE_LIMIT)
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file") from error
    except (EOFError, zlib.error, OSError) as error:
        reason = "the gzip file is truncated" if isinstance(error, EOFError) else error
        raise DataError(f"{path}: cannot be read ({reason}); bring the file again") from error


def _read(file: io.BufferedIOBase, path: Path, limit: int) -> Array:
    """Read the array; `limit` is the largest number of bytes the file can hold."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= 32:
        raise DataError(
            f"{path}: is not an IDX file: it begins with {magic.hex(' ') or 'nothing'} instead of "
            "00 00, an element type (08, 09, 0b, 0c, 0d or 0e) and 1 to 32 dimensions"
        )
    dtype, sizes = np.dtype(TYPES[magic[2]]), file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path}: ends within its header; bring the file again")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    promised = math.prod(shape) * dtype.itemsize
    if promised > limit:
        raise DataError(
            f"{path}: its header promises {promised:,} bytes of shape {shape}, more than the file "
            "can hold; bring the file again"
        )
    try:
        array = np.empty(shape, dtype)
    except (ValueError, MemoryError) as error:
        raise DataError(f"{path}: an array of shape {shape} does not fit into memory") from error
    view = array.reshape(-1).view(np.uint8).data
    filled = 0
    while filled < promised and (read := file.readinto(view[filled:])):
        filled += read
    if filled < promised:
        raise DataError(
            f"{path}: is truncated: its header promises {promised:,} bytes of shape {shape}, "
            f"but {filled:,} are there; bring the file again"
        )
    if file.read(1):
        raise DataError(
            f"{path}: goes on after the {promised:,} bytes of shape {shape} that its header "
            "promises; bring the file again"
        )
    return array.astype(dtype.newbyteorder("="), copy=False)


def write_idx(path: str | Path, array: Array) -> None:
    """Write an array as an IDX file, compressed if the name ends in `.gz`.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    path : path
        Where to.
    array : array
        Of 1 to 32 dimensions, of one of the element types in `TYPES`, in any byte order.

    Raises
    ------
    DataError
        If IDX has no such element type or number of dimensions.
    OutputError
        If the file cannot be written; what was there before stays.
    """
    path, array = Path(path), np.asarray(array)
    codes = {np.dtype(dtype): code for code, dtype in TYPES.items()}
    dtype = array.dtype.newbyteorder(">")
    if dtype not in codes or not 1 <= array.ndim <= 32 or max(array.shape) >= 1 << 32:
        raise DataError(
            f"{path}: IDX cannot hold an array of {array.dtype} and shape {array.shape}; its types "
            "are uint8, int8, int16, int32, float32 and float64, its dimensions 1 to 32"
        )
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, codes[dtype], array.ndim, *array.shape)
    content = header + array.astype(dtype).tobytes()
    write_atomically(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
