"""Writing files so that nothing is ever half written."""

import errno
import os
import tempfile
from pathlib import Path

from glassnet.errors import OutputError


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write a file whole or not at all.

    The content goes to a temporary file in the same folder, is flushed to the disk, and takes the
    name in one step: whoever reads `path` sees the old file or the new one, never a part. Then the
    folder is flushed too, so that a power cut does not take the name away again.

    Raises
    ------
    OutputError
        If the folder cannot be written to or the disk is full; what stood at `path` still does.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.chmod(temporary, 0o666 & ~_umask())
            os.fsync(file.fileno())
        os.replace(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another "
            "folder (nothing that was there has changed)"
        ) from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder, and those above it, where they are missing.

    The folder above each new one is flushed: without that a power cut could take the new folder
    away, and with it files that were flushed.

    Raises
    ------
    OSError
        If one cannot be made.
    """
    missing = []
    folder = Path(path)
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        flush_folder(new.parent)


def flush_folder(folder: Path) -> None:
    """Flush a folder's list of names, where the system lets one do so (Windows does it itself)."""
    if os.name == "nt" or not os.access(folder, os.R_OK):
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that has nothing to flush
            raise
    finally:
        os.close(descriptor)


def _umask() -> int:
    """Return the process's mask of permissions; the system lets one read it only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
