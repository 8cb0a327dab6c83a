"""What somebody meets who tries the program for the first time, with data of his own."""

import json
import os
import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glassnet.data.fitting import SCALINGS
from glassnet.data.loading import GENERAL_OPTIONS
from glassnet.experiments import Config
from glassnet.experiments.config import SECTIONS
from glassnet.mlp import ACTIVATIONS

from .conftest import assert_refused, process, snapshot

QUICK = ("--set", "training.epochs=1", "--set", "model.hidden=[4]")


def write_table(path="t.csv", text="ab", samples=40, mark=",", point="."):
    rows = [
        mark.join([f"{i / 7:.3f}".replace(".", point), str(i % 5), text[i % len(text)]])
        for i in range(samples)
    ]
    Path(path).write_text("\n".join([mark.join(("long", "wide", "kind")), *rows]) + "\n", "utf-8")


def csv_of(path="t.csv", *settings):
    settings = ("data.name=csv", f"data.path={path}", *settings)
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture
def refused(glassnet):
    """Run the program, which must refuse and leave everything as it was."""

    def run(*arguments, words=()):
        before = snapshot()
        assert_refused(glassnet(*arguments), *words)
        assert snapshot() == before

    return run


def test_an_error_curve_harms_no_file(refused):
    Path("thesis.txt").write_text("mine")
    Path("thesis.png").write_text("mine")
    for name, words in (
        ("thesis.txt", "does not end in .png"),
        ("thesis.png", "is no PNG file"),
        ("not/there.png", "no folder not"),
    ):
        refused("gradcheck", "moons-mlp", "--curve", name, words=[words])


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "~", "a:b", "x" * 200])
def test_a_name_stays_in_the_folder_of_runs(refused, name):
    refused("train", "moons-mlp", *QUICK, "--set", f"name={name}", words=["cannot name a folder"])


def test_options_of_the_loss_that_suits_the_data(glassnet, refused):
    write_table()
    Path("c.toml").write_text('[data]\nname = "csv"\npath = "t.csv"\n')
    ended = glassnet("train", "c.toml", *QUICK, "--set", "loss.label_smoothing=0.1", "--out", "r")
    assert ended.code == 0, ended.err
    assert Config.from_recipe("r/config.toml").loss.label_smoothing == 0.1
    refused("train", "c.toml", "--set", "loss.smoothing=1", words=["'softmax-cross-entropy'"])


def test_paths_are_seen_from_the_file_that_names_them(glassnet, monkeypatch):
    os.makedirs("project/tables")
    write_table("project/tables/t.csv")
    Path("project/c.toml").write_bytes(
        b'\xef\xbb\xbf[data]\nname = "csv"\npath = "tables/t.csv"\n[model]\nhidden = [4]\n'
    )
    run = Path("r").absolute()
    assert glassnet("train", "project/c.toml", *QUICK, "--out", run).code == 0
    monkeypatch.chdir("project/tables")
    assert glassnet("evaluate", run).code == 0
    os.rename("t.csv", "u.csv")
    assert_refused(glassnet("evaluate", run), run.parent / "project/tables/t.csv")


def test_a_training_that_diverged_says_so_for_good(glassnet):
    settings = ("--set", "optimizer.lr=1e30", "--set", "data.test=0")
    ended = glassnet("train", *settings, "--out", "r")
    assert_refused(ended, "no longer finite", "r holds what was trained")
    assert "no longer finite" in json.loads(Path("r/metrics.json").read_text())["stopped"]
    assert "no longer finite" in glassnet("evaluate", "r", "--part", "valid").out


def test_large_numbers_do_not_break_the_table(glassnet):
    rng = np.random.default_rng(0)
    np.savez("d.npz", x=rng.normal(size=(60, 2)), y=1e9 * rng.normal(size=60))
    settings = ("--set", "data.name=npz", "--set", "data.path=d.npz")
    ended = glassnet("train", "moons-mlp", *settings, *QUICK)
    assert ended.code == 0, ended.err
    assert re.search(r"^ +1/1( +[-\d.e+]{3,10}){5}$", ended.err, flags=re.MULTILINE)
    assert re.search(r"valid loss +\d\.\d+e\+1\d", ended.out)


def test_what_cannot_be_learnt_is_refused_beforehand(refused):
    write_table(text="a")
    refused("train", *csv_of(), words=["t.csv has only one class", "'a'"])
    write_table()
    weights = csv_of("t.csv", "loss.class_weight=[1, 2, 3]")
    refused("train", "moons-mlp", *weights, words=["3 numbers for 2 classes (a, b)"])
    monitor = "training.monitor=valid_acc"
    words = ["(did you mean 'valid_accuracy'?)"]
    refused("train", "moons-mlp", "--set", monitor, words=words)
    Path("t.csv").write_text(Path("t.csv").read_text().replace("a\n", "rare\n", 1))
    refused("train", *csv_of(), words=["class 'rare' has a single sample"])
    refused("train", "--set", "data.test=0.0001", words=["data.test would have 0 of"])


@pytest.mark.parametrize(("mark", "point"), [(";", "."), ("\t", "."), (";", ","), ("\t", ",")])
def test_tables_as_others_write_them(glassnet, mark, point):
    write_table(mark=mark, point=point)
    ended = glassnet("train", "moons-mlp", *csv_of("t.csv", f"data.decimal='{point}'"), *QUICK)
    assert ended.code == 0, ended.err
    assert "samples of 2 features" in ended.err
    assert "target  column 'kind': 2 classes (a, b)" in ended.err


def test_decimal_commas_are_recognised(refused):
    write_table(mark=";", point=",")
    refused("train", *csv_of(), words=["'0,000' is not a finite number", 'data.decimal = ","'])
    Path("t.csv").write_text("x;y\n1;0,5\n2;1,5\n")
    refused("train", *csv_of(), words=["'0,5' is not a number", 'data.decimal = ","'])
    Path("t.csv").write_text("x;y\n1;0.5\n2;1,5\n")
    refused("train", *csv_of("t.csv", "data.decimal=','"), words=["'0.5' has a decimal point"])


def test_tables_in_other_encodings(glassnet, refused):
    write_table(text="äö")
    Path("t.csv").write_bytes(Path("t.csv").read_text("utf-8").encode("latin-1"))
    refused("train", *csv_of(), words=["save it as UTF-8", "data.encoding"])
    refused("train", *csv_of("t.csv", "data.encoding=klingon"), words=["'klingon' is unknown"])
    settings = csv_of("t.csv", "data.encoding=latin-1")
    assert "(ä, ö)" in glassnet("train", "moons-mlp", *settings, *QUICK).err


def test_a_loss_for_numbers_makes_a_table_one_of_numbers(glassnet):
    write_table(text="1234")
    ended = glassnet("train", "moons-mlp", *csv_of("t.csv", "loss.name=huber"), *QUICK, "--json")
    assert "test_mae" in ended.json
    assert "column 'kind': numbers (regression)" in ended.err


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model.hidden=16", "model.hidden must be a list, such as [16], not 16"),
        ("model.hidden=['a']", "every entry must be a whole number"),
        ("model.activation=Relu", "did you mean 'relu'"),
        ("loss.name=mean_squared_error", "did you mean 'mse'"),
        ("schedule.name=reduce-on-plateau", "did you mean 'plateau'"),
        ("schedule.name=step", "schedule.every is missing: 'step' needs it, e.g. every = 10"),
        ("data.tset=0.2", "it has train, valid, test, scaling, split_seed"),
    ],
)
def test_what_was_meant_is_guessed(refused, setting, words):
    refused("train", "--set", setting, words=[words])


def test_what_a_file_manager_leaves_is_passed_over(glassnet):
    for name, shade in (("cat", 0), ("dog", 128)):
        os.makedirs(f"p/{name}")
        Path(f"p/{name}/Thumbs.db").write_text("?")
        Path(f"p/{name}/desktop.ini").write_text("?")
        for i in range(10):
            Image.new("L", (8, 8), shade + i).save(f"p/{name}/{i}.png")
    ended = glassnet("train", "moons-mlp", "--set", "data.name=images", "--set", "data.path=p",
                     *QUICK, "--set", "training.batch_size=8")  # fmt: skip
    assert ended.code == 0, ended.err
    assert "2 classes (cat, dog)" in ended.err


def test_few_samples_make_one_batch_unless_a_size_is_asked_for(glassnet, refused):
    write_table(samples=20)
    os.mkdir("runs")
    Path("c.toml").write_text('[data]\nname = "csv"\npath = "t.csv"\n')
    ended = glassnet("train", "c.toml", *QUICK, "--out", "r")
    assert "all 13 training samples make one batch" in ended.err
    assert Config.from_recipe("r/config.toml").training.batch_size == 13
    asked = ("--set", "training.batch_size=32")
    refused("train", "c.toml", *asked, words=["batch of 32 is larger than t.csv with its 13"])


@pytest.mark.drawn
def test_without_validation_the_training_part_is_shown(glassnet):
    ended = glassnet("train", "moons-mlp", *QUICK, "--set", "data.valid=0")
    head = next(line for line in ended.err.splitlines() if "epoch" in line)
    assert head.split() == ["epoch", "train", "loss", "train", "accuracy", "rate", "seconds"]
    assert "–" not in ended.err
    assert re.search(r"^train accuracy +0\.\d{4}$", ended.out, flags=re.MULTILINE)
    assert re.search(r"^trained .* s, 1 epoch$", ended.out, flags=re.MULTILINE)
    assert "figures/: boundary.png" in ended.out


def test_a_residual_is_shown_as_one(glassnet):
    layers = (
        "model.layers=[{type='Linear', out_features=4}, {type='Residual', body=['Tanh']}, 'Linear']"
    )
    settings = ("--set", "model.name=layers", "--set", layers, "--set", "training.epochs=1")
    assert (
        "Linear, Residual(Tanh), Linear: 22 parameters"
        in glassnet("train", "moons-mlp", *settings).err
    )


def test_the_configuration_is_shown(glassnet):
    ended = glassnet("train", "moons-mlp", "--show", "--set", "optimizer.lr=0.5")
    assert (ended.code, os.listdir()) == (0, [])
    Path("moons-mlp.toml").write_text(ended.out)
    config = Config.from_recipe("moons-mlp.toml")
    assert (config.optimizer.lr, config.data.options["split_seed"]) == (0.5, 0)
    assert glassnet("train", "moons-mlp.toml", "--show").out == ended.out


def test_a_list_in_a_pipe_keeps_to_the_columns():
    ended = process("data", "list")
    assert all(line == line.rstrip() and len(line) <= 100 for line in ended.out.splitlines())


def test_fetching_into_a_folder(glassnet, monkeypatch):
    found = []
    monkeypatch.setattr("glassnet.data.fetch", lambda *asked: found.append(asked) or [])
    assert glassnet("data", "fetch", "mnist", "--data-dir", "here").code == 0
    assert found == [("mnist", Path("here"))]


@pytest.mark.parametrize("command", ["train", "evaluate", "gradcheck", "data fetch"])
def test_help_names_what_goes_where(glassnet, command):
    words = glassnet(*command.split(), "--help").out
    assert not re.search(r"<\w+|INTEGER|TEXT|…", words)


def test_the_reference_is_that_of_the_classes():
    root = Path(__file__).parents[2]
    script = runpy.run_path(str(root / "scripts" / "make_configuration_reference.py"))
    page = (root / "docs" / "configuration.md").read_text("utf-8")
    assert page == script["renewed"](page), "run scripts/make_configuration_reference.py"
    assert set(re.findall(r"^## `(\w+)`", page, flags=re.MULTILINE)) == set(SECTIONS)
    for word in (*GENERAL_OPTIONS, *ACTIVATIONS, *(f'"{name}"' for name in SCALINGS)):
        assert f"`{word}`" in page
    for text in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL):
        tables = tomllib.loads(text)
        Config.from_dict({"data": {"name": "digits"}} | tables)
