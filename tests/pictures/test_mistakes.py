"""The worst mistakes and their images."""

import numpy as np
import pytest

from glassnet.pictures import worst_mistakes

from .looking import check, overlaps, texts

RNG = np.random.default_rng(0)


def heading(figure) -> str:
    return figure.get_suptitle()


def captions(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def test_the_worst_come_first():
    images = RNG.integers(0, 17, (4, 1, 8, 8)).astype(np.uint8)
    p = np.array([[0.4, 0.6], [0.9, 0.1], [0.05, 0.95], [0.8, 0.2]])
    y = np.array([0, 0, 0, 1])  # wrong: 0 (p of the truth .4), 2 (.05), 3 (.2)
    figure = worst_mistakes(images, p, y, part="test")
    check(figure, labelled=False)
    assert captions(figure) == [
        "0 → 1: 95 %\ntrue: 5.0 %",
        "1 → 0: 80 %\ntrue: 20 %",
        "0 → 1: 60 %\ntrue: 40 %",
    ]
    low, high = float(images[[0, 2, 3]].min()), float(images[[0, 2, 3]].max())
    for axes, i in zip(figure.axes, [2, 3, 0], strict=True):
        expected = (images[i, 0] - low) / (high - low)
        np.testing.assert_allclose(axes.images[0].get_array(), expected, atol=1e-12)
    assert "3 mistakes in 4 test samples: the less likely the true class" in heading(figure)


def wrong(count: int, shape: tuple[int, ...], classes: int = 3) -> tuple[np.ndarray, ...]:
    """Return images, probabilities and labels, all of them wrong."""
    y = RNG.integers(0, classes, count)
    p = RNG.random((count, classes))
    p[np.arange(count), y] = 0
    images = RNG.normal(size=(count, *shape)).astype(np.float32)
    return images, p / p.sum(axis=1, keepdims=True), y


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ((1, 8, 8), 30),
        ((3, 8, 8), 7),
        ((2, 8, 8), 2),
        ((1, 6, 40), 7),
        ((1, 40, 6), 7),
        ((1, 1, 1), 1),
    ],
)
def test_shapes_of_images(shape, count):
    figure = worst_mistakes(*wrong(count, shape), ["Ankle boot", "T-shirt/top", "W" * 30])
    check(figure, labelled=False)
    assert len(figure.axes) == min(count, 25)
    assert overlaps(figure) == []
    drawn = figure.axes[0].images[0].get_array()
    assert drawn.shape == ((*shape[1:], 3) if shape[0] == 3 else shape[1:])


def test_colours_are_the_image():
    images = np.zeros((1, 3, 2, 2), np.uint8)
    images[0, 0, 0, 0] = 255
    figure = worst_mistakes(images, np.array([[0.1, 0.9]]), np.array([0]))
    drawn = figure.axes[0].images[0].get_array()
    assert drawn[0, 0].tolist() == [1, 0, 0]
    assert drawn[1, 1].tolist() == [0, 0, 0]
    assert "1 mistake in 1 sample" in heading(figure)


def test_how_many():
    figure = worst_mistakes(*wrong(1500, (1, 4, 4)), count=10)
    assert len(figure.axes) == 10
    assert "The 10 worst of 1,500 mistakes in 1,500 samples" in heading(figure)


def test_no_mistakes():
    figure = worst_mistakes(np.zeros((3, 1, 4, 4)), np.eye(3), np.arange(3), part="test")
    check(figure, labelled=False)
    assert "no mistakes in 3 test samples" in texts(figure)


def test_not_images():
    assert worst_mistakes(np.zeros((3, 4)), np.eye(3), np.arange(3)) is None


def test_a_single_output_and_rows_of_targets():
    images = np.zeros((2, 1, 4, 4))
    figure = worst_mistakes(images, np.array([[0.9], [0.8]]), np.array([0, 1]))
    assert captions(figure) == ["0 → 1: 90 %\ntrue: 10 %"]
    targets = np.array([[0.7, 0.3], [0.2, 0.8]])
    figure = worst_mistakes(images, np.array([[0.1, 0.9], [0.1, 0.9]]), targets)
    assert captions(figure) == ["0 → 1: 90 %\ntrue: 10 %"]


def test_constant_images_and_probabilities_that_are_not_finite():
    p = np.array([[np.nan, np.nan], [0.0, 1.0]])
    figure = worst_mistakes(np.full((2, 1, 4, 4), 7.0), p, np.array([1, 0]))
    check(figure, labelled=False)
    assert len(figure.axes) == 2


def test_names():
    names = ["price in $", "$x_1$", "ねこ"]
    figure = worst_mistakes(*wrong(12, (1, 4, 4)), names)
    check(figure, labelled=False)
    assert all("ね" not in caption for caption in captions(figure))
    assert any(r"\$x_1\$" in caption for caption in captions(figure))
