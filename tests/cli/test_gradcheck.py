"""`glassnet gradcheck`: recipes are right, a wrong layer is named, and exit codes tell which."""

from pathlib import Path

import pytest

from glassnet.experiments import recipe_names

STUDENT = """
import numpy as np
import glassnet as gn

class Dense(gn.Layer):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.W = gn.Parameter(np.random.default_rng(0).normal(size=(inputs, outputs)))
        self.b = gn.Parameter(np.zeros(outputs))
    def forward(self, x, *, training=False, rng=None):
        return x @ self.W.value + self.b.value, x
    def backward(self, dy, cache):
        self.W.grad = cache.T @ dy
        self.b.grad = dy.{reduction}(axis=0)
        return dy @ self.W.value.T

rng = np.random.default_rng(1)
model = gn.Sequential(Dense(5, 4), gn.Tanh(), gn.Linear(4, 3))
x, target = rng.normal(size=(9, 5)), np.arange(9) % 3
"""


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_is_right(glassnet, recipe):
    # An empty folder of data: random samples take the place of those that are not at hand.
    Path("data").mkdir()
    ended = glassnet("gradcheck", recipe, "--data-dir", "data", "--json")
    report = ended.json
    assert (ended.code, report["ok"], report["faults"]) == (0, True, [])
    assert {check["verdict"] for check in report["checks"]} <= {"ok", "kink"}
    assert report["seconds"] < 10


def test_a_right_file_is_right(glassnet):
    Path("student.py").write_text(STUDENT.replace("{reduction}", "sum"))
    ended = glassnet("gradcheck", "student.py")
    assert ended.code == 0
    assert "All gradients are right" in ended.out


def test_a_fault_is_named_and_exits_with_1(glassnet):
    Path("student.py").write_text(STUDENT.replace("{reduction}", "mean"))
    ended = glassnet("gradcheck", "student.py")
    assert ended.code == 1
    assert "0.b: bias-mean" in ended.out
    told = glassnet("gradcheck", "student.py", "--json")
    assert told.code == 1
    assert [(f["parameter"], f["kind"]) for f in told.json["faults"]] == [("0.b", "bias-mean")]


def test_the_curve_is_drawn(glassnet):
    ended = glassnet("gradcheck", "moons-mlp", "--curve", "curve.png")
    assert ended.code == 0
    assert Path("curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "word"),
    [("model = 3", "does not define x, target"), ("1 / 0", "ZeroDivisionError"), ("(", "Syntax")],
)
def test_a_file_that_cannot_be_checked_exits_with_2(glassnet, text, word):
    Path("student.py").write_text(text)
    ended = glassnet("gradcheck", "student.py")
    assert ended.code == 2
    assert ended.err.startswith("glassnet: student.py")
    assert word in ended.err


def test_a_missing_file_is_said_to_be_missing(glassnet):
    ended = glassnet("gradcheck", "nowhere.py")
    assert ended.code == 2
    assert "nowhere.py" in ended.err
