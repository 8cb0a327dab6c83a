"""Text that can stand in a picture, whatever the user called his classes."""

from collections.abc import Iterable, Sequence

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font

LONGEST = 16


def plain(text: object, longest: int = LONGEST) -> str:
    r"""Return text on one line, shortened, in which matplotlib sees no formula.

    Examples
    --------
    >>> plain("a very long name of a class"), plain("US$ and $x$")
    ('a very long nam…', 'US\\$ and \\$x\\$')
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


def counted(number: int, noun: str) -> str:
    """Return a number and what it counts.

    Examples
    --------
    >>> counted(1, "sample"), counted(1000, "sample")
    ('1 sample', '1,000 samples')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def widest(lines: Iterable[str], size: float) -> float:
    """Return the width in inches of the widest of some lines of text; `size` is in points."""
    font = _font()
    font.set_size(size, 72)
    widths = []
    for line in lines:
        font.set_text(line, 0.0)
        widths.append(font.get_width_height()[0] / 64 / 72)
    return max(widths, default=0.0)


def _drawable(text: str) -> bool:
    known = _font().get_charmap()
    return all(ord(character) in known for character in text if character.isprintable())


def _font() -> FT2Font:
    """Return the font that matplotlib draws text with."""
    return get_font(findfont(FontProperties()))
