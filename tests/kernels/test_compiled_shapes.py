"""What is kept for a shape is used for that shape alone.

Plans of loops are worked out once and kept. So each geometry is met after its neighbours, which
differ in one respect only; random ones would hardly ever have all else in common.
"""

from functools import lru_cache

import numpy as np
import pytest

pytest.importorskip("numba")

from glassnet.kernels import vectorised
from glassnet.kernels.compiled import _shapes, conv

from .test_compiled import agree

BASE = {
    "samples": 33, "channels": 2, "outputs": 8, "kernel": (3, 2), "stride": (1, 2),
    "padding": (1, 0), "image": (7, 8), "dtype": np.float32,
}  # fmt: skip
OTHERS = [
    ("samples", 34), ("samples", 3), ("samples", 4), ("channels", 3), ("outputs", 11),
    ("kernel", (2, 3)), ("kernel", (3, 3)), ("stride", (2, 1)), ("stride", (1, 1)),
    ("padding", (0, 1)), ("padding", (1, 1)), ("image", (8, 7)), ("image", (7, 7)),
    ("dtype", np.float64),
]  # fmt: skip
NEIGHBOURS = [BASE | {name: value} for name, value in OTHERS]
FEW = BASE | {"samples": 3}
NEIGHBOURS += [FEW | {name: value} for name, value in OTHERS if name != "samples"]


def with_random_numbers(samples, channels, outputs, kernel, stride, padding, image, dtype):
    """Compare every convolution and pool of a geometry with NumPy's."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, channels, *image)).astype(dtype)
    weight = rng.standard_normal((outputs, channels, *kernel)).astype(dtype)
    step, order = {"stride": stride, "padding": padding}, ["batch innermost"]
    agree("conv2d_forward", {"x": x, "weight": weight, "bias": None, **step}, order, 1e-4)
    y = vectorised.conv2d_forward(x, weight, None, **step)
    dy = rng.standard_normal(y.shape).astype(dtype)
    written = {"out": weight * 0, "bias_out": weight[:, 0, 0, 0] * 0}
    agree("conv2d_weight_gradient", {"dy": dy, "x": x, **step, **written}, order, 1e-4)
    given = {"dy": dy, "weight": weight, "input_shape": x.shape[1:], **step}
    agree("conv2d_input_gradient", given, order, 1e-4)
    step["kernel"] = kernel
    agree("avg_pool2d_forward", {"x": x, **step}, order)
    agree("max_pool2d_forward", {"x": x, **step}, order)
    y, winner = vectorised.max_pool2d_forward(x, **step)
    dy = rng.standard_normal(y.shape).astype(dtype)
    given = {"dy": dy, "input_shape": x.shape[1:], **step}
    agree("avg_pool2d_backward", given, order)
    agree("max_pool2d_backward", {"winner": winner, **given}, order)


@pytest.mark.parametrize("little", [True, False], ids=["as little", "as much"])
def test_neighbours_are_told_apart(monkeypatch, little):
    if not little:
        monkeypatch.setattr(_shapes, "LONG", 0)
        for name in ("forward_sums", "gradient_sums", "products"):
            monkeypatch.setattr(conv, name, lru_cache(getattr(_shapes, name).__wrapped__))
    for geometry in (BASE, *NEIGHBOURS, BASE, *reversed(NEIGHBOURS)):
        with_random_numbers(**geometry)
