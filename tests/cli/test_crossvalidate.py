"""`glassnet crossvalidate`."""

import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import glassnet as gn
from glassnet.experiments import Config

from .conftest import SPIRALS, assert_refused, start

QUICK = ("--set", "data.samples=120", "--set", "training.epochs=3", "--set", "model.hidden=[4]")


def test_a_run_for_each_fold_and_what_they_say_together(glassnet):
    ended = glassnet("crossvalidate", "moons-mlp", "--folds", 3, *QUICK, "--out", "cv", "--json")
    assert (ended.code, len(ended.out.splitlines())) == (0, 1)
    result = ended.json
    assert result.pop("run") == "cv"
    assert result == json.loads(Path("cv/crossvalidation.json").read_text("utf-8"))
    assert (result["folds"], result["finished"], len(result["runs"])) == (3, 3, 3)
    values = [run["test_accuracy"] for run in result["runs"]]
    mean, error = np.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.95, 2, mean, error)
    assert result["test_accuracy"] == pytest.approx(mean)
    assert result["interval"]["test_accuracy"] == pytest.approx((high - low) / 2)
    for fold, run in enumerate(result["runs"], 1):
        folder = f"cv/fold-{fold}"
        metrics = json.loads(Path(folder, "metrics.json").read_text("utf-8"))
        assert run["test_loss"] == metrics["test_loss"]
        # Nothing watches a validation part, so all but the fold and the test part is trained on.
        counts = json.loads(Path(folder, "data.json").read_text("utf-8"))["samples"]
        assert counts == {"train": 64, "test": 32}
        found = glassnet("evaluate", folder, "--json").json
        assert found["test_accuracy"] == run["test_accuracy"]


def test_a_fold_can_be_had_again_by_itself(glassnet):
    glassnet("crossvalidate", "moons-mlp", "--folds", 2, *QUICK, "--out", "cv")
    glassnet("train", "cv/fold-2/config.toml", "--out", "again")
    for name in ("model.safetensors", "config.toml", "data.json"):
        assert Path("again", name).read_bytes() == Path("cv/fold-2", name).read_bytes()
    models = [gn.load(f"cv/fold-{i}/model.safetensors").state_dict() for i in (1, 2)]
    assert any(not np.array_equal(models[0][name], models[1][name]) for name in models[0])


def test_patience_is_given_a_validation_part_of_its_own(glassnet):
    glassnet(
        "crossvalidate", "moons-mlp", "--folds", 2, *QUICK, "--set", "training.patience=2",
        "--out", "cv",
    )  # fmt: skip
    counts = json.loads(Path("cv/fold-1/data.json").read_text("utf-8"))["samples"]
    assert counts == {"train": 41, "valid": 7, "test": 48}
    assert Config.from_recipe("cv/fold-1/config.toml").data.options["fold"] == 1


def test_the_table(glassnet):
    ended = glassnet("crossvalidate", "moons-mlp", "--folds", 2, *QUICK)
    assert re.search(r"^ +fold +loss +accuracy +epochs +seconds$", ended.out, flags=re.MULTILINE)
    assert re.search(r"^ +2 +[\d.]+ +[\d.]+ +3 +[\d.]+$", ended.out, flags=re.MULTILINE)
    assert re.search(r"^test accuracy +0\.\d{4} ± \d\.\d{4}$", ended.out, flags=re.MULTILINE)
    assert "runs/moons-mlp-2-folds-001" in ended.out
    assert [line for line in ended.err.splitlines() if line.startswith("fold")] == [
        "fold 1 of 2", "fold 2 of 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--set", "data.fold=1"), "are set by the cross-validation"),
        (("--folds", "100"), "k must be an integer from 2 to the 96 samples"),
        (("--set", "optimizer.lr=1e40"), "no longer finite"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing_empty(glassnet, options, words):
    assert_refused(glassnet("crossvalidate", "moons-mlp", *QUICK, *options), words)
    assert not [folder for folder, names, files in os.walk("runs") if not names + files]


def test_ctrl_c_leaves_the_folds_that_are_done():
    program = start(
        "crossvalidate", *SPIRALS, "--folds", 4, "--out", "cv", "--set", "training.epochs=100"
    )
    while len(list(Path("cv").glob("fold-*"))) < 2 and program.poll() is None:
        time.sleep(0.02)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130, err
    assert "Traceback" not in err
    result = json.loads(Path("cv/crossvalidation.json").read_text("utf-8"))
    assert 1 <= result["finished"] < 4
    assert f"mean over {result['finished']} of 4 folds" in out
    for run in result["runs"]:
        assert gn.load(f"cv/fold-{run['fold']}/model.safetensors").predict([[0.0, 0.0]]).shape == (
            1,
            3,
        )
    assert not list(Path("cv").rglob("*.tmp*"))
