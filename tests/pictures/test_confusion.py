"""The confusion matrix."""

import numpy as np
import pytest

from glassnet.pictures import confusion_matrix_figure

from .looking import check, overlaps, texts


def some(classes: int) -> np.ndarray:
    rng = np.random.default_rng(classes)
    return np.diag(rng.integers(50, 999, classes)) + rng.integers(0, 40, (classes, classes))


@pytest.mark.parametrize("classes", [1, 2, 10, 31, 100])
def test_colours_are_shares_of_rows(classes):
    confusion = some(classes)
    figure = confusion_matrix_figure(confusion)
    check(figure)
    (image,) = figure.axes[0].images
    np.testing.assert_allclose(
        image.get_array(), confusion / confusion.sum(axis=1, keepdims=True), rtol=1e-12
    )


def test_counts_are_written_in_the_cells():
    confusion = np.array([[1234, 0, 5], [0, 10, 0], [7, 0, 30]])
    written = {
        tuple(map(int, text.get_position())): text.get_text()
        for text in confusion_matrix_figure(confusion).axes[0].texts
    }
    assert written == {(0, 0): "1234", (2, 0): "5", (1, 1): "10", (0, 2): "7", (2, 2): "30"}


def test_counts_stay_in_their_cells():
    wide = np.full((30, 30), 0)
    wide[:3] = 10_000
    figure = confusion_matrix_figure(wide)
    assert len(figure.axes[0].texts) == 90
    assert overlaps(figure) == []


def test_many_classes_have_no_numbers_and_fewer_names():
    axes = confusion_matrix_figure(some(31)).axes[0]
    assert not axes.texts
    assert len(axes.get_yticklabels()) == 31
    axes = confusion_matrix_figure(some(100)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == ["0", "3", "6"]


def test_diagonal_can_be_read():
    axes = confusion_matrix_figure(np.array([[100, 0], [60, 40]])).axes[0]
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert colours["100"] == colours["60"] == "white"
    axes = confusion_matrix_figure(np.array([[10, 90], [1, 99]])).axes[0]
    assert {text.get_text(): text.get_color() for text in axes.texts}["10"] != "white"


def test_a_class_without_samples():
    figure = confusion_matrix_figure(np.array([[0, 0], [1, 3]]), part="test")
    check(figure)
    assert figure.axes[0].images[0].get_array().tolist() == [[0, 0], [0.25, 0.75]]
    assert "3 of 4 test samples right (75.0 %)" in texts(figure)


def test_nothing_at_all():
    figure = confusion_matrix_figure(np.zeros((2, 2), int), part="test")
    check(figure)
    assert "no test samples" in texts(figure)


def test_names():
    names = ["price in $", "$x_1$ and $", "a_b^c", "ねこ", "naïve", "w" * 40, "two\nlines", "\\$"]
    figure = confusion_matrix_figure(some(8), names)
    check(figure)
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown[0] == r"price in \$"
    assert shown[2:7] == ["a_b^c", "3", "naïve", "w" * 15 + "…", "two lines"]
    turned = figure.axes[0].get_xticklabels()
    assert all(label.get_rotation() == 45 for label in turned)


def test_short_names_stand_upright():
    figure = confusion_matrix_figure(some(10), [*"abcdefghij"])
    assert all(label.get_rotation() == 0 for label in figure.axes[0].get_xticklabels())
    assert overlaps(figure) == []
