"""The page in a real browser: desk and phone, light and dark."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from glassnet.experiments import RunRecord
from glassnet.report import write_report

DESK, PHONE = (1280, 900), (375, 760)


@pytest.fixture(scope="module")
def pages(runs, once):
    """The report of one run and that of all."""

    def make(folder):
        write_report(runs[:1], folder / "one.html")
        write_report(runs, folder / "all.html")

    return once("pages", make)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("name", ["one", "all"])
def test_nothing_overflows_complains_or_is_asked_for(browser, pages, name, size, dark):
    browser.open((pages / f"{name}.html").as_uri(), *size, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert browser.complaints() == []
    assert browser.requests() == []
    broken = "[...document.images].filter((i) => !i.complete || !i.naturalWidth).length"
    assert browser.evaluate(broken) == 0
    assert browser.evaluate("document.images.length") > 3
    picture = np.asarray(Image.open(io.BytesIO(browser.screenshot())).convert("L"))
    assert (np.median(picture) < 60) == dark


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_pointing_at_a_curve_shows_its_values(browser, pages, runs, size):
    browser.open((pages / "one.html").as_uri(), *size)
    history = RunRecord.read(runs[0]).history
    tip = "document.querySelector('.tip')"
    assert browser.evaluate(f"{tip}.hidden")
    browser.evaluate("document.querySelector('.plot').scrollIntoView({block: 'center'})")
    box = browser.evaluate(
        "JSON.parse(JSON.stringify(document.querySelector('.plot svg').getBoundingClientRect()))"
    )
    for place in range(4):  # the axis goes from 62 to 426 of 440
        x = box["x"] + box["width"] * (62 + place * 364 / 3) / 440
        browser.point_at(x, box["y"] + box["height"] / 2)
        said = browser.evaluate(f"{tip}.textContent").splitlines()
        train, valid = history["train_loss"][place], history["valid_loss"][place]
        assert said == [f"epoch {place + 1}", f"training: {train:.4g}", f"validation: {valid:.4g}"]
        inside = browser.evaluate(
            f"{tip}.getBoundingClientRect().left >= 0 && "
            f"{tip}.getBoundingClientRect().right <= innerWidth"
        )
        assert inside
    browser.point_at(1, 1)
    assert browser.evaluate(f"{tip}.hidden")


def test_the_arrow_keys_read_the_values(browser, pages):
    browser.open((pages / "one.html").as_uri(), *DESK)
    browser.evaluate("document.querySelector('.plot svg').focus()")
    browser.press("ArrowRight")
    browser.press("ArrowRight")
    assert browser.evaluate("document.querySelector('.tip').textContent").startswith("epoch 2\n")
    browser.press("Escape")
    assert browser.evaluate("document.querySelector('.tip').hidden")


def test_the_policy_stops_what_is_not_ours(browser, pages, tmp_path):
    page = (pages / "one.html").read_text()
    strange = '<img src="http://example.invalid/x.png"><script>document.title = "taken"</script>'
    (tmp_path / "x.html").write_text(page.replace("<main>", f"<main>{strange}"))
    browser.open((tmp_path / "x.html").as_uri(), *DESK)
    assert browser.evaluate("document.title") != "taken"
    assert len([c for c in browser.complaints() if "Content Security Policy" in c]) >= 2


def test_names_from_files_are_text(browser, runs, tmp_path):
    """A page whose every word is a tag shows the tags."""
    evil = '<script>document.title="taken"</script><img src=x onerror="document.title=1">"\'&'
    folder = tmp_path / "<b>run"
    folder.mkdir()
    for file in runs[0].iterdir():
        if file.is_file() and file.suffix != ".html":
            (folder / file.name).write_bytes(file.read_bytes())
    metrics = (folder / "metrics.json").read_text()
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "metrics.json").write_text(
        re.sub(r'"class": "3"', f'"class": "{quoted}"', metrics)
        .replace('"python": "', f'"{quoted}": "{quoted}')
        .replace('"warnings": []', f'"warnings": ["{quoted}"]')
    )
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(
        re.sub("name = .*", f"name = '''{evil}'''", config, count=1)
    )
    history = (folder / "history.csv").read_text().replace("valid_accuracy", "valid_<i>accuracy")
    (folder / "history.csv").write_text(history)
    (folder / "figures").mkdir()
    drawn = (runs[0] / "figures" / "confusion.png").read_bytes()
    (folder / "figures" / "<script>alert(1)<.png").write_bytes(drawn)
    written = write_report([folder], tmp_path / "x.html")
    assert not any("left out" in note for note in written.notes)
    browser.open((tmp_path / "x.html").as_uri(), *PHONE)
    assert browser.complaints() == []
    assert browser.requests() == []
    assert browser.evaluate("document.scripts.length") == 1
    assert browser.evaluate("document.querySelector('h1').textContent") == evil
    assert evil in browser.evaluate("document.body.textContent")
    assert '"warnings": []' not in (folder / "metrics.json").read_text()
    assert browser.evaluate("document.querySelectorAll('h1 *, td img, th img, i').length") == 0
    assert browser.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
