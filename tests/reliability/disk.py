"""A disk that loses power: what a program asks of it is recorded, and every legal remainder shown.

What a file system owes after a power cut is little (Pillai et al., 2014, "All File Systems Are Not
Created Equal"): what was written to a file is there if the file was flushed after it, and a name is
there (or gone) if its folder was flushed after that. Anything younger may be there or not, each
piece by itself, and of data also a part, or zeros in their place.
"""

import io
import itertools
import math
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

NAMED = ("kept", "lost")
WRITTEN = ("kept", "lost", "part", "zeros")
MOST_FATES = 256
"""Together, of all that was not flushed; of more, so many are drawn by chance."""


@dataclass(frozen=True)
class Request:
    """What the program asked of the disk.

    `kind` is one of mkdir, create, write, flush, flush-folder, rename and unlink; or promise, which
    is no request: from here on `path` must be found, or something as good.
    """

    kind: str
    path: str
    file: int = 0
    data: bytes = b""
    to: str = ""

    @property
    def folder(self) -> str:
        """Whose list of names it changes."""
        return os.path.dirname(self.to or self.path) or "."


class Recorder:
    """Stands in for the functions of `os` that change files below a folder; notes the calls."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.requests: list[Request] = []
        self._names: dict[int, int | str] = {}  # by descriptor the number of a file, or a folder
        self._files: dict[str, int] = {}  # the number of a file, by path

    def promise(self, path):
        """Note that from now on a file must survive."""
        self.requests.append(Request("promise", str(path)))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Write down while this is active."""
        names = ("open", "fdopen", "fsync", "replace", "mkdir", "unlink")
        self._real = {name: getattr(os, name) for name in names}
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(mock.patch.object(os, name, getattr(self, name)))
            yield

    def place(self, path):
        """Return a path seen from the root; None for those elsewhere."""
        inside = os.path.relpath(os.path.realpath(path), self.root)
        return None if inside.startswith("..") else inside

    def _note(self, kind, path, *rest, **options):
        if (place := self.place(path)) is not None:
            self.requests.append(Request(kind, place, *rest, **options))

    def open(self, path, flags, *rest, **options):
        descriptor = self._real["open"](path, flags, *rest, **options)
        self._names.pop(descriptor, None)
        if (place := self.place(path)) is None:
            return descriptor
        if flags & os.O_CREAT:
            number = self._files[place] = 1 + max(self._files.values(), default=0)
            self._names[descriptor] = number
            self._note("create", path, number)
        elif os.path.isdir(path):
            self._names[descriptor] = place
        return descriptor

    def fdopen(self, descriptor, mode, **options):
        if not isinstance(number := self._names.get(descriptor), int):
            return self._real["fdopen"](descriptor, mode, **options)
        requests = self.requests

        class Raw(io.FileIO):
            """Writes down what reaches the system, as buffers may hold it back."""

            def write(self, data):
                count = super().write(data)
                requests.append(Request("write", "", number, bytes(data[:count])))
                return count

        return io.BufferedWriter(Raw(descriptor, mode))

    def fsync(self, descriptor):
        self._real["fsync"](descriptor)
        if isinstance(name := self._names.get(descriptor), str):
            self.requests.append(Request("flush-folder", name))
        elif name is not None:
            self.requests.append(Request("flush", "", name))

    def replace(self, before, after):
        self._real["replace"](before, after)
        if (place := self.place(before)) is not None:
            number = self._files[self.place(after)] = self._files.pop(place)
            self._note("rename", before, number, to=self.place(after))

    def mkdir(self, path, *rest, **options):
        self._real["mkdir"](path, *rest, **options)
        self._note("mkdir", path)

    def unlink(self, path, **options):
        self._real["unlink"](path, **options)
        self._note("unlink", path)


Tree = dict[str, bytes | None]
"""What is on a disk: the content of files by path, and None for folders."""


def remainders(requests: Sequence[Request], rng: random.Random) -> Iterator[tuple[int, Tree]]:
    """Yield what may be on the disk if power goes: after how many requests, and the files.

    After every request, with every fate of those that no flush had made sure (where there are many,
    some by chance). The same files after the same promises are shown once.
    """
    seen = set()
    for count in range(len(requests) + 1):
        done = requests[:count]
        promises = sum(request.kind == "promise" for request in done)
        young = [i for i, request in enumerate(done) if not _is_sure(request, done[i + 1 :])]
        for fates in _fates([done[i] for i in young], rng):
            tree = _replayed(done, dict(zip(young, fates, strict=True)))
            key = hash((promises, frozenset(tree.items())))
            if key not in seen:
                seen.add(key)
                yield count, tree


def _is_sure(request: Request, later: Sequence[Request]) -> bool:
    """Whether a flush has made sure that a request is kept."""
    if request.kind == "write":
        return any(r.kind == "flush" and r.file == request.file for r in later)
    if request.kind in ("flush", "flush-folder", "promise"):
        return True
    return any(r.kind == "flush-folder" and r.path == request.folder for r in later)


def _fates(young: Sequence[Request], rng: random.Random) -> Iterator[Sequence[str]]:
    choices = [WRITTEN if request.kind == "write" else NAMED for request in young]
    if math.prod(map(len, choices)) <= MOST_FATES:
        yield from itertools.product(*choices)
        return
    yield ["kept"] * len(young)
    for _ in range(MOST_FATES):
        yield [rng.choice(choice) for choice in choices]


def _replayed(requests: Sequence[Request], fates: dict[int, str]) -> Tree:
    """Return the files that some requests leave."""
    content: dict[int, bytes] = {}
    names: dict[str, int | None] = {".": None}
    for i, request in enumerate(requests):
        fate = fates.get(i, "kept")
        if fate == "lost":
            continue
        if request.kind == "write":
            data = {
                "kept": request.data,
                "part": request.data[: len(request.data) // 2],
                "zeros": bytes(len(request.data)),
            }[fate]
            content[request.file] = content.get(request.file, b"") + data
        elif request.folder not in names:
            continue  # in a folder that is not there
        elif request.kind == "mkdir":
            names[request.path] = None
        elif request.kind == "create":
            names[request.path] = request.file
        elif request.kind == "rename":
            names.pop(request.path, None)
            names[request.to] = request.file
        elif request.kind == "unlink":
            names.pop(request.path, None)
    return {
        path: None if number is None else content.get(number, b"") for path, number in names.items()
    }


def lay_out(tree: Tree, folder: Path) -> None:
    """Write the files into a folder."""
    for path, content in tree.items():
        place = folder / path
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
