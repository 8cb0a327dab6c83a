"""The preview of an augmentation."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.augmentation import Flip, Noise, Rotate
from glassnet.pictures import augmentation_preview
from glassnet.pictures.images import drawable

from .looking import check, overlaps, texts

LONG = ["W" * 30, "Ankle boot", "$x$"]


def rng():
    return np.random.default_rng(0)


def pictures(classes=3, shape=(1, 8, 8), names=None, samples=30):
    raw = rng().integers(0, 256, (samples, *shape)).astype(np.uint8)
    return gn.Dataset(raw, np.arange(samples) % classes, name="some", class_names=names)


def test_a_row_is_an_image_and_what_becomes_of_it():
    data = pictures(names=["cat", "dog", "emu"])
    figure = augmentation_preview(
        data, [("mirrored", Flip(1.0)), ("turned", Rotate((90, 90)))], rng()
    )
    check(figure, labelled=False)
    grid = np.array(figure.axes).reshape(3, 3)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["cat", "dog", "emu"]
    assert [axes.get_title(loc="left") for axes in grid[0]] == ["original", "mirrored", "turned"]
    low, high = float(data.raw[:3].min()), float(data.raw[:3].max())
    for row in range(3):
        image = data.raw[row]
        versions = (image, image[..., ::-1], np.rot90(image, axes=(1, 2)))
        for axes, version in zip(grid[row], versions, strict=True):
            expected = drawable(version, low, high)
            np.testing.assert_allclose(axes.images[0].get_array(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((1, 8, 8), None), ((3, 8, 8), LONG), ((1, 6, 40), LONG), ((1, 40, 6), LONG),
        ((1, 1, 1), None),
    ],
)  # fmt: skip
def test_nothing_lies_on_anything_else(shape, names):
    examples = [("in training", Noise(9.0))] * 5 + [("copies 1", Flip()), ("copies 2", Flip())]
    figure = augmentation_preview(pictures(3, shape, names), examples, rng())
    assert not overlaps(figure)
    assert texts(figure).count("in training →") == 1


def test_no_more_rows_than_can_be_seen():
    assert len(augmentation_preview(pictures(25), [("flip", Flip())], rng()).axes) == 20
    values = gn.Dataset(pictures().raw, rng().normal(size=30))
    assert len(augmentation_preview(values, [("flip", Flip())], rng()).axes) == 20


def test_other_samples_have_no_picture():
    table = gn.Dataset(np.eye(4), np.arange(4) % 2)
    assert augmentation_preview(table, [("noise", Noise())], rng()) is None
