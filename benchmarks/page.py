"""Writing measurements into a page of the documentation, with the machine they were made on."""

import os
import platform
import re
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path

from glassnet.files import write_atomically

PAGE = Path(__file__).parent.parent / "docs" / "sprint.md"


def machine(libraries: Iterable[str]) -> str:
    """Return date, processor and versions in one line."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    processor = found[1] if found else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{date.today()}, {processor}, {cores} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def replace_table(name: str, text: str) -> None:
    """Put text between ``<!-- table: NAME -->`` and ``<!-- end -->`` on the page."""
    page = PAGE.read_text(encoding="utf-8")
    pattern = rf"(<!-- table: {name} -->).*?(<!-- end -->)"
    renewed, count = re.subn(
        pattern, lambda match: f"{match[1]}\n\n{text}\n\n{match[2]}", page, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{PAGE} has {count} places for the table {name!r}")
    write_atomically(PAGE, renewed)
