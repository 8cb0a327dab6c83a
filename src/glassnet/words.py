"""Words for messages."""

from collections.abc import Iterable, Mapping
from typing import Any

ALIASES = {
    "learning-rate": "lr",
    "mean-squared-error": "mse",
    "mean-absolute-error": "mae",
    "smooth-l1": "huber",
    "cross-entropy": "softmax-cross-entropy",
    "categorical-cross-entropy": "softmax-cross-entropy",
    "bce": "binary-cross-entropy",
    "reduce-on-plateau": "plateau",
    "reduce-lr-on-plateau": "plateau",
    "step-decay": "step",
    "cosine-annealing": "cosine",
    "linear-warmup": "warmup",
    "glorot-normal": "xavier_normal",
    "glorot-uniform": "xavier_uniform",
    "kaiming-normal": "he_normal",
    "kaiming-uniform": "he_uniform",
}
"""What others call it: suggested only where it is among the words to choose from."""


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `" (did you mean 'x'?)"` for the word most like `word`, or nothing.

    Capitals, hyphens and underscores make no difference, and names used elsewhere are known.

    Examples
    --------
    >>> nearest("mnits", ["digits", "mnist"])
    " (did you mean 'mnist'?)"
    >>> nearest("MeanSquaredError", ["mae", "mse"])
    " (did you mean 'mse'?)"
    """
    import difflib

    known = {_letters(choice): choice for choice in words}
    aliases = {_letters(alias): _letters(name) for alias, name in ALIASES.items()}
    wanted = _letters(word)
    if aliases.get(wanted) in known:
        wanted = aliases[wanted]
    found = difflib.get_close_matches(wanted, list(known), n=1)
    return f" (did you mean {known[found[0]]!r}?)" if found else ""


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number and its noun.

    Examples
    --------
    >>> count(1, "epoch"), count(2, "epoch"), count(1200, "class", "classes")
    ('1 epoch', '2 epochs', '1,200 classes')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def wrong_type(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return in words what a value should have been, from the errors that pydantic lists.

    Examples
    --------
    >>> wrong_type([{"type": "int_type", "loc": (), "msg": "Input should be a valid integer"}])
    'must be a whole number'
    """
    return " or ".join(dict.fromkeys(map(_wanted, errors)))


_WANTED = {
    "tuple": "must be a list, such as [16]",
    "list": "must be a list, such as [16]",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "string": 'must be text, such as "name"',
    "path": 'must be text, such as "name"',
    "dict": "must be a table, such as {name = 1}",
}


def _wanted(error: Mapping[str, Any]) -> str:
    if error["type"] == "literal_error":
        return f"must be {error['ctx']['expected']}"
    reason = str(error["msg"])
    wanted = _WANTED.get(error["type"].partition("_")[0], reason[0].lower() + reason[1:])
    inside = any(isinstance(place, int) for place in error["loc"])
    return f"every entry {wanted}" if inside else wanted


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word.lower()))
