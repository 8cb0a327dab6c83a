"""Words for messages."""

from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `" (did you mean 'x'?)"` for the word most like `word`, or nothing.

    Examples
    --------
    >>> nearest("mnits", ["digits", "mnist"])
    " (did you mean 'mnist'?)"
    """
    import difflib

    found = difflib.get_close_matches(word, list(words), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
