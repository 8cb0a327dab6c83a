"""Augmentation from the command line."""

import json
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from .conftest import assert_refused

QUICK = ("--set", "training.epochs=1", "--set", "model.hidden=[8]")


def settings(*pairs):
    return [word for pair in pairs for word in ("--set", f"augment.{pair}")]


@pytest.mark.drawn
def test_a_run_with_augmentation_has_its_picture_and_is_repeatable(glassnet, monkeypatch):
    monkeypatch.setattr("glassnet.pictures.run_figures", lambda *arguments: {})  # the others
    options = settings(
        "rotate=15", "translate=[0, 1]", "resize=[0.95, 1.05]", "shear=5", "elastic=8",
        "elastic_sigma=3", "cut_out=2", "noise=0.5",
    )  # fmt: skip
    few = (*QUICK, "--set", "data.train=100")
    assert glassnet("train", *few, *options, "--out", "one").code == 0
    with Image.open("one/figures/augmentation.png") as picture:
        assert min(picture.size) > 300
    config = tomllib.loads(Path("one/config.toml").read_text("utf-8"))["augment"]
    assert (config["rotate"], config["translate"], config["cut_out"]) == (15.0, [0.0, 1.0], 2)
    assert glassnet("train", "one/config.toml", "--out", "two").code == 0
    for name in ("model.safetensors", "config.toml", "figures/augmentation.png"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
    glassnet("train", *few, "--out", "plain")
    assert (
        Path("plain/model.safetensors").read_bytes() != Path("one/model.safetensors").read_bytes()
    )
    assert not Path("plain/figures/augmentation.png").exists()
    assert "augment" not in tomllib.loads(Path("plain/config.toml").read_text("utf-8"))


def test_copies_are_appended_once_and_cautioned_against(glassnet):
    copies = "append=[{samples=300, rotate=[45, 45]}, {samples=200, rotate=[180, 180]}]"
    ended = glassnet("train", *QUICK, *settings(copies), "--out", "out")
    samples = json.loads(Path("out/data.json").read_text("utf-8"))["samples"]
    assert samples == {"train": 1168 + 500, "valid": 270, "test": 359}
    notes = [line for line in ended.err.splitlines() if line.startswith("note")]
    assert any("copies 2: turns by up to 180°" in n and "'6'" in n and "'9'" in n for n in notes)
    assert Path("out/figures/augmentation.png").is_file()
    assert glassnet("evaluate", "out", "--part", "train", "--json").json["samples"] == 1168
    assert glassnet("train", "out/config.toml", "--out", "two").code == 0
    assert Path("out/model.safetensors").read_bytes() == Path("two/model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("rotat=15", ("augment.rotat is not an option", "did you mean 'rotate'")),
        ("rotate=-15", ("degrees must be a finite number of at least 0",)),
        ("rotate=much", ("augment.rotate must be a number, not 'much'",)),
        ('rotate="15"', ("augment.rotate must be a number",)),
        ("resize=1.5", ("augment.resize must be a list",)),
        ("resize=[2, 1]", ("from low to high",)),
        ("flip=2", ("probability must lie in 0 to 1",)),
        ("append=[{rotate=5}]", ("augment.append[0].samples is missing", "samples = 1000")),
        ("append=[{samples=5}]", ("append[0] says of 5 copies no change",)),
        ("append=[{samples=5, spin=1}]", ("augment.append[0].spin is not an option",)),
        ("append=[{samples=5000, rotate=5}]", ("5000 copies were asked for", "1168")),
        ("fill=300", ("fill must lie in 0 to 255",)),
    ],
)
def test_what_cannot_be_meant_is_refused(glassnet, option, words):
    others = () if "rot" in option else ("rotate=5",)
    assert_refused(glassnet("train", *QUICK, *settings(option, *others)), *words)
    assert not list(Path("runs").glob("*"))


def test_points_cannot_be_turned(glassnet):
    ended = glassnet("train", "moons-mlp", *QUICK, *settings("rotate=5"))
    assert_refused(ended, "Rotate takes images of shape (N, channels, height, width)")
    assert not list(Path("runs").iterdir())
