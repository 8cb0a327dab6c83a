"""`glassnet compare` and `glassnet report` from the command line."""

import html
from pathlib import Path

import pytest

from tests.experiments.planted import plant

from .conftest import assert_refused


@pytest.fixture
def pair():
    """Two configurations, two seeds each."""
    runs = [plant(Path(f"a{s}"), s, metrics__test_accuracy=0.9 + s / 100) for s in (0, 1)]
    return runs + [
        plant(Path(f"b{s}"), s, metrics__test_accuracy=0.95 + s / 100, optimizer__lr=0.2)
        for s in (0, 1)
    ]


def test_compare_says_what_changed_and_by_how_much(glassnet, pair):
    ended = glassnet("compare", *pair)
    assert ended.code == 0
    assert "optimizer.lr: 0.1 → 0.2" in ended.out
    assert "test accuracy +0.0500 [+0.0500, +0.0500], paired over common seeds (2)" in ended.out
    assert "a fair comparison" in ended.out
    assert "confounded" not in ended.out


def test_compare_in_json(glassnet, pair):
    ended = glassnet("compare", *pair, "--json")
    assert ended.code == 0
    found = ended.json
    assert found["confounded"] is False
    assert found["differences"][0]["difference"]["value"] == pytest.approx(0.05)
    assert [group["seeds"] for group in found["groups"]] == [[0, 1], [0, 1]]
    alone = glassnet("compare", pair[0], pair[2], "--json").json
    assert [c["kind"] for c in alone["differences"][0]["confounds"]] == ["one-seed"]
    assert alone["differences"][0]["difference"]["low"] is None


def test_a_confounded_comparison_is_no_error(glassnet, pair):
    ended = glassnet("compare", pair[0], pair[3])
    assert ended.code == 0
    assert "confounded" in ended.out
    assert "one seed only" in ended.out
    assert "no common seed" in ended.out


def test_compare_refuses(glassnet, pair):
    assert_refused(glassnet("compare", pair[0]), "at least two runs")
    assert_refused(glassnet("compare", pair[0], "gone"), "there is no run folder gone")
    assert_refused(glassnet("compare", *pair, "--figure", "test_mae"), "has no 'test_mae'")
    (pair[1] / "metrics.json").write_text("{")
    assert_refused(glassnet("compare", *pair, "--json"), "a1/metrics.json cannot be read")
    (pair[0] / "predictions.safetensors").write_text("{")
    assert_refused(glassnet("compare", pair[0], pair[2]), "the predictions cannot be read")


def test_markup_in_names_is_text(glassnet, pair):
    strange = plant(Path("[bold]x"), 5, model__activation="[red]relu", optimizer__lr=0.3)
    ended = glassnet("compare", pair[0], strange)
    assert ended.code == 0
    assert "[bold]x" in ended.out
    assert "relu → [red]relu" in ended.out


def test_report(glassnet, digits_run):
    folder, _ = digits_run
    ended = glassnet("report", folder, "--out", "page.html")
    assert ended.code == 0, ended.err
    assert "page.html" in ended.out
    page = Path("page.html").read_text()
    assert "default-src 'none'" in html.unescape(page)
    found = glassnet("report", folder, "--out", "page.html", "--json").json
    assert found["report"] == "page.html"
    assert found["bytes"] == Path("page.html").stat().st_size
    assert found["notes"] == []


def test_report_opens_a_browser(glassnet, pair, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    ended = glassnet("report", pair[0], "--open")
    assert ended.code == 0
    assert opened == [(Path.cwd() / "a0" / "report.html").as_uri()]
    assert "no browser could be opened" in ended.err
    assert "The model cannot be read" in ended.err


def test_report_refuses(glassnet, pair):
    assert_refused(glassnet("report", "gone"), "there is no run folder gone")
    assert_refused(glassnet("report", pair[0], "--out", "x.txt"), "does not end in .html")
    (pair[0] / "data.json").unlink()
    assert_refused(glassnet("report", pair[0]), "it has no data.json")
