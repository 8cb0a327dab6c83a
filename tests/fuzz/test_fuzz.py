"""Nothing from outside crashes, hangs or fills the memory: it is read, or refused in a sentence."""

import faulthandler
import os
from pathlib import Path

import pytest

import glassnet as gn
from tests.fuzz.exploring import attempt, explore_apart, kinds, lay_out
from tests.fuzz.parsers import Parser, available

CORPUS = Path(__file__).parent / "corpus"
PARSERS = {parser.slug: parser for parser in available()}
CASES = sorted(path for path in CORPUS.glob("*/*") if path.parent.name in PARSERS)
QUICK = 250
"""Inputs of a parser of share 1 in the ordinary tests."""


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    """Return a function that gives a parser's valid files, and the folder where they lie."""
    made = {}

    def of(parser):
        if parser.slug not in made:
            folder = tmp_path_factory.mktemp(parser.slug)
            made[parser.slug] = parser.seeds(), folder
            lay_out(*made[parser.slug])
        return made[parser.slug]

    return of


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_what_once_failed_is_refused(case, laid_out):
    """Each file of the corpus has broken the contract once, or is a classic of its kind."""
    parser = PARSERS[case.parent.name]
    files, folder = laid_out(parser)
    name = case.name.partition("--")[2].replace("__", "/")
    try:
        outcome, kind, trace = attempt(parser, folder / name, case.read_bytes())
    finally:
        (folder / name).write_bytes(files.get(name, b""))
    assert outcome != "failed", f"{kind}\n{trace}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("slug", PARSERS)
def test_valid_files_are_read(slug, laid_out):
    """Otherwise the search would look at refusals alone."""
    parser = PARSERS[slug]
    files, folder = laid_out(parser)
    names = parser.names(files)
    if slug != "matlab":  # only the published file is read
        for name in names[:1] if "run" in parser.seeds.__name__ else names:
            parser.read(folder / name)


def search(parser, laid_out, count, seed):
    files, folder = laid_out(parser)
    found = explore_apart(parser, files, folder, seed, range(count))
    assert found.tally.inputs == count
    assert not found.failures, "\n".join([*kinds(found.failures), found.failures[0].trace])
    assert found.tally.refused > 0


@pytest.mark.parametrize("slug", PARSERS)
def test_harmed_files(slug, laid_out):
    search(PARSERS[slug], laid_out, max(3, round(QUICK * PARSERS[slug].share)), "quick")


@pytest.mark.slow
@pytest.mark.parametrize("slug", PARSERS)
def test_more_harmed_files(slug, laid_out):
    search(PARSERS[slug], laid_out, max(30, round(10_000 * PARSERS[slug].share)), "slow")


def broken(file):
    """Read a file as no parser should."""
    content = file.read_bytes()
    if content == b"hang":
        while True:
            pass
    if content == b"crash":
        faulthandler.disable()  # pytest's would print where
        os.abort()
    if content == b"fill":
        bytearray(2 << 30)
    if content == b"swallow":
        try:
            bytearray(2 << 30)
        except MemoryError:
            raise gn.DataError("hidden") from None
    if content == b"raise":
        raise KeyError("x")
    if content == b"refuse":
        raise gn.DataError("refused")


def test_the_search_finds_what_is_wrong(tmp_path, monkeypatch):
    """A parser that does everything wrong is found out at every input, and the search goes on."""
    monkeypatch.setattr("tests.fuzz.exploring.GIVEN_UP", 0.5)
    words = [b"refuse", b"raise", b"crash", b"fill", b"swallow", b"hang", b"fine"]
    turn = iter(range(10**9))
    parser = Parser("broken", lambda: {"x": b"fine"}, (), broken)

    def inputs(files, seed, first):
        assert next(turn) < 100
        yield from (("x", word) for word in words[first:])

    object.__setattr__(parser, "inputs", inputs)
    lay_out(parser.seeds(), tmp_path)
    found = explore_apart(parser, parser.seeds(), tmp_path, 0, range(len(words)))
    assert found.tally.inputs == len(words)
    assert found.tally.refused == found.tally.accepted == 1
    told = [(failure.content, failure.kind) for failure in found.failures]
    assert [content for content, _ in told] == [b"raise", b"crash", b"fill", b"swallow", b"hang"]
    assert [kind.partition(" at")[0] for _, kind in told] == [
        "KeyError", "ended by 6", "MemoryError", "takes more than 1 GB",
        "takes more than 0 s",
    ]  # fmt: skip
