"""The program from beginning to end, as its user meets it."""

import csv
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet.experiments import Config

from .conftest import SPIRALS, assert_refused, process, snapshot, start

QUICK = ("--set", "training.epochs=2", "--set", "model.hidden=[8]")


def write_csv(path, rows, header=("a", "b", "y")):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([header, *rows])


# --- train ---------------------------------------------------------------------------------------


def test_a_bare_train_reads_digits_and_says_where_its_files_are(bare_train):
    folder, ended, seconds = bare_train
    assert ended.code == 0, ended.err
    assert seconds < 15
    assert float(re.search(r"test accuracy +([\d.]+)", ended.out)[1]) >= 0.97
    assert re.search(r"run folder +runs/digits-mlp-001\n", ended.out)
    assert "confusion.png, curves.png, mistakes.png, weights.png" in ended.out
    assert re.search(r"^ +40/40 ", ended.err, flags=re.MULTILINE)
    assert "\x1b" not in ended.out + ended.err
    assert {path.name for path in folder.iterdir()} == {"runs", "ended.json"}
    assert os.listdir(folder / "runs") == ["digits-mlp-001"]
    for picture in (folder / "runs" / "digits-mlp-001" / "figures").iterdir():
        with Image.open(picture) as opened:
            assert min(opened.size) > 200


def test_json_is_the_last_line_and_everything_on_standard_output():
    ended = process("train", *SPIRALS, "--set", "training.epochs=10", "--out", "run", "--json")
    assert (ended.code, len(ended.out.splitlines())) == (0, 1), ended.err
    result = ended.json
    assert result["test_accuracy"] >= 0.9
    assert result["valid_accuracy"] >= 0.9
    assert 0 < result["test_loss"] < 1
    assert 0 < result["seconds"] < 15
    said = re.search(r"(?m)^test accuracy ([\d.]+) ([\d.]+) s after the start$", ended.err)
    assert float(said[1]) == pytest.approx(result["test_accuracy"], abs=1e-4)
    assert float(said[2]) == pytest.approx(result["seconds_to_accuracy"], abs=0.01)
    assert sum(result["seconds_by_part"].values()) == pytest.approx(float(said[2]), abs=0.02)
    assert result.pop("run") == "run"
    assert result == json.loads(Path("run/metrics.json").read_text("utf-8"))


@pytest.mark.drawn
def test_the_same_seed_gives_the_same_files_in_another_process(glassnet):
    options = (*SPIRALS, *QUICK, "--set", "model.dropout=0.5", "--seed", 7)
    process("train", *options, "--out", "one")
    glassnet("train", *options, "--out", "two")
    glassnet("train", *options, "--seed", 8, "--out", "other")
    one, two, other = snapshot("one"), snapshot("two"), snapshot("other")
    assert one.keys() == two.keys() >= {"figures/boundary.png", "figures/confusion.png"}
    different = {name for name in one if one[name] != two[name]}
    assert different <= {"history.csv", "metrics.json"}  # they hold seconds
    assert one["model.safetensors"] != other["model.safetensors"]
    assert Config.from_recipe("one/config.toml").training.seed == 7


def test_settings_reach_the_run(glassnet):
    ended = glassnet(
        "train", *QUICK, "--set", "optimizer.name=sgd", "--set", "optimizer.momentum=0.9",
        "--set", 'regularizers=[{name="l2", strength=0.001}]', "--json",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.json["epochs"] == 2
    assert ended.json["penalty"] > 0
    config = Config.from_recipe("runs/digits-mlp-001/config.toml")
    assert config.optimizer == gn.SGD(momentum=0.9)
    assert config.regularizers == (gn.L2(0.001),)


@pytest.mark.drawn
def test_points_in_the_plane_get_their_boundary_drawn(glassnet):
    ended = glassnet("train", "moons-mlp", "--set", "training.epochs=30", "--out", "moons")
    assert ended.code == 0
    assert float(re.search(r"test accuracy +([\d.]+)", ended.out)[1]) > 0.85
    with Image.open("moons/figures/boundary.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 100


def test_a_table_of_ones_own(glassnet):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    names = np.where(x[:, 0] > x[:, 1], "[/]", "[red]")  # what a terminal might take for markup
    write_csv("table.csv", [(*row, name) for row, name in zip(x.tolist(), names, strict=True)])
    with open("mine.toml", "w") as file:
        file.write(
            '[data]\nname = "csv"\npath = "table.csv"\n[model]\nhidden = [8]\n'
            "[optimizer]\nlr = 0.05\n[training]\nepochs = 20\nbatch_size = 16\npatience = 4\n"
        )
    ended = glassnet("train", "mine.toml")
    assert (ended.code, ended.err.count("glassnet:")) == (0, 0)
    assert float(re.search(r"test accuracy +([\d.]+)", ended.out)[1]) > 0.9
    assert "run folder       runs/mine-001" in ended.out
    assert "last.safetensors" in os.listdir("runs/mine-001")
    table = glassnet("evaluate", "runs/mine-001").out
    assert re.search(r"^ +\[/\] +[01]\.\d{3}", table, flags=re.MULTILINE)
    assert re.search(r"^ +\[red\] +[01]\.\d{3}", table, flags=re.MULTILINE)


@pytest.mark.drawn
def test_a_regression(glassnet):
    x = np.random.default_rng(0).normal(size=(200, 2))
    write_csv("table.csv", [(a, b, 2.5 * a - b + 0.125) for a, b in x.tolist()])
    ended = glassnet(
        "train", "moons-mlp", "--set", "data.name=csv", "--set", "data.path=table.csv",
        "--set", "training.epochs=40", "--out", "out", "--json",
    )  # fmt: skip
    assert ended.json["test_r2"] > 0.95
    assert ended.json["test_mae"] < 0.5
    assert "test_accuracy" not in ended.json
    assert {"regression.png", "curves.png"} <= set(os.listdir("out/figures"))
    assert "test r2" in glassnet("evaluate", "out").out


@pytest.mark.drawn
def test_a_single_logit(glassnet):
    ended = glassnet(
        "train", "moons-mlp", "--set", "loss.name=binary-cross-entropy",
        "--set", "training.epochs=30", "--set", 'training.metrics=["accuracy", "top1"]',
        "--out", "out", "--json",
    )  # fmt: skip
    assert ended.json["test_accuracy"] == ended.json["test_top1"] > 0.85
    assert gn.load("out/model.safetensors").output_shape((2,)) == (1,)
    assert "boundary.png" in os.listdir("out/figures")


def test_recipes_are_listed(glassnet):
    lines = glassnet("train", "--list").out.splitlines()
    names = [line.split()[0] for line in lines]
    assert {
        "digits-mlp",
        "moons-mlp",
        "digits16-mlp",
        "mnist-mlp",
        "mnist-cnn",
        "mnist-sprint",
        "fashion-cnn",
    } <= set(names)
    assert os.listdir() == []


# --- evaluate, predict, data ----------------------------------------------------------------------


def test_evaluate_agrees_with_the_run(glassnet, digits_run):
    folder, trained = digits_run
    result = glassnet("evaluate", folder, "--json").json
    for name in ("test_accuracy", "per_class"):
        assert result[name] == trained[name]
    valid = glassnet("evaluate", folder, "--part", "valid", "--json").json
    # Another test may have changed how many threads BLAS has, and so the order of its sums.
    assert result["test_loss"] == pytest.approx(trained["test_loss"], rel=1e-5)
    assert valid["valid_loss"] == pytest.approx(trained["valid_loss"], rel=1e-5)
    words = glassnet("evaluate", folder).out
    assert f"test accuracy    {trained['test_accuracy']:.4f}" in words
    assert len(re.findall(r"^ +\d +[01]\.\d{3} ", words, flags=re.MULTILINE)) == 10


def test_predict_reads_pictures_of_digits_it_has_not_seen(glassnet, digits_run):
    folder, _ = digits_run
    test = gn.data.load("digits").test
    names, right = [], []
    for i in range(24):
        ink = np.kron(test.raw[i, 0], np.ones((12, 12))) * 255 / 16
        sheet = np.zeros((170, 230))  # larger than the drawing, which stands in a corner
        sheet[40:136, 90:186] = ink
        picture = Image.fromarray(np.uint8(sheet if i % 2 else 255 - sheet))
        name = f"{i}.png" if i % 3 else f"{i}.jpg"
        picture.save(name)
        names.append(name)
        right.append(str(test.y[i]))
    predictions = glassnet("predict", folder, *names, "--json").json["predictions"]
    assert [p["image"] for p in predictions] == names
    found = [p["class"] for p in predictions]
    assert np.mean(np.array(found) == right) >= 0.85
    for prediction in predictions:
        chances = [entry["probability"] for entry in prediction["classes"]]
        assert len(chances) == 3
        assert sorted(chances, reverse=True) == chances
    words = glassnet("predict", folder, "1.png", "--top", 2).out
    assert re.fullmatch(rf"1\.png +{found[1]} +\({found[1]} [\d.]+   \d [\d.]+\)\n", words)


def test_data_sets_are_listed(glassnet):
    ended = glassnet("data", "list")
    for name in ("digits", "mnist", "kmnist", "digits16", "moons", "csv", "images"):
        assert re.search(rf"^ +{name} ", ended.out, flags=re.MULTILINE)
    entries = {entry["name"]: entry for entry in glassnet("data", "list", "--json").json["data"]}
    assert entries["mnist"]["sample_shape"] == [1, 28, 28]
    os.mkdir("empty")
    listed = glassnet("data", "list", "--data-dir", "empty", "--json").json["data"]
    assert next(e for e in listed if e["name"] == "digits16")["where"].startswith("empty lacks")


def test_what_is_there_need_not_be_fetched(glassnet, monkeypatch, tmp_path):
    (tmp_path / "digits16").mkdir()
    (tmp_path / "digits16" / "digits.mat").write_bytes(b"whatever")
    monkeypatch.setenv("GLASSNET_DATA", str(tmp_path))
    path = str(tmp_path / "digits16" / "digits.mat")
    assert glassnet("data", "fetch", "digits16", "--json").json == {"fetched": {"digits16": [path]}}
    assert glassnet("data", "fetch", "digits16").out == f"digits16: {path}\n"
    assert_refused(glassnet("data", "fetch", "digits"), "nothing to fetch for 'digits'")


# --- how it speaks -------------------------------------------------------------------------------


def test_help_and_version(glassnet):
    assert glassnet("--version").out == f"glassnet {gn.__version__}\n"
    for command in ((), ("train",), ("evaluate",), ("predict",), ("data",), ("data", "fetch")):
        ended = glassnet(*command, "--help")
        assert ended.code == 0
        assert "Usage: glassnet" in ended.out


def test_no_color_is_heeded_on_a_terminal():
    ours, theirs = pty.openpty()
    program = start(
        "train", *SPIRALS, *QUICK, stdout=theirs, before=lambda: os.environ.update(NO_COLOR="1")
    )
    with program:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # the other side is closed
            pass
        program.stderr.read()
    os.close(ours)
    assert b"\x1b[1m" in seen  # bold: it did see a terminal
    assert not re.search(
        rb"\x1b\[[\d;]*\b[39][0-7]\b[\d;]*m", seen
    )  # 30 to 37 and 90 to 97: colours


@pytest.mark.parametrize("arguments", [("data", "list"), ("data", "list", "--json")])
def test_a_reader_that_goes_away_is_no_error(arguments):
    ours, theirs = os.pipe()
    os.close(ours)
    program = start(*arguments, stdout=theirs)
    os.close(theirs)
    _, err = program.communicate(timeout=60)
    assert "Traceback" not in err
    assert "glassnet:" not in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize("kept_back", [True, False])
def test_output_that_cannot_be_written_is_said(kept_back, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    if not kept_back:
        monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    with open("/dev/full", "w") as full:
        assert_refused(process("data", "list", stdout=full), "No space left")


def test_a_line_for_a_tenth_of_the_epochs_or_after_a_while(glassnet, monkeypatch):
    many = ("train", *SPIRALS, "--set", "training.epochs=30", "--set", "training.batch_size=650")

    def lines():
        return re.findall(r"^ +(\d+)/30 ", glassnet(*many).err, flags=re.MULTILINE)

    assert lines() == [str(epoch) for epoch in (1, *range(3, 31, 3))]
    monkeypatch.setattr("glassnet.cli.output.QUIET_SECONDS", 0)
    assert lines() == [str(epoch) for epoch in range(1, 31)]


@pytest.mark.drawn
def test_ctrl_c_leaves_a_run_that_can_be_used(glassnet):
    program = start(
        "train", *SPIRALS, "--set", "training.epochs=100000", "--set", "training.patience=100000",
        "--out", "out",
    )  # fmt: skip
    with program:
        rows = (line for line in program.stderr if re.match(r" *\d+/100000 ", line))
        next(rows)
        time.sleep(0.5)
        program.send_signal(2)
        err = program.stderr.read()
        out = program.stdout.read()
    assert program.returncode == 130
    assert re.search(r"^test accuracy +[\d.]+\n.*^run folder +out$", out, flags=re.M | re.S)
    said = "glassnet: interrupted; out holds what was trained, and glassnet resume out goes on"
    assert err.splitlines()[-1] == said
    assert {"last.safetensors", "model.safetensors", "history.csv", "metrics.json"} <= set(
        os.listdir("out")
    )
    with open("out/history.csv") as file:
        assert len(list(csv.DictReader(file))) >= 2
    assert {"boundary.png", "curves.png"} <= set(os.listdir("out/figures"))
    metrics = json.loads(Path("out/metrics.json").read_text("utf-8"))
    assert metrics["stopped"] == "interrupted"
    found = glassnet("evaluate", "out", "--json").json
    assert found["test_loss"] == pytest.approx(metrics["test_loss"], rel=1e-5)
    last = gn.storage.load_arrays("out/last.safetensors")
    assert last.keys() == gn.load("out/model.safetensors").state_dict().keys()


@pytest.mark.parametrize(("asked", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_blas_works_in_one_thread_unless_told_otherwise(glassnet, monkeypatch, asked, threads):
    """Two that wait for each other are a hundred times slower where others use the machine."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "")  # so that what the program sets is undone
        monkeypatch.delenv(name)
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    glassnet("--version")
    assert os.environ["OPENBLAS_NUM_THREADS"] == threads


def test_the_module_is_the_program():
    command = [sys.executable, "-m", "glassnet", "--version"]
    assert subprocess.check_output(command, text=True) == f"glassnet {gn.__version__}\n"


# --- real data -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "epochs", "accuracy"), [("mnist-cnn", 3, 0.988), ("mnist-mlp", 10, 0.98)]
)
def test_mnist_is_learnt(data_dir, recipe, epochs, accuracy):
    result = process("train", recipe, "--data-dir", data_dir, "--json").json
    assert result["epochs"] <= epochs
    assert result["test_accuracy"] >= accuracy
