"""What models, data, histories, reports and runs show of themselves in a notebook."""

import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import glassnet as gn
from glassnet.doctor import gradcheck
from glassnet.experiments import Config, LoadedRun, RunFolder, RunRecord, train
from glassnet.markup import chart, escaped, table

EVIL = '<script>alert("&")</script>'
VOID = {"img", "circle", "path", "polyline"}


class Page(HTMLParser):
    """The text of some HTML by the element it stands in; every element must be closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text, self.tags, self.attributes = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag != "br" and tag != "img":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page(thing):
    """Return what a thing shows, safe and loading nothing."""
    found = Page(thing._repr_html_() if hasattr(thing, "_repr_html_") else thing)
    assert not {"script", "link", "iframe", "object", "style"} & {*found.tags}
    for _, name, value in found.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith("data:image/png;base64,")
        assert "url(" not in (value or "")
    return found


@pytest.fixture(scope="module")
def data():
    return gn.data.load("digits")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = Config.from_recipe("digits-mlp", ["training.epochs=2", "data.train=200"])
    return train(config, out=tmp_path_factory.mktemp("runs") / f"a {EVIL[:8]}&b")[0]


def test_a_model_shows_its_layers():
    inner = gn.Sequential(gn.Linear(4, 4), gn.Tanh())
    model = gn.Sequential(gn.Conv2d(1, 4, 3), gn.ReLU(), gn.GlobalAvgPool2d(), gn.Residual(inner),
                          gn.Sequential(gn.Linear(4, 3)))  # fmt: skip
    before = repr(model)
    gn.freeze(model, "0.*")
    shown = page(model)
    assert repr(model) == before
    assert ["0", "Conv2d(1, 4, 3)", "4 × ? × ?", "40", "frozen"] == cells(shown, 4)[:5]
    assert {"4.0", "Linear(4, 3)", "15", f"{40 + 20 + 15}"} <= {*shown.text}
    assert shown.text.count("frozen") == 1


def cells(shown, skip):
    return [text for text in shown.text if text.strip()][skip - 1 :]


def test_a_model_that_is_not_whole_yet_is_shown_as_far_as_it_goes():
    class Own(gn.Tanh):
        def __repr__(self):
            return EVIL

    model = gn.Sequential(gn.Linear(3, 2), Own())
    model.layers.append(gn.Linear(99, 1))  # which would be refused
    shown = page(model)
    assert EVIL in shown.text
    assert "Linear(99, 1)" in shown.text


def test_a_summary_shows_what_it_prints(data):
    summary = gn.Sequential(gn.Flatten(), gn.Linear(64, 10)).summary((1, 8, 8))
    assert {"64", "650", "640"} <= {*page(summary).text}
    assert str(summary).splitlines()[3].split()[-3:] == ["640", "40", "B"]


def test_images_are_shown_as_they_are(data):
    shown = page(data.train)
    pictures = [value for tag, name, value in shown.attributes if (tag, name) == ("img", "src")]
    assert len(pictures) == 10
    for digit, picture in enumerate(pictures):
        content = base64.b64decode(picture.removeprefix("data:image/png;base64,"))
        found = np.asarray(Image.open(io.BytesIO(content)), float)
        first = data.train.raw[np.flatnonzero(data.train.y == digit)[0], 0]
        np.testing.assert_allclose(found / 255, first / 16, atol=0.003)
    assert repr(data.train) == "Dataset('digits', 1168 samples (1, 8, 8) uint8, 10 classes)"
    assert {"1,168", "270", "359"} <= {*page(data).text}


def test_colours_tables_and_names_of_classes():
    rng = np.random.default_rng(0)
    colour = gn.Dataset(rng.integers(0, 256, (4, 3, 5, 5), np.uint8), [0, 1, 0, 1], name=EVIL,
                        class_names=[EVIL, "b"])  # fmt: skip
    assert page(colour).tags.count("img") == 4
    numbers = gn.Dataset(rng.normal(size=(5, 3)), rng.normal(size=5), name="n")
    assert "img" not in page(numbers).tags
    constant = gn.Dataset(np.zeros((3, 1, 2, 2)), np.ones((3, 2)))
    assert page(constant).tags.count("img") == 3


def history_of(**columns):
    history = gn.History()
    rows = zip(*columns.values(), strict=True)
    history.epochs = [{"epoch": i, **dict(zip(columns, row, strict=True))}
                      for i, row in enumerate(rows, 1)]  # fmt: skip
    return history


def test_a_history_shows_its_curves_and_the_best():
    history = history_of(train_loss=[3.0, 2.0, 1.0], valid_loss=[2.0, 0.5, 4.0],
                         valid_accuracy=[0.1, 0.9, 0.9], lr=[0.1] * 3)  # fmt: skip
    history.stopped = EVIL
    shown = page(history)
    text = " ".join(shown.text)
    assert "validation loss 4.0000 0.5000 2" in text
    assert "validation accuracy 0.9000 0.9000 2" in text
    assert shown.tags.count("svg") == 2
    assert shown.tags.count("polyline") == 3
    assert repr(history).startswith("History(3 epochs; last: epoch 3, train_loss 1")
    page(gn.History())


@given(st.lists(st.floats(width=32), min_size=1, max_size=30))
def test_any_curve_can_be_drawn(values):
    shown = Page(chart("a", {"x": values, "y": values[::-1]}))
    for tag, name, value in shown.attributes:
        if (tag, name) == ("polyline", "points"):
            points = [[float(c) for c in point.split(",")] for point in value.split()]
            assert all(0 <= x <= 300 and 0 <= y <= 150 for x, y in points)


@given(st.text())
def test_any_text_is_only_text(words):
    assert "<" not in escaped(words)
    tags = ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert Page(table(["head"], [[words]])).tags == tags


def test_the_doctor_s_verdict_has_colours():
    class Twice(gn.Tanh):
        def backward(self, dy, cache):
            return 2 * super().backward(dy, cache)

    x, y = gn.data.load("moons").train.batch(slice(8), np.float64)
    model = gn.Sequential(gn.Linear(2, 3), Twice(), gn.Linear(3, 2)).initialize(seed=0)
    report = gradcheck(model, x, y, gn.SoftmaxCrossEntropy())
    shown = page(report)
    assert "wrong" in shown.text
    assert "factor-two" in shown.text
    grounds = re.findall(r"background:(#\w+)[^>]*>([\w-]+)<", report._repr_html_())
    assert {("#b3261e", "factor-two"), ("#1b7f3b", "ok"), ("#b3261e", "wrong")} <= {*grounds}


def test_a_run_shows_its_figures(run, tmp_path):
    for thing in (run, RunRecord.read(run.path), LoadedRun.read(run.path)):
        shown = page(thing)
        accuracy = RunRecord.read(run.path).metrics.figures["test_accuracy"]
        assert f"{accuracy:.4f}" in shown.text
        assert str(run.path) in "".join(shown.text)
        assert "img" in shown.tags
    assert repr(run).startswith("RunFolder(path=")
    (tmp_path / EVIL[1:7]).write_text("")
    shown = page(RunFolder(tmp_path))
    assert {"not finished", EVIL[1:7]} <= {*shown.text}
    page(RunFolder(tmp_path / "gone"))


def test_nothing_heavy_is_loaded_for_it():
    code = (
        "import sys, glassnet as gn\n"
        "gn.Sequential(gn.Linear(2, 3))._repr_html_(); gn.History()._repr_html_()\n"
        "data = gn.Dataset([[0.0, 1.0]], [0])\n"
        "data._repr_html_(); gn.DataSplits(data)._repr_html_()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "PIL", "IPython", "scipy", "sklearn"} & set(done.stdout.split())
