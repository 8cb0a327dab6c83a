"""What a report holds, and what is said of run folders that cannot be reported on."""

import html
import json
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet.data import is_at_hand
from glassnet.data.remote import FILES
from glassnet.report import write_report
from glassnet.report.charts import Series, line_chart
from glassnet.report.timing import time_layers


@pytest.fixture
def run(runs, tmp_path):
    """A copy of a run, to be damaged."""
    return shutil.copytree(runs[0], tmp_path / "run")


def report(run, tmp_path):
    return write_report([run], tmp_path / "page.html").path.read_text()


def test_everything_is_there(runs, tmp_path):
    page = report(runs[0], tmp_path)
    metrics = json.loads((runs[0] / "metrics.json").read_text())
    assert f"{100 * metrics['test_accuracy']:.2f} %" in page
    assert f"{metrics['parameters']:,}" in page
    for word in ("Loss", "Confusion", "Feature maps", "Kernels", "dead units", "worst mistakes",
                 "Time per layer", "optimizer", "0.01", metrics["environment"]["numpy"],
                 "loss by iteration", "0 Conv2d", "3 Linear"):  # fmt: skip
        assert word.lower() in page.lower(), word
    rows = re.findall(r"<tr><th>(\d)</th><td class=\"number\">([\d.]+) %", page)
    assert [name for name, _ in rows] == list("0123456789")
    precision = [100 * row["precision"] for row in metrics["per_class"]]
    assert [float(p) for _, p in rows] == pytest.approx(precision, abs=0.005)


def test_several_runs_are_compared(runs, tmp_path):
    page = write_report(runs, tmp_path / "page.html").path.read_text()
    assert "B against A: a fair comparison" in page
    assert page.count('class="band"') >= 4
    unfair = write_report(runs[::2], tmp_path / "page.html").path.read_text()
    assert "confounded" in unfair
    assert "one seed only" in unfair


def test_the_default_place_and_what_is_never_overwritten(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_report([run]).path == run / "report.html"
    write_report([run])
    other = shutil.copytree(run, tmp_path / "other")
    assert str(write_report([run, other.rename(tmp_path / "o")]).path) == "report.html"
    (tmp_path / "thesis.html").write_text("<p>mine</p>")
    with pytest.raises(gn.OutputError, match=r"thesis.html is there and is no report"):
        write_report([run], "thesis.html")
    with pytest.raises(gn.OutputError, match=r"does not end in \.html"):
        write_report([run], run / "config.toml")
    assert (tmp_path / "thesis.html").read_text() == "<p>mine</p>"


def test_without_pictures_they_are_drawn(run, tmp_path):
    shutil.rmtree(run / "figures")
    page = report(run, tmp_path)
    for word in ("Confusion matrix", "Kernels of a convolution", "share of dead units"):
        assert word in page


def test_pictures_that_are_none_are_left_out(run, tmp_path):
    figures = run / "figures"
    (figures / "text.png").write_text("no picture")
    (figures / "cut.png").write_bytes((figures / "confusion.png").read_bytes()[:200])
    with (figures / "huge.png").open("wb") as file:
        file.truncate(9 << 20)
    Image.new("1", (20000, 3000)).save(figures / "wide.png")
    (figures / "folder.png").mkdir()
    os.mkfifo(figures / "pipe.png")
    notes = write_report([run], tmp_path / "page.html").notes
    for name in ("text", "cut", "huge", "wide", "folder", "pipe"):
        assert any(f"{name}.png is left out" in note for note in notes), name


def test_without_a_model_times_are_not_measured(run, tmp_path):
    (run / "model.safetensors").write_bytes(b"no model")
    page = report(run, tmp_path)
    assert "The model cannot be read" in page
    assert "Not measured" in page


@pytest.mark.parametrize("shape", [[1, 9, 9], [1], [10**9, 10**9], [0], [-1, 8, 8]])
def test_samples_of_another_shape_are_not_timed(run, tmp_path, shape):
    described = json.loads((run / "data.json").read_text()) | {"sample_shape": shape}
    (run / "data.json").write_text(json.dumps(described))
    assert "The layers could not be timed" in report(run, tmp_path)


@pytest.mark.parametrize("name", ["config.toml", "data.json", "metrics.json", "history.csv"])
def test_a_damaged_run_is_refused_in_a_sentence(run, tmp_path, name):
    file = run / name
    whole = file.read_bytes()
    for content in (b"\xff\xfe", whole[: len(whole) // 2] + b"\n[[[", b'{"a": ' * 100_000):
        file.write_bytes(content)
        with pytest.raises(gn.CheckpointError, match=re.escape(str(file))) as refused:
            report(run, tmp_path)
        assert len(str(refused.value)) < 500
        assert "\n" not in str(refused.value)
    with file.open("wb") as opened:
        opened.truncate(100 << 20)
    with pytest.raises(gn.CheckpointError, match="is larger than"):
        report(run, tmp_path)
    file.unlink()
    with pytest.raises(gn.CheckpointError, match=f"has no {name}"):
        report(run, tmp_path)
    os.mkfifo(file)  # reading it would wait for ever
    with pytest.raises(gn.CheckpointError, match=f"has no {name}"):
        report(run, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", "[]"),
        ("metrics.json", '{"per_class": [{"class": 3}]}'),
        ("metrics.json", '{"seconds": "<b>"}'),
        ("data.json", '{"name": 5, "sample_shape": "x"}'),
        ("history.csv", "epoch,train_loss\n1,<b>\n"),
        ("history.csv", "epoch,train_loss\n1\n"),
        ("predictions.safetensors", "x"),
        ("steps.csv", "step,loss\n1,x\n"),
    ],
)
def test_files_of_another_form_are_refused(run, tmp_path, name, content):
    (run / name).write_text(content)
    with pytest.raises(gn.CheckpointError) as refused:
        report(run, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_damaged_record_of_layers(run, tmp_path):
    shutil.rmtree(run / "figures")
    (run / "layers.safetensors").write_text("x")
    with pytest.raises(gn.CheckpointError, match="the record of the layers cannot be read"):
        report(run, tmp_path)


def test_extreme_figures(run, tmp_path):
    (run / "history.csv").write_text(
        "epoch,train_loss,valid_accuracy\nnan,nan,0.5\n2,inf,\n3,1e308,0.5\n2,-1e308,nan\n"
    )
    metrics = json.loads((run / "metrics.json").read_text())
    metrics |= {"test_loss": None, "test_accuracy": 1e308, "stopped": "not finite"}
    (run / "metrics.json").write_text(json.dumps(metrics))
    page = report(run, tmp_path)
    assert "The training ended early: not finite" in page
    for points in re.findall('data-points="([^"]*)"', page):
        json.loads(html.unescape(points), parse_constant=pytest.fail)
    assert "nan" not in re.sub(r"data:image[^\"]*", "", page).split("</style>")[1].lower()
    (run / "history.csv").write_text("")
    (run / "steps.csv").unlink()
    assert "<h3>Curves</h3>" not in report(run, tmp_path)


def test_a_chart_of_points_that_no_line_reaches():
    nan = float("nan")
    chart = line_chart("x", "epoch", [1, 2, 3, 4], [Series("a", [1.0, nan, 2.0, 3.0], "blue")])
    (line,) = chart.lines
    assert len(line.alone) == 1
    assert line.path.count("M") == 2
    assert json.loads(chart.points)["lines"][0]["says"] == ["1", "–", "2", "3"]
    assert line_chart("x", "epoch", [1], [Series("a", [nan], "blue")]) is None
    assert line_chart("x", "epoch", [], []) is None
    many = line_chart("x", "step", range(5000), [Series("a", range(5000), "blue")])
    says = json.loads(many.points)["at"]
    assert (says[0], says[-1], len(says)) == ("step 0", "step 4999", 500)


def test_timing_changes_nothing_and_covers_every_layer():
    model = gn.Sequential(
        gn.Conv2d(1, 3, 3), gn.BatchNorm2d(3), gn.ReLU(), gn.Flatten(), gn.Dropout(0.5),
        gn.Linear(108, 2),
    ).initialize(seed=0)  # fmt: skip
    before = model.state_dict()
    times = time_layers(model, np.ones((16, 1, 8, 8), np.float32))
    assert [t.shape for t in times] == ["3×6×6", "3×6×6", "3×6×6", "108", "108", "2"]
    assert all(t.forward > 0 and t.backward > 0 for t in times)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_layers_are_timed_on_the_runs_own_samples(run, tmp_path):
    assert "on 64 training samples (median)" in report(run, tmp_path)
    description = json.loads((run / "data.json").read_text())
    description["fingerprints"]["train"] = "another"
    (run / "data.json").write_text(json.dumps(description))
    assert "random samples, because the data of the run are not at hand" in report(run, tmp_path)


def test_samples_for_timing_are_never_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSNET_DATA", "")
    monkeypatch.setattr("glassnet.data.inventory.cache_dir", lambda: tmp_path)
    assert is_at_hand("digits")
    assert not is_at_hand("mnist")
    (tmp_path / "mnist").mkdir()
    for file in FILES["mnist"]:
        (tmp_path / file.path).touch()
    assert is_at_hand("mnist")
    assert not is_at_hand("mnist", tmp_path / "mnist")
