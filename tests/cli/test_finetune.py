"""`glassnet finetune`."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.data import Scaling

from .conftest import assert_refused, snapshot

NETWORK = """
[data]
name = "digits"
[model]
name = "layers"
layers = ["Flatten", {type = "Linear", out_features = 12}, "BatchNorm1d", "ReLU", "Linear"]
[training]
epochs = 2
"""
FROZEN = ("1.weight", "1.bias", "2.weight", "2.bias", "2.running_mean", "2.running_var")


@pytest.fixture
def source(glassnet):
    Path("base.toml").write_text(NETWORK, encoding="utf-8")
    assert glassnet("train", "base.toml", "--out", "base").code == 0
    return "base"


def state(folder):
    return gn.load(f"{folder}/model.safetensors").state_dict()


def test_no_frozen_byte_changes_and_the_source_is_left_alone(glassnet, source):
    before = snapshot(source)
    ended = glassnet(
        "finetune", source, "--freeze", "all-but-last", "--lr", "0.05", "--out", "tuned", "--json",
        "--set", "optimizer.weight_decay=0.1",
    )  # fmt: skip
    assert (ended.code, ended.json["run"]) == (0, "tuned")
    first, tuned = state(source), state("tuned")
    for name in (*FROZEN, "2.num_batches_tracked"):
        assert tuned[name].tobytes() == first[name].tobytes(), name
    assert not np.array_equal(tuned["4.weight"], first["4.weight"])
    assert not np.array_equal(tuned["4.bias"], first["4.bias"])
    assert snapshot(source) == before
    assert "804 of 934 parameters are frozen" in ended.err


def test_the_configuration_says_where_it_came_from_and_repeats_it(glassnet, source):
    options = ("--freeze", "1", "--lr-of", "4.*=0.01", "--lr-of", "2=0.0001", "--seed", 5)
    glassnet("finetune", source, *options, "--out", "one")
    config = tomllib.loads(Path("one/config.toml").read_text("utf-8"))
    assert config["name"] == "base-finetuned"
    assert config["finetune"]["run"] == str(Path(source).absolute())
    assert config["finetune"]["freeze"] == ["1"]
    assert config["training"]["lr_of"] == {"4.*": 0.01, "2": 0.0001}
    assert glassnet("train", "one/config.toml", "--out", "two").code == 0
    assert Path("one/model.safetensors").read_bytes() == Path("two/model.safetensors").read_bytes()
    assert Path("one/config.toml").read_bytes() == Path("two/config.toml").read_bytes()
    # And a tuned run can be tuned again.
    assert glassnet("finetune", "one", "--out", "three").code == 0
    assert tomllib.loads(Path("three/config.toml").read_text("utf-8"))["name"] == "base-finetuned"


def test_other_weights_in_the_place_of_the_source_are_refused(glassnet, source):
    glassnet("finetune", source, "--out", "one")
    model = gn.load("base/model.safetensors").initialize(seed=9)
    gn.save(model, "base/model.safetensors")
    assert_refused(glassnet("train", "one/config.toml", "--out", "two"), "are not those that this")
    assert not Path("two").exists()


def test_other_classes_need_a_new_head(glassnet, source):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = np.zeros((60, 1, 8, 8), np.uint8)
    x[np.arange(60), 0, 2 * y + 1] = rng.integers(8, 17, (60, 8))
    np.savez("three.npz", x=x, y=y)
    other = ("--set", "data.name=npz", "--set", "data.path=three.npz")
    assert_refused(glassnet("finetune", source, *other), "needs 3", "give it a new head")
    ended = glassnet(
        "finetune", source, *other, "--new-head", "--freeze", "all-but-last", "--lr", 0.05,
        "--set", "training.epochs=20", "--out", "tuned", "--json",
    )  # fmt: skip
    assert ended.json["test_accuracy"] > 0.9
    tuned = state("tuned")
    assert tuned["4.weight"].shape == (3, 12)
    assert all(tuned[name].tobytes() == state(source)[name].tobytes() for name in FROZEN)
    stored = json.loads(Path("tuned/data.json").read_text("utf-8"))
    assert Scaling.from_dict(stored["scaling"]).scale == 1 / 16  # what the frozen weights expect
    assert glassnet("evaluate", "tuned").code == 0


def test_a_new_head_begins_anew_from_the_seed(glassnet, source):
    options = ("--new-head", "--lr", 1e-12, "--set", "training.epochs=1")
    for seed, out in ((1, "a"), (1, "b"), (2, "c")):
        glassnet("finetune", source, *options, "--seed", seed, "--out", out)
    heads = [state(out)["4.weight"] for out in ("a", "b", "c", source)]
    np.testing.assert_array_equal(heads[0], heads[1])
    for other in heads[2:]:
        assert not np.allclose(heads[0], other, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--freeze", "9.*"), ("no parameter is called '9.*'", "4.bias")),
        (("--lr-of", "0.1"), ("--lr-of takes PATTERN=RATE",)),
        (("--lr-of", "4=much"), ("--lr-of takes PATTERN=RATE",)),
        (("--lr-of", "7=0.1"), ("no parameter is called '7'",)),
        (("--set", "model.hidden=[3]"), ("the model comes from the run",)),
        (("--set", "data.name=moons"), ("takes samples of shape (1, 8, 8)", "moons")),
        (("--freeze", "*"), ("no parameter to train",)),
        (("--set", "data.name=mosn"), ("did you mean 'moons'",)),
    ],
)
def test_what_cannot_be_meant_is_refused(glassnet, source, options, words):
    before = snapshot()
    assert_refused(glassnet("finetune", source, *options, "--out", "tuned"), *words)
    assert snapshot() == before


def test_what_is_no_finished_run_is_refused(glassnet):
    Path("empty").mkdir()
    assert_refused(glassnet("finetune", "empty"), "is not the folder of a finished run")
    assert_refused(glassnet("finetune", "nowhere"), "there is no run folder nowhere")
