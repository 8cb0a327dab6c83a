"""JSON and TOML from files: whatever is wrong with one comes out as a `ValueError`."""

import json
import sys
import tomllib
from typing import Any


def from_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, or nested too deeply to be read, or has a whole number that no float is
        as large as.

    Examples
    --------
    >>> from_json("[" * 100_000)
    Traceback (most recent call last):
    ...
    ValueError: it is nested too deeply
    """
    try:
        return json.loads(text, parse_int=_whole_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _whole_number(digits: str) -> int:
    number = int(digits)
    if number.bit_length() >= sys.float_info.max_exp:
        raise ValueError(f"{digits[:20]}… is too large a number")
    return number


def from_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises
    ------
    ValueError
        If it is not TOML, or nested too deeply to be read.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
