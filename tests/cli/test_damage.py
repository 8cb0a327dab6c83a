"""One flipped bit in every region of a checkpoint of a real run, through the program."""

import json
from pathlib import Path

import pytest

from glassnet.training.checkpoint import CHECKSUM, files
from tests.training.test_checkpoints import sealed

from .conftest import assert_refused, snapshot


@pytest.fixture
def half(glassnet):
    """A run that was killed after some checkpoints."""
    settings = ("training.epochs=12", "checkpoint.steps=20", "checkpoint.keep_last=3",
                "training.patience=5", "optimizer.name=adam")  # fmt: skip
    options = [word for setting in settings for word in ("--set", setting)]
    ended = glassnet("train", "moons-mlp", *options, "--out", "run")
    assert ended.code == 0, ended.err
    Path("run/metrics.json").unlink()
    return Path("run")


def regions(content):
    """Return a place in every region of a file, by what is there."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    found = {"length of the header": 0, "end of the length": 7, "first byte of the header": 8}
    for name in ("format", "version", "step", "state", "about"):
        found[f"metadata: {name}"] = content.index(f'"{name}":"'.encode()) + len(name) + 4
    found["checksum"] = CHECKSUM.search(content).start(1) + 5
    found["last byte of the header"] = 8 + size - 1
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        found[f"name of {name}"] = content.index(f'"{name}"'.encode()) + 1
        first, last = (8 + size + offset for offset in entry["data_offsets"])
        if last > first:
            found[f"first byte of {name}"], found[f"last byte of {name}"] = first, last - 1
    return found


def test_one_flipped_bit_in_every_region(glassnet, half):
    newest, before, _ = files(half / "checkpoints")
    whole = newest.read_bytes()
    places = regions(whole)
    kinds = ("model/", "optimizer/", "history/", "callbacks/EarlyStopping/best_weights")
    for kind in kinds:
        assert any(f"byte of {kind}" in name for name in places), kind
    tried = dict(list(places.items())[:9])
    for kind in kinds:
        name = next(name for name in places if f"byte of {kind}" in name)
        tried[name] = places[name]
    for name, place in tried.items():
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        newest.write_bytes(damaged)
        (half / "metrics.json").unlink(missing_ok=True)
        ended = glassnet("resume", half, "--strict")
        assert ended.code == 0, (name, ended.err)
        said = " ".join(ended.err.split())
        assert newest.name in said, (name, said)
        assert "an older one is used" in said, (name, said)
        assert f"goes on after step {int(before.stem[5:])}" in said, (name, said)
        assert newest.read_bytes()[: len(whole)] != bytes(damaged)  # written anew


def test_a_newer_format_is_refused_and_says_so(glassnet, half):
    newest = files(half / "checkpoints")[0]
    newest.write_bytes(sealed(newest.read_bytes().replace(b'"version":"1"', b'"version":"9"')))
    before = snapshot(half)
    refused = glassnet("resume", half)
    assert_refused(refused, newest.name, "format version 9, newer than the 1", "install a newer")
    assert snapshot(half) == before
