"""Text that can stand in a picture, whatever the user called his classes."""

from collections.abc import Sequence
from functools import cache

LONGEST = 16


def plain(text: object, longest: int = LONGEST) -> str:
    """Return text on one line, shortened, in which matplotlib sees no formula.

    Examples
    --------
    >>> plain("a very long name of a class"), plain("US$ and $x$")
    ('a very long nam…', 'US\\\\$ and \\\\$x\\\\$')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    return line.replace("$", r"\$")


def class_labels(
    names: Sequence[str] | None, count: int, longest: int = LONGEST
) -> tuple[str, ...]:
    """Return what pictures call class 0, 1, …: its name, or its number.

    The number also stands for a name that is empty or that the font has no letters for.

    Examples
    --------
    >>> class_labels(["cat", "", "ねこ"], 4)
    ('cat', '1', '2', '3')
    """
    given = tuple(names or ())[:count]
    labels = [plain(name, longest) if _drawable(name) else "" for name in given]
    labels += [""] * (count - len(given))
    return tuple(label or str(i) for i, label in enumerate(labels))


def _drawable(text: str) -> bool:
    return all(ord(c) in _glyphs() for c in text if c.isprintable())


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters that matplotlib's default font can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())
