"""What tells data, and editions of the program, apart: short fingerprints."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from glassnet.data import Dataset

PACKAGE = Path(__file__).parent.parent
WITHOUT_NUMBERS = ("cli", "doctor", "pictures", "report")
"""Packages in which nothing decides a run's figures."""

BYTES = 8


def fingerprint(dataset: Dataset) -> str:
    """Return 16 hexadecimal digits that are the same for the same samples and targets only.

    The scaling, which is part of the configuration, does not count.

    Examples
    --------
    >>> a = gn.Dataset(np.eye(2), [0, 1])
    >>> fingerprint(a) == fingerprint(a.take([0, 1])), fingerprint(a) == fingerprint(a.take([1, 0]))
    (True, False)
    """
    digest = blake2b(digest_size=BYTES)
    for array in (dataset.raw, dataset.y, dataset.sample_weight):
        if array is not None:
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@cache
def source_version() -> str:
    """Return 16 hexadecimal digits of the source files that decide a run's figures."""
    digest = blake2b(digest_size=BYTES)
    files = [*PACKAGE.rglob("*.py")]
    for file in sorted(files, key=lambda file: file.relative_to(PACKAGE).parts):
        place = file.relative_to(PACKAGE)
        if place.parts[0] not in WITHOUT_NUMBERS:
            digest.update(place.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
