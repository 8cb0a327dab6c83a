"""Weights and kernels as pictures."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.pictures import convolution_kernels, first_layer_weights
from glassnet.pictures.images import columns_for, mosaic

from .looking import check, texts


def test_mosaic_keeps_every_tile():
    tiles = np.arange(5 * 2 * 3, dtype=float).reshape(5, 2, 3)
    joined = mosaic(tiles, columns=2)
    assert joined.shape == (6, 6)
    for i, tile in enumerate(tiles):
        row, column = 2 * (i // 2), 3 * (i % 2)
        np.testing.assert_array_equal(joined[row : row + 2, column : column + 3], tile)
    assert np.isnan(joined[4:, 3:]).all()


@pytest.mark.parametrize("count", [1, 2, 5, 7, 13, 32, 64, 97])
def test_columns(count):
    for height, width in ((1, 1), (28, 28), (5, 50), (50, 5)):
        assert 1 <= columns_for(count, height, width) <= count


@pytest.mark.parametrize(("units", "shown"), [(1, 1), (10, 10), (64, 64), (100, 64)])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 4, 6)])
def test_first_layer(units, shown, shape):
    size = int(np.prod(shape))
    model = gn.Sequential(gn.Flatten(), gn.Linear(size, units), gn.ReLU(), gn.Linear(units, 2))
    model.initialize(seed=0)
    figure = first_layer_weights(model, shape)
    check(figure, labelled=False)
    (image,) = figure.axes[0].images
    height, width = shape[1:]
    expected = model[1].weight.value.reshape(units, *shape).mean(axis=1)[:shown]
    np.testing.assert_allclose(image.get_array()[:height, :width], expected[0])
    assert np.isfinite(image.get_array().filled(np.nan)).sum() == expected.size
    low, high = image.get_clim()
    assert -low == high == pytest.approx(np.abs(expected).max())
    assert any(("first 64 of 100" in text) == (units == 100) for text in texts(figure))


def test_first_layer_of_something_else():
    convolution = gn.Sequential(gn.Conv2d(1, 2, 3), gn.Flatten(), gn.Linear(72, 2)).initialize()
    assert first_layer_weights(convolution, (1, 8, 8)) is None
    table = gn.Sequential(gn.Linear(2, 2)).initialize()
    assert first_layer_weights(table, (2,)) is None
    pooled = gn.Sequential(gn.AvgPool2d(2), gn.Flatten(), gn.Linear(16, 2)).initialize()
    assert first_layer_weights(pooled, (1, 8, 8)) is None
    assert first_layer_weights(gn.Sequential(gn.Flatten()), (1, 8, 8)) is None


@pytest.mark.parametrize(
    ("inputs", "outputs", "size"),
    [(1, 1, 3), (1, 8, 5), (3, 16, 3), (64, 2, 3), (40, 40, 1), (2, 3, (1, 7))],
)
def test_kernels(inputs, outputs, size):
    layer = gn.Conv2d(inputs, outputs, size).initialize(seed=0)
    figure = convolution_kernels(layer, "0")
    check(figure, labelled=inputs > 1)
    drawn = figure.axes[0].images[0].get_array()
    height, width = layer.weight.shape[2:]
    last = layer.weight.value[min(outputs, 32) - 1, min(inputs, 32) - 1]
    if inputs > 1:
        assert drawn.shape == (min(inputs, 32) * height, min(outputs, 32) * width)
        np.testing.assert_array_equal(drawn[-height:, -width:], last)
    np.testing.assert_array_equal(drawn[:height, :width], layer.weight.value[0, 0])


def test_weights_that_are_all_zero():
    layer = gn.Conv2d(1, 2, 3, init="zeros").initialize()
    figure = convolution_kernels(layer)
    check(figure, labelled=False)
    assert figure.axes[0].images[0].get_clim() == (-1, 1)
