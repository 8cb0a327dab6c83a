"""What the page on gradients says is so."""

import re
from pathlib import Path

import pytest

from glassnet.doctor import KINDS

DOCS = Path(__file__).parents[2] / "docs"


def test_kinds_in_the_page_exist() -> None:
    page = (DOCS / "gradients.md").read_text(encoding="utf-8")
    table = page[page.index("| what you see |") : page.index("`glassnet.doctor.KINDS`")]
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table))
    assert len(named) > 20
    assert named <= KINDS.keys()


def test_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "gradients.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.S):
        exec(code, names)
    said = capsys.readouterr().out
    assert "All gradients are right" in said
    assert "derivative-at-input" in said
    assert "bias-mean" in said


def test_pictures_of_the_page_are_there() -> None:
    page = (DOCS / "gradients.md").read_text(encoding="utf-8")
    for picture in re.findall(r"\]\((pictures/[^)]+)\)", page):
        assert (DOCS / picture).is_file(), picture
