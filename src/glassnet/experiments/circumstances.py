"""What a checkpoint belongs to, and what has changed since it was written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet.data import DataSplits
from glassnet.experiments.config import Config
from glassnet.experiments.folder import environment
from glassnet.experiments.identity import fingerprint
from glassnet.kernels import active_kernels
from glassnet.threads import threads

WORDS = {
    "configuration": "the configuration",
    "data": "the data",
    "source": "the code of Glassnet",
    "threads": "the number of threads",
    "kernels": "the edition of the kernels",
    "glassnet": "the version of Glassnet",
    "python": "the version of Python",
    "numpy": "the version of NumPy",
    "platform": "the system",
    "processor": "the kind of processor",
}
"""What decides the bits of a training, in words."""


def circumstances(
    config: Config, data: DataSplits, data_dir: str | Path | None = None
) -> dict[str, Any]:
    """Return what decides the bits of a run, as JSON knows it."""
    parts = {"train": data.train, "valid": data.valid, "test": data.test}
    versions, place = environment(), data_dir or os.environ.get("GLASSNET_DATA")
    return {
        **{name: versions[name] for name in WORDS if name in versions},
        "configuration": config.to_toml(),
        "data": {name: fingerprint(part) for name, part in parts.items() if part is not None},
        "threads": threads(),
        "kernels": active_kernels(),
        "data_dir": None if place is None else str(Path(place).absolute()),
    }


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in words what has changed; where it is short, from what to what.

    Examples
    --------
    >>> differences({"threads": 1, "kernels": "numpy"}, {"threads": 2, "kernels": "numpy"})
    ['the number of threads (1, now 2)']
    """
    changed = []
    for name, words in WORDS.items():
        before, after = then.get(name), now.get(name)
        if before == after:
            continue
        plain = isinstance(before, (int, str)) and name not in ("configuration", "source")
        changed.append(f"{words} ({before}, now {after})" if plain else words)
    return changed
