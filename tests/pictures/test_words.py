"""Text that comes from users."""

import io

import pytest
from matplotlib.figure import Figure

from glassnet.pictures.words import class_labels, plain, widest


@pytest.mark.parametrize(
    "text",
    ["$", "$$", "$x$", r"\$", r"$\frac{1}{$", r"\\$ $", "_", "^", "{}", "%", "#", "a\tb\r\nc", ""],
)
def test_matplotlib_draws_it_as_it_stands(text):
    figure = Figure(figsize=(2, 2))
    drawn = figure.text(0.5, 0.5, plain(text))
    figure.savefig(io.BytesIO(), format="png")
    assert drawn.get_text().replace(r"\$", "$") == " ".join(text.split())


def test_long_text_is_shortened_by_what_is_seen():
    assert plain("x" * 16) == "x" * 16
    assert plain("x" * 17) == "x" * 15 + "…"
    assert plain("$" * 16) == r"\$" * 16
    assert plain("abc def", 5) == "abc…"


def test_class_labels():
    assert class_labels(None, 3) == ("0", "1", "2")
    assert class_labels(["a", "b", "c"], 2) == ("a", "b")
    assert class_labels(["a"], 3) == ("a", "1", "2")
    assert class_labels(["\u200b", " ", "日本", "Ж", "ß"], 5) == ("0", "1", "2", "Ж", "ß")
    assert class_labels([], 1) == ("0",)


def test_widths():
    assert widest([], 10) == 0
    assert widest(["i", "WWW"], 10) == widest(["WWW"], 10) > widest(["iii"], 10)
    assert widest(["WWW"], 20) == pytest.approx(2 * widest(["WWW"], 10), rel=0.05)
    assert 0.5 < widest(["twelve signs"], 10) < 1.5
