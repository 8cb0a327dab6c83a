"""Reading the data while the compiled kernels get ready."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from glassnet.data import DataSplits
from glassnet.experiments.config import Config
from glassnet.kernels.readiness import get_ready


def read_data(config: Config, data_dir: str | Path | None = None) -> DataSplits:
    """Read, divide and scale the data of a configuration.

    Where its network will need the compiled kernels, they get ready meanwhile: unpacking is zlib's
    work and copying NumPy's, during which another Python thread can go on.
    """
    if not config.model.has_windows:
        return config.load_data(data_dir)
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(config.load_data, data_dir)
        get_ready()
        return reading.result()
