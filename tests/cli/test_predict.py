"""`glassnet predict`: what it shows, and pictures that are none among those that are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet import kernels


@pytest.fixture
def pictures():
    """Two good pictures in folders of their own, and between them one that is none."""
    test = gn.data.load("digits").test
    names = ["a/digit.png", "broken.png", "b/digit.png"]
    for i, name in enumerate(names):
        (here := Path(name)).parent.mkdir(exist_ok=True)
        Image.fromarray(np.kron(test.raw[i, 0] * 15, np.ones((12, 12), np.uint8))).save(here)
    Path("broken.png").write_text("no picture")
    return names


def test_a_bad_picture_does_not_keep_the_others(glassnet, digits_run, pictures):
    folder, _ = digits_run
    words = glassnet("predict", folder, *pictures)
    assert words.code == 2
    assert [line.split()[0] for line in words.out.splitlines()] == [pictures[0], pictures[2]]
    assert words.err.startswith("glassnet: broken.png: is not a PNG or JPEG picture")
    assert len(words.err.splitlines()) == 1

    ended = glassnet("predict", folder, *pictures, "--json")
    assert ended.code == 2
    assert [found["image"] for found in ended.json["predictions"]] == [pictures[0], pictures[2]]
    (error,) = ended.json["errors"]
    assert error["image"] == "broken.png"
    assert "is not a PNG or JPEG picture" in error["error"]


def test_good_pictures_end_well(glassnet, digits_run, pictures):
    ended = glassnet("predict", digits_run[0], pictures[0], "--json")
    assert (ended.code, ended.err, ended.json["errors"]) == (0, "", [])


def test_nobody_waits_for_a_compiler(glassnet, digits_run, pictures, monkeypatch):
    pytest.importorskip("numba")
    gn.use_kernels("numba")
    monkeypatch.setenv("GLASSNET_KERNELS", "numba")
    expected = glassnet("predict", digits_run[0], pictures[0], "--json").json
    assert kernels.active_kernels() == "numba"
    monkeypatch.delenv("GLASSNET_KERNELS")
    found = glassnet("predict", digits_run[0], pictures[0], "--json").json
    assert kernels.active_kernels() == "numpy"
    assert found["predictions"][0]["class"] == expected["predictions"][0]["class"]


def test_what_the_network_was_shown(glassnet, digits_run, pictures):
    glassnet("predict", digits_run[0], *pictures, "--save-input", "shown")
    assert sorted(path.name for path in Path("shown").iterdir()) == ["digit-2.png", "digit.png"]
    with Image.open("shown/digit.png") as shown:
        assert (shown.format, shown.mode, shown.size) == ("PNG", "L", (8, 8))
        assert np.asarray(shown).max() == 255
