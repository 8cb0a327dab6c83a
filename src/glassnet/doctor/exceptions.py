"""An exception of a stranger's layer, in one line."""

from __future__ import annotations

import traceback
from pathlib import Path

import numpy as np

PACKAGE = Path(__file__).parent.parent
LIBRARIES = (str(PACKAGE), str(Path(np.__file__).parent))


def words(error: Exception) -> str:
    """Return an exception in one line, with the line of the user's own file it came from."""
    text = str(error).strip().splitlines()
    name = type(error).__name__ + _place(error)
    return f"{name}: {text[0][:160]}" if text else name


def _place(error: Exception) -> str:
    """Return `" in mine.py, line 7"`: the innermost line that is neither ours nor NumPy's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    return f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
