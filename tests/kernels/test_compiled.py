"""The compiled edition against the NumPy edition: small arrays through every loop, large ones too.

`tests/kernels/test_agreement.py` holds the NumPy edition against the reference; here that is the
oracle.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from glassnet import threads
from glassnet.kernels import codes, compiled, vectorised
from glassnet.kernels.compiled import _loops, _squares

from . import test_agreement as agreement
from .compare import ORDERS, batch_innermost, orders, run

few = settings(max_examples=60, deadline=None, database=None)
FAMILIES = (
    "activation",
    "batch",
    "dense",
    "norm",
    "softmax",
    "update",
)  # which leave what is small to NumPy


def agree(name, arguments, order, tolerance=1e-5):
    expected = run(getattr(vectorised, name), arguments, order[::-1])
    actual = run(getattr(compiled, name), arguments, order)
    for a, e in zip(actual, expected, strict=True):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        close = tolerance if e.dtype == np.float32 else 1e-11
        scale = max(1.0, float(np.abs(e[np.isfinite(e)]).max(initial=0)))
        np.testing.assert_allclose(a, e, rtol=close, atol=close * scale, err_msg=name)


@pytest.fixture(params=["one thread", "all threads"])
def loops(request, monkeypatch):
    """Nothing is too small for a loop; and each loop runs in the one or in the other form."""
    for family in FAMILIES:
        module = importlib.import_module(f"glassnet.kernels.compiled.{family}")
        for limit in {"SMALL", "FEW", "TINY", "ALONE"} & vars(module).keys():
            monkeypatch.setattr(module, limit, -1)
    monkeypatch.setattr(_loops, "ENOUGH", 0 if request.param == "all threads" else 1 << 62)
    monkeypatch.setattr(agreement, "check_editions_agree", agree)


SMALL = ("cross_entropy", "dense", "gather", "normalize", "pictures_of_integers", "softmax",
         "updates")  # fmt: skip


@pytest.mark.parametrize("family", SMALL)
def test_small_arrays_of_any_order(loops, family):
    getattr(agreement, f"test_{family}")()


@pytest.mark.parametrize("name", agreement.ACTIVATIONS)
def test_small_activations(loops, name):
    agreement.test_activations(name)


@given(
    st.sampled_from([1, 7, 32, 128, 1000]),
    st.sampled_from([1, 10, 250, 785]),
    st.sampled_from([1, 10, 129, 256]),
    st.booleans(),
    orders,
)
@few
def test_products_as_networks_have_them(samples, inputs, outputs, rectifier, order):
    rng = np.random.default_rng(4)
    x, weight, dy, bias = (
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((samples, inputs), (outputs, inputs), (samples, outputs), (outputs,))
    )
    below = np.maximum(x, 0) if rectifier else None
    given = {"x": x, "weight": weight, "bias": bias, "rectify": rectifier}
    agree("dense_forward", given, order, 1e-4)
    agree("dense_input_gradient", {"dy": dy, "weight": weight, "below": below}, order, 1e-4)
    agree("dense_weight_gradient", {"dy": dy, "x": x, "out": weight * 0}, order, 1e-4)


@pytest.mark.parametrize("samples", [1, 2, 7])
@pytest.mark.parametrize(("outputs", "inputs"), [(9, 33), (700, 400)])  # one thread and all
def test_a_few_samples(monkeypatch, samples, outputs, inputs):
    monkeypatch.setattr(compiled.dense, "ALONE", 0)
    monkeypatch.setattr(compiled.dense, "SEVERAL", 0)
    rng = np.random.default_rng(samples)
    x, weight, bias = (
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((samples, inputs), (outputs, inputs), (outputs,))
    )
    for order in ORDERS:
        for more in ({"bias": None}, {"bias": bias, "rectify": True}):
            agree("dense_forward", {"x": x, "weight": weight, **more}, [order], 1e-4)


def test_a_large_vector():
    rng = np.random.default_rng(5)
    value, grad, mean = rng.standard_normal((3, 200_001)).astype(np.float32)
    square = rng.random(200_001).astype(np.float32)
    betas = {"step": 3, "lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-3}
    agree("adam_update", {
        "value": value, "grad": grad, "mean": mean, "mean_square": square, **betas
    }, ["C"])  # fmt: skip
    assert compiled.squared_norm(grad) == pytest.approx(float((grad.astype(float) ** 2).sum()))


def test_averages_that_die_away_become_zero():
    dying = np.full(100_000, 1e-38, np.float32)
    value, grad = np.ones_like(dying), np.zeros_like(dying)
    compiled.adam_update(value, grad, dying, dying.copy(), 9, 0.1, 0.5, 0.5, 1e-8)
    assert (dying == 0).all()
    grad[0] = np.nan
    compiled.adam_update(value, grad, dying, dying.copy(), 9, 0.1, 0.5, 0.5, 1e-8)
    assert np.isnan(value[0])
    assert np.isfinite(value[1:]).all()


def large():
    rng = np.random.default_rng(6)
    x = batch_innermost(rng.standard_normal((64, 8, 14, 14)).astype(np.float32))
    weight = rng.standard_normal((16, 8, 3, 3)).astype(np.float32)
    return x, weight


def everything() -> list[bytes]:
    """Return the bits of a convolution and its gradients, large enough for all threads."""
    x, weight = large()
    y = compiled.conv2d_forward(x, weight, None, (1, 1), (1, 1))
    out, bias = np.empty_like(weight), np.empty(16, np.float32)
    compiled.conv2d_weight_gradient(y, x, (1, 1), (1, 1), out, bias)
    dx = compiled.conv2d_input_gradient(y, weight, x.shape[1:], (1, 1), (1, 1))
    flat = y.reshape(64, -1)
    z = compiled.dense_forward(flat, np.ones((33, flat.shape[1]), np.float32), None)
    return [array.tobytes() for array in (y, out, bias, dx, z)]


@pytest.mark.parametrize("count", [1, 2])
def test_the_same_bits_every_time(count):
    before = threads.threads()
    try:
        threads.set_threads(count)
        assert everything() == everything()
    finally:
        threads.set_threads(before)


def test_infinity_and_nan_go_through():
    x, weight = large()
    x = x.copy()
    x[0, 0, 5, 5], x[1, 0, 5, 5] = np.nan, np.inf
    y = compiled.conv2d_forward(x, weight, None, (1, 1), (1, 1))
    expected = vectorised.conv2d_forward(x, weight, None, (1, 1), (1, 1))
    np.testing.assert_array_equal(np.isfinite(y), np.isfinite(expected))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(expected))


@pytest.mark.parametrize("order", ["C", "batch innermost"])
def test_arrays_that_do_not_fit_are_refused(order):
    x = ORDERS[order](np.ones((4, 3, 8, 8), np.float32))
    weight = np.ones((5, 2, 3, 3), np.float32)
    with pytest.raises(ValueError, match="channels"):
        compiled.conv2d_forward(x, weight, None, (1, 1), (0, 0))
    with pytest.raises(ValueError, match="larger than"):
        compiled.conv2d_forward(x, np.ones((5, 3, 9, 9), np.float32), None, (1, 1), (0, 0))
    with pytest.raises(ValueError, match="errors"):
        compiled.conv2d_weight_gradient(x, x, (1, 1), (0, 0), np.ones((3, 3, 3, 3), np.float32))
    with pytest.raises(ValueError, match="weights"):
        compiled.dense_forward(np.ones((99, 100), np.float32), np.ones((99, 99), np.float32), None)
    square = np.ones((99, 99), np.float32)
    with pytest.raises(ValueError, match="outputs of a rectifier"):
        compiled.dense_input_gradient(square, square, square[1:])


def test_what_is_kept_on_disk_goes_by_all_that_was_compiled(tmp_path):
    (tmp_path / "loop.py").write_text("loop")
    (tmp_path / "called.py").write_text("called")
    before = _loops.digest(tmp_path)
    assert _loops.digest(tmp_path) == before
    (tmp_path / "called.py").write_text("changed")
    assert _loops.digest(tmp_path) != before
    (tmp_path / "codes").write_text("numbers")
    with_codes = _loops.digest(tmp_path, tmp_path / "codes")
    assert with_codes != _loops.digest(tmp_path)
    own = _loops.digest(Path(_loops.__file__).parent, Path(codes.__file__))
    assert own in _squares.transpose.serial.__qualname__
