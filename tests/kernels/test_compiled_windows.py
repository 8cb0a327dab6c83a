"""The compiled convolutions and pools against the NumPy edition, whatever the geometry.

Every path is met: samples that fill the registers and few of them, images as they lie, prepared,
in bands, in phases and in patches, outputs that fill a tile and that do not, a rectifier on either
side, one thread and all.
Each number of outputs below a tile's, and each dtype, is compiled apart; so there are few of them.
"""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from glassnet.kernels import vectorised
from glassnet.kernels.compiled import (
    _arrays,
    _loops,
    _patches,
    _plans,
    _product_plans,
    _shapes,
    _vectors,
    conv,
)

from .compare import generators, orders
from .test_agreement import geometries
from .test_compiled import agree

some = settings(max_examples=60, deadline=None, database=None)
numbers = st.integers(1, 40)


@pytest.fixture(params=["one thread", "all threads"])
def threads(request, monkeypatch):
    monkeypatch.setattr(_loops, "ENOUGH", 0 if request.param == "all threads" else 1 << 62)
    monkeypatch.setattr(_arrays, "LARGE", 64)


def rectified(rng, shape):
    return np.maximum(rng.standard_normal(shape), 0).astype(np.float32)


@pytest.mark.parametrize("path", ["bands", "rows", "patches"])
def test_convolutions_of_any_geometry(threads, monkeypatch, path):
    for name in ("_better_in_bands", "_better_in_phases"):
        monkeypatch.setattr(_shapes, name, lambda *_: path == "bands")
    monkeypatch.setattr(_shapes, "LONG", 1 << 62 if path == "patches" else 0)
    for name in ("COPIES", "LITTLE"):
        monkeypatch.setattr(_shapes, name, 1 << 62)
    for name in ("forward_sums", "gradient_sums", "products"):  # where that choice is not yet made
        monkeypatch.setattr(conv, name, lru_cache(getattr(_shapes, name).__wrapped__))

    @given(geometries(), numbers, st.integers(1, 3), st.sampled_from([1, 3, 8, 11, 19]),
           st.booleans(), st.booleans(), generators, orders)  # fmt: skip
    @some
    def compare(g, samples, channels, outputs, with_bias, with_rectifier, rng, order):
        x = rng.standard_normal((samples, channels, *g["image"])).astype(np.float32)
        weight = rng.standard_normal((outputs, channels, *g["kernel"])).astype(np.float32)
        bias = rng.standard_normal(outputs).astype(np.float32) if with_bias else None
        dy = rng.standard_normal((samples, outputs, *g["out"])).astype(np.float32)
        step = {"stride": g["stride"], "padding": g["padding"]}
        given = {"x": x, "weight": weight, "bias": bias, **step, "rectify": with_rectifier}
        agree("conv2d_forward", given, order)
        written = {"out": np.full_like(weight, 7)}
        if with_bias:
            written["bias_out"] = np.full(outputs, 7, np.float32)
        agree("conv2d_weight_gradient", {"dy": dy, "x": x, **step, **written}, order, 1e-4)
        below = rectified(rng, x.shape) if with_rectifier else None
        given = {"dy": dy, "weight": weight, "input_shape": x.shape[1:], **step, "below": below}
        agree("conv2d_input_gradient", given, order)

    compare()


@given(geometries(pooling=True), numbers, st.integers(1, 3), st.booleans(), generators, orders)
@some
def compare_pools(g, samples, channels, with_rectifier, rng, order):
    x = rng.integers(-2, 3, (samples, channels, *g["image"])).astype(np.float32)  # many ties
    x[rng.random(x.shape) < 0.1] = np.nan
    step = {"kernel": g["kernel"], "stride": g["stride"], "padding": g["padding"]}
    dy = rng.standard_normal((samples, channels, *g["out"])).astype(np.float32)
    _, winner = vectorised.max_pool2d_forward(x, **step)
    agree("max_pool2d_forward", {"x": x, **step}, order)
    agree("max_pool2d_infer", {"x": x, **step}, order)
    agree("avg_pool2d_forward", {"x": x, **step}, order)
    below = rectified(rng, x.shape) if with_rectifier else None
    given = {"input_shape": x.shape[1:], **step, "below": below}
    agree("max_pool2d_backward", {"dy": dy, "winner": winner, **given}, order)
    agree("avg_pool2d_backward", {"dy": dy, **given}, order)


def test_pools_of_any_geometry(threads):
    compare_pools()


CONVOLUTIONS = [  # samples, channels, outputs, kernel, stride, padding, image
    (1, 1, 4, (5, 5), (2, 2), (1, 1), (28, 28)),
    (7, 3, 3, (7, 7), (3, 3), (0, 0), (19, 23)),
    (128, 4, 8, (5, 5), (2, 2), (1, 1), (13, 13)),
    (50, 9, 13, (3, 3), (1, 1), (1, 1), (14, 14)),
    (33, 2, 17, (2, 5), (3, 1), (1, 3), (8, 9)),
    (1000, 3, 3, (1, 1), (1, 1), (0, 0), (6, 6)),
    (16, 5, 11, (1, 7), (1, 2), (0, 5), (5, 12)),
    (12, 6, 4, (3, 3), (2, 1), (4, 4), (6, 5)),  # more padding than the kernel reaches
    (40, 3, 5, (3, 3), (1, 1), (1, 1), (28, 30)),  # as it lies, in several parts
    (32, 2, 3, (2, 2), (3, 3), (1, 0), (9, 11)),  # a stride that leaves pixels out
    (33, 13, 6, (3, 2), (1, 1), (1, 1), (7, 8)),  # channels for several tiles of products
    (35, 12, 3, (3, 3), (2, 2), (1, 1), (9, 8)),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_convolutions_as_networks_have_them(case, dtype):
    samples, channels, outputs, kernel, stride, padding, image = case
    rng = np.random.default_rng(3)
    step = {"stride": stride, "padding": padding}
    x = rng.standard_normal((samples, channels, *image)).astype(dtype)
    weight = rng.standard_normal((outputs, channels, *kernel)).astype(dtype)
    bias = rng.standard_normal(outputs).astype(dtype)
    dy = rng.standard_normal(vectorised.conv2d_forward(x, weight, bias, **step).shape).astype(dtype)
    for order in (["batch innermost"], ["C"]):
        agree("conv2d_forward", {"x": x, "weight": weight, "bias": bias, **step}, order)
        written = {"out": weight * 0, "bias_out": bias * 0}
        agree("conv2d_weight_gradient", {"dy": dy, "x": x, **step, **written}, order, 1e-4)
        shape = {"input_shape": x.shape[1:]}
        agree("conv2d_input_gradient", {"dy": dy, "weight": weight, **shape, **step}, order)


# Which way is taken changes no number, so it is asked for: (N, C, H, W), weights, stride, padding.
MUCH = (64, 64, 3, 3)
WAYS = [
    ((1, 16, 7, 7), (32, 16, 2, 2), (2, 2), (0, 0), "patches", "patches"),
    ((1, 1, 28, 28), (3, 1, 1, 1), (1, 1), (0, 0), "patches", "patches"),
    ((31, 1, 4, 4), (2, 1, 3, 3), (1, 1), (1, 1), "patches", "patches"),
    ((32, 1, 4, 4), (2, 1, 3, 3), (1, 1), (1, 1), "rows", "rows"),  # samples fill the registers
    ((1, 4, 5, 256), (2, 4, 1, 1), (1, 1), (0, 0), "rows", "rows"),  # outputs too long for patches
    ((1, 40, 4, 258), (8, 40, 3, 3), (1, 1), (0, 0), "rows", "rows"),  # too much to copy
    ((1, 8, 1, 256), (1024, 8, 1, 1), (1, 1), (0, 0), "rows", "rows"),  # and to multiply
    ((1, 64, 21, 1), MUCH, (1, 1), (1, 1), "bands", "phases"),  # rows of one number
    ((1, 64, 42, 2), MUCH, (2, 2), (1, 1), "bands", "phases"),
    ((32, 64, 7, 1), MUCH, (1, 1), (1, 1), "rows", "rows"),
    ((1, 64, 7, 256), MUCH, (1, 1), (1, 1), "rows", "rows"),  # rows that fill all registers
    ((1, 3, 64, 64), (5, 3, 7, 7), (2, 2), (3, 3), "rows", "phases"),  # little, and long to cut out
]


@pytest.mark.parametrize("case", WAYS, ids=str)
def test_every_shape_goes_its_way(case):
    size, weights, stride, padding, forward, backward = case
    sums = _shapes.forward_sums(size, weights, stride, padding)
    errors = _shapes.gradient_sums(size[0], weights, size[1:], stride, padding)
    inner = _shapes.products(size, weights, stride, padding, np.dtype(np.float32))
    named = {_patches.Patches: "patches", _shapes.Sums: "rows"}
    assert named.get(type(sums), "bands") == forward
    assert named.get(type(errors), "phases") == backward
    assert (type(inner) is _patches.Patches) == (forward == "patches")


def test_rows_of_one_register_take_more_outputs_at_once():
    lanes = _vectors.REGISTER // 4
    assert _shapes._tile(20, lanes) == (16 if _vectors.registers(8) > 1 else 8)
    assert (_shapes._tile(20, lanes + 1), _shapes._tile(5, 1)) == (8, 5)


def test_outputs_that_follow_each_other_are_one_run():
    *_, pieces = _plans.forward_plan(1, (1, 20, 20), (1, 1), (1, 1), (0, 0)).terms
    assert pieces.tolist() == [[0, 0, 400, 0, 1]]


@pytest.mark.parametrize("outputs", range(1, 18))
def test_every_number_of_outputs_has_a_tile_that_covers_it(outputs):
    tiles = ((4, 6), (5, 5), (4, 5), (3, 5))
    high, wide = _product_plans.best_tile(tiles, outputs, 25)
    assert (high, wide) in tiles
    assert -(-outputs // high) * high * -(-25 // wide) * wide <= -(-outputs // 4) * 4 * 30


def test_large_vectors_begin_with_a_line():
    for size in (_arrays.LARGE, 5_003, 100_000):
        for dtype in (np.float32, np.float64):
            vector = _arrays.vector(size, dtype)
            assert (len(vector), vector.dtype) == (size, dtype)
            assert vector.ctypes.data % _arrays.LINE == 0
