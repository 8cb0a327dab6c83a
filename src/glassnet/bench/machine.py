"""What a measurement was made on: without it, a time says nothing."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from glassnet.threads import available

PROCESSORS = Path("/proc/cpuinfo")


def describe_machine(packages: Iterable[str] = ("numpy", "numba")) -> dict[str, str | int]:
    """Return the processor, how many cores this program may use, and versions.

    Parameters
    ----------
    packages : iterable of str
        Distributions whose versions matter; those that are not installed are left out.

    Examples
    --------
    >>> sorted(describe_machine(["numpy", "no-such-package"]))
    ['cores', 'glassnet', 'numpy', 'processor', 'python', 'system']
    """
    found: dict[str, str | int] = {
        "processor": _processor(),
        "cores": available(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for package in ("glassnet", *packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package == "glassnet":  # run from a checkout that was never installed
                from glassnet import __version__

                found[package] = __version__
    return found


def _processor() -> str:
    """Return the processor's own name where the system tells it, else its family."""
    if PROCESSORS.exists():
        for line in PROCESSORS.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
