"""Small harm to valid inputs: bytes, text and trees of plain values, at random from a generator."""

import math
import random
import re
import struct
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 2, 3, 7, 33, 255, 256, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1,
    2**63, 2**64, -(2**63) - 1, 10**30, 10**400, 0.0, -0.0, 0.5, 1.5, -2.5, 1e-320, 1e308, 1e39,
    math.nan, math.inf, -math.inf, True, False, None,
)  # fmt: skip
STRINGS: tuple[str, ...] = (
    "", " ", "x", "0", "-1", "nan", "inf", "1e999", "1_0", "²", "Ⅷ", "٣", "null", "true",
    "..", "../../outside", "/etc/passwd", "/dev/null", "a/b", "a\\b", "\0", "a\0b", "\n", "\r\n",
    "\t", "\ufeff", "\u202e", "\ud800", "e\u0301", "💥", "ſ", "<b>&'\"", "{{7*7}}", "${x}", "%s%n",
    "weight", "type", "$tensor", "__class__", "float32", "object", "A" * 300, "é" * 5_000,
)  # fmt: skip
BINARY: tuple[int, ...] = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1,
                           2**40, 2**62, 2**63 - 1, 2**64 - 1)  # fmt: skip
MOST_PLACES = 10_000
"""Of a text, among which one is chosen; a harmed one may have a million."""
DEEP = 3_000
"""How deep something nested may be; Python's own recursion ends at 1,000."""

Mutate = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
"""From a generator, an input and other inputs of its kind to a worse one."""


def harm_bytes(rng: random.Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return the bytes with some places flipped, cut, repeated, spliced or overwritten."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        length = min(int(rng.expovariate(1 / 12)) + 1, 4_096)
        match rng.randrange(9):
            case 0 | 1 if data:
                at %= len(data)
                data[at] ^= 1 << rng.randrange(8)
            case 2 if data:
                data[at % len(data)] = rng.choice((0, 0xFF, 0x80, 0x7F, rng.randrange(256)))
            case 3:
                del data[at:]
            case 4:
                del data[at : at + length]
            case 5:
                data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
            case 6:
                data[at:at] = rng.randbytes(length)
            case 7:
                order, size = rng.choice("<>"), rng.choice("BHIQ")
                limit = (1 << 8 * struct.calcsize(size)) - 1
                data[at : at + struct.calcsize(size)] = struct.pack(
                    order + size, rng.choice(BINARY) & limit
                )
            case 8 if others:
                other = rng.choice(others)
                data[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(data)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(r"[A-Za-z_][\w-]*")
MARKS = ("[", "{", "(", "]", "}", '"', "'", ",", ";", "=", ":", "#", "\n", '"""', "[[", "\\", "\\u")


def harm_text(rng: random.Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Return text with numbers, words, lines or marks exchanged, repeated or missing."""
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(rng.choice((1, 1, 2, 4))):
        match rng.randrange(7):
            case 0:
                text = _exchanged(rng, NUMBER, text, _told(rng.choice(NUMBERS)))
            case 1:
                text = _exchanged(rng, WORD, text, rng.choice(STRINGS))
            case 2:
                lines = text.split("\n")
                i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[i], lines[j] = lines[j], lines[i] * rng.choice((0, 1, 2))
                text = "\n".join(lines)
            case 3:
                lines = text.split("\n")
                i = rng.randrange(len(lines))
                lines[i:i] = [lines[i]] * rng.choice((1, 1, 100))
                text = "\n".join(lines)
            case 4:
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice(MARKS) * rng.choice((1, 1, 1, DEEP)) + text[at:]
            case 5:
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice(STRINGS) + text[at:]
            case 6:
                found = [
                    m
                    for mark in MARKS
                    for m in islice(re.finditer(re.escape(mark), text), MOST_PLACES)
                ]
                if found:
                    gone = rng.choice(found)
                    text = text[: gone.start()] + text[gone.end() :]
    try:
        return text.encode("utf-8", "surrogateescape")[:1_000_000]
    except UnicodeEncodeError:  # half of a pair has come in
        return text.encode("utf-8", "surrogatepass")[:1_000_000]


def harm_tree(rng: random.Random, tree: Any) -> Any:
    """Return a tree of dictionaries, lists and plain values with one place made strange."""
    parents = list(_places(tree))
    if not parents:
        return strange(rng)
    parent, key = rng.choice(parents)
    match rng.randrange(9):
        case 0 | 1 | 2:
            parent[key] = strange(rng, parent[key])
        case 3:
            parent[key] = rng.choice(NUMBERS)
        case 4:
            del parent[key]
        case 5 if isinstance(parent, dict):
            parent[rng.choice((*STRINGS, *map(str, parent)))] = parent.pop(key)
        case 5:
            parent[key:key] = [parent[key]] * rng.choice((1, 3, 1_000))
        case 6:
            for _ in range(rng.choice((1, 2, 60, DEEP))):
                parent[key] = [parent[key]] if rng.random() < 0.5 else {"a": parent[key]}
        case 7:
            other, there = rng.choice(parents)
            parent[key] = other[there] if there in other or isinstance(other, list) else None
        case 8 if isinstance(parent, dict):
            parent[rng.choice(STRINGS)] = strange(rng)
        case 8:
            parent.append(strange(rng))
    return tree


def strange(rng: random.Random, value: Any = None) -> Any:
    """Return a value in place of another: mostly of its type and unusual, else of another type."""
    if rng.random() < 0.7:
        if isinstance(value, str):
            at = rng.randrange(len(value) + 1)
            return rng.choice((rng.choice(STRINGS), value[:at] + rng.choice(STRINGS) + value[at:]))
        if isinstance(value, (int, float)):
            near = (value + 1, value - 1, -value, value * 2, value / 3)
            return rng.choice((*near, rng.choice(NUMBERS)))
        if isinstance(value, list):
            return rng.choice(([], value[1:], value[::-1], value * 2, [value]))
    return rng.choice((rng.choice(NUMBERS), rng.choice(STRINGS), [], {}, [[]], {"a": 1}, [None]))


def _places(tree: Any) -> Any:
    """Yield every (container, key) of a tree, without recursion."""
    waiting = [tree]
    while waiting:
        parent = waiting.pop()
        keys = list(parent) if isinstance(parent, dict) else range(len(parent))
        for key in keys:
            yield parent, key
            if isinstance(parent[key], (dict, list)):
                waiting.append(parent[key])


def _exchanged(rng: random.Random, pattern: re.Pattern[str], text: str, new: str) -> str:
    found = list(islice(pattern.finditer(text), MOST_PLACES))
    if not found:
        return text + new
    old = rng.choice(found)
    return text[: old.start()] + new + text[old.end() :]


def _told(value: Any) -> str:
    return "1" + "0" * 400 if value == 10**400 else str(value)
