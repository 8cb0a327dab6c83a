"""The NumPy edition against the reference, on random shapes, geometries and memory orders."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.kernels import reference
from glassnet.kernels.vectorised.update import BLOCK

from .compare import EDITIONS, check_editions_agree, dtypes, generators, orders, quick

sizes = st.integers(1, 4)


@st.composite
def geometries(draw: st.DrawFn, *, pooling: bool = False) -> dict[str, Any]:
    """Draw rectangular kernels, strides below and above them, paddings, rows left unreached."""
    kernel, stride, padding, image = [], [], [], []
    for _ in range(2):
        k = draw(sizes)
        pad = draw(st.integers(0, k // 2 if pooling else 3))
        kernel.append(k)
        stride.append(draw(st.integers(1, 5)))
        padding.append(pad)
        image.append(draw(st.integers(max(1, k - 2 * pad), k + 4)))
    return {
        "kernel": tuple(kernel),
        "stride": tuple(stride),
        "padding": tuple(padding),
        "image": tuple(image),
        "out": tuple(
            (n + 2 * pad - k) // s + 1
            for n, pad, k, s in zip(image, padding, kernel, stride, strict=True)
        ),
    }


@given(geometries(), sizes, sizes, sizes, st.booleans(), st.booleans(), generators, dtypes, orders)
@quick
def test_conv2d(g, samples, channels, outputs, with_bias, rectifier, rng, dtype, order):
    x = rng.standard_normal((samples, channels, *g["image"])).astype(dtype)
    weight = rng.standard_normal((outputs, channels, *g["kernel"])).astype(dtype)
    bias = rng.standard_normal(outputs).astype(dtype) if with_bias else None
    dy = rng.standard_normal((samples, outputs, *g["out"])).astype(dtype)
    step = {"stride": g["stride"], "padding": g["padding"]}
    given = {"x": x, "weight": weight, "bias": bias, **step, "rectify": rectifier}
    check_editions_agree("conv2d_forward", given, order)
    written = {"out": np.full_like(weight, 7)}
    if with_bias:
        written["bias_out"] = np.full(outputs, 7, dtype)
    check_editions_agree("conv2d_weight_gradient", {"dy": dy, "x": x, **step, **written}, order)
    below = np.maximum(x, 0) if rectifier else None
    check_editions_agree(
        "conv2d_input_gradient",
        {"dy": dy, "weight": weight, "input_shape": x.shape[1:], **step, "below": below},
        order,
    )


@given(geometries(pooling=True), sizes, sizes, st.booleans(), generators, dtypes, orders)
@quick
def test_max_pool(g, samples, channels, with_nan, rng, dtype, order):
    x = rng.integers(-2, 3, (samples, channels, *g["image"])).astype(dtype)  # many ties
    x[rng.random(x.shape) < 0.1] = -np.inf
    step = {"kernel": g["kernel"], "stride": g["stride"], "padding": g["padding"]}
    if with_nan:
        x[..., 0, :] = np.nan
    dy = rng.standard_normal((samples, channels, *g["out"])).astype(dtype)
    _, winner = reference.max_pool2d_forward(x, **step)
    check_editions_agree("max_pool2d_forward", {"x": x, **step}, order)
    check_editions_agree(
        "max_pool2d_backward",
        {"dy": dy, "winner": winner, "input_shape": x.shape[1:], **step, "below": abs(x)},
        order,
    )


@given(geometries(pooling=True), sizes, sizes, st.booleans(), generators, dtypes, orders)
@quick
def test_avg_pool(g, samples, channels, rectifier, rng, dtype, order):
    x = rng.standard_normal((samples, channels, *g["image"])).astype(dtype)
    dy = rng.standard_normal((samples, channels, *g["out"])).astype(dtype)
    step = {"kernel": g["kernel"], "stride": g["stride"], "padding": g["padding"]}
    check_editions_agree("avg_pool2d_forward", {"x": x, **step}, order)
    below = np.maximum(x, 0) if rectifier else None
    given = {"dy": dy, "input_shape": x.shape[1:], **step, "below": below}
    check_editions_agree("avg_pool2d_backward", given, order)


@given(geometries(pooling=True), generators, st.sampled_from([np.uint8, np.int32]), orders)
@quick
def test_pictures_of_integers(g, rng, dtype, order):
    x = rng.integers(0, 100, (2, 2, *g["image"])).astype(dtype)
    weight = rng.standard_normal((3, 2, *g["kernel"])).astype(np.float32)
    step = {"stride": g["stride"], "padding": g["padding"]}
    check_editions_agree("conv2d_forward", {"x": x, "weight": weight, "bias": None, **step}, order)
    check_editions_agree("max_pool2d_forward", {"x": x, "kernel": g["kernel"], **step}, order)
    check_editions_agree("avg_pool2d_forward", {"x": x, "kernel": g["kernel"], **step}, order)
    dy = rng.standard_normal((2, 3, *g["out"])).astype(np.float32)
    arguments = {"dy": dy, "x": x, **step, "out": np.zeros_like(weight)}
    check_editions_agree("conv2d_weight_gradient", arguments, order)


@given(sizes, sizes, sizes, st.booleans(), generators, dtypes, orders)
@quick
def test_dense(samples, inputs, outputs, with_bias, rng, dtype, order):
    x = rng.standard_normal((samples, inputs)).astype(dtype)
    weight = rng.standard_normal((outputs, inputs)).astype(dtype)
    bias = rng.standard_normal(outputs).astype(dtype) if with_bias else None
    dy = rng.standard_normal((samples, outputs)).astype(dtype)
    for rectify in (False, True):
        arguments = {"x": x, "weight": weight, "bias": bias, "rectify": rectify}
        check_editions_agree("dense_forward", arguments, order)
    for below in (None, np.maximum(x, 0)):
        arguments = {"dy": dy, "weight": weight, "below": below}
        check_editions_agree("dense_input_gradient", arguments, order)
    arguments = {"dy": dy, "x": x, "out": np.full_like(weight, 7)}
    check_editions_agree("dense_weight_gradient", arguments, order)
    arguments["bias_out"] = np.full(outputs, 7, dtype)
    check_editions_agree("dense_weight_gradient", arguments, order)


@given(
    st.lists(sizes, min_size=2, max_size=4),
    st.data(),
    st.sampled_from([1e-3, 0.1]),
    generators,
    dtypes,
    orders,
)
@quick
def test_normalize(shape, data, eps, rng, dtype, order):
    axis = st.integers(-len(shape), len(shape) - 1)
    drawn = data.draw(st.sets(axis, min_size=1))
    axes = tuple({axis % len(shape): axis for axis in drawn}.values())
    x = rng.standard_normal(shape).astype(dtype)
    dy = rng.standard_normal(shape).astype(dtype)
    check_editions_agree("normalize_forward", {"x": x, "axes": axes, "eps": eps}, order, 1e-4)
    normalized, _, variance = reference.normalize_forward(x, axes, eps)
    arguments = {
        "dy": dy, "normalized": normalized, "variance": variance, "axes": axes, "eps": eps,
    }  # fmt: skip
    check_editions_agree("normalize_backward", arguments, order, 1e-4)
    weight, bias = rng.standard_normal((2, variance.size)).astype(dtype)
    affine = {"x": x, "weight": weight, "bias": bias, "axes": axes, "eps": eps}
    check_editions_agree("batch_norm_forward", affine, order, 1e-4)
    arguments["weight"] = weight
    check_editions_agree("batch_norm_backward", arguments, order, 1e-4)


ACTIVATIONS = {  # name: its hyperparameters, and what its backward takes
    "relu": ({}, "y"),
    "leaky_relu": ({"slope": 0.2}, "x"),
    "sigmoid": ({}, "y"),
    "tanh": ({}, "y"),
    "elu": ({"alpha": 1.5}, "x"),
    "gelu": ({}, "x"),
    "silu": ({}, "x"),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(st.lists(sizes, min_size=1, max_size=4), generators, dtypes, orders)
@quick
def test_activations(name, shape, rng, dtype, order):
    more, taken = ACTIVATIONS[name]
    x = (3 * rng.standard_normal(shape)).astype(dtype)
    x[rng.random(shape) < 0.2] = 0  # the kink
    dy = rng.standard_normal(shape).astype(dtype)
    check_editions_agree(f"{name}_forward", {"x": x, **more}, order)
    check_editions_agree(f"{name}_backward", {"dy": dy, taken: x, **more}, order)


@given(st.lists(sizes, min_size=2, max_size=4), generators, dtypes, orders)
@quick
def test_softmax(shape, rng, dtype, order):
    x = (5 * rng.standard_normal(shape)).astype(dtype)
    dy = rng.standard_normal(shape).astype(dtype)
    y = rng.dirichlet(np.ones(shape[1]), (shape[0], *shape[2:]))
    y = np.moveaxis(y, -1, 1).astype(dtype)
    check_editions_agree("softmax_forward", {"x": x}, order)
    check_editions_agree("log_softmax_forward", {"x": x}, order)
    check_editions_agree("softmax_backward", {"dy": dy, "y": y}, order)


@given(
    st.lists(sizes, min_size=0, max_size=3),
    st.integers(1, 40),
    st.sampled_from([np.uint8, np.int32, np.float32, np.float64]),
    st.booleans(),
    generators,
    dtypes,
    orders,
)
@quick
def test_gather(shape, drawn, kind, by_feature, rng, dtype, order):
    samples = (100 * rng.random((5, *shape))).astype(kind)
    scale, offset = (
        rng.random(shape) if by_feature and shape else float(rng.random()) for _ in range(2)
    )
    chosen = rng.integers(0, 5, drawn)
    arguments = {"samples": samples, "chosen": chosen, "scale": scale, "offset": offset}
    check_editions_agree("gather", {**arguments, "dtype": dtype}, order)


@given(sizes, st.integers(2, 5), st.sampled_from([0.0, 0.2]), generators, dtypes, orders)
@quick
def test_cross_entropy(samples, classes, smoothing, rng, dtype, order):
    logits = (5 * rng.standard_normal((samples, classes))).astype(dtype)
    labels = rng.integers(0, classes, samples)
    arguments = {"logits": logits, "labels": labels, "smoothing": smoothing}
    check_editions_agree("softmax_cross_entropy", arguments, order)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("label", [-1, 3])
def test_cross_entropy_refuses_a_label_that_is_no_class(edition, label):
    kernel = EDITIONS[edition].softmax_cross_entropy
    with pytest.raises(IndexError):
        kernel(np.zeros((2, 3), np.float32), np.array([0, label]), 0.0)


@given(st.integers(1, 40), st.booleans(), st.booleans(), generators, dtypes, orders)
@quick
def test_updates(size, with_velocity, nesterov, rng, dtype, order):
    value, grad, other = rng.standard_normal((3, size)).astype(dtype)
    velocity = other if with_velocity else None
    squares = rng.random(size).astype(dtype)
    common = {"value": value, "grad": grad, "lr": 0.1}
    check_editions_agree(
        "sgd_update",
        {
            **common,
            "velocity": velocity,
            "momentum": 0.9,
            "dampening": 0.0 if nesterov else 0.3,
            "nesterov": nesterov,
        },
        order,
    )
    check_editions_agree("adagrad_update", {**common, "total": squares, "eps": 1e-3}, order)
    check_editions_agree(
        "rmsprop_update",
        {
            **common,
            "mean_square": squares,
            "velocity": velocity,
            "decay": 0.9,
            "momentum": 0.8,
            "eps": 1e-3,
        },
        order,
    )
    step = int(rng.integers(1, 20))
    check_editions_agree(
        "adam_update",
        {
            **common,
            "mean": other,
            "mean_square": squares,
            "step": step,
            "beta1": 0.9,
            "beta2": 0.999,
            "eps": 1e-3,
        },
        order,
    )


def test_updates_of_more_than_one_block():
    rng = np.random.default_rng(0)
    value, grad, velocity = rng.standard_normal((3, BLOCK + 5)).astype(np.float32)
    squares = rng.random(BLOCK + 5).astype(np.float32)
    common = {"value": value, "grad": grad, "lr": 0.1}
    momentum = {"velocity": velocity, "momentum": 0.9}
    check_editions_agree(
        "sgd_update", {**common, **momentum, "dampening": 0.0, "nesterov": False}, ["C"]
    )
    check_editions_agree("adagrad_update", {**common, "total": squares, "eps": 1e-3}, ["C"])
    check_editions_agree(
        "rmsprop_update",
        {**common, **momentum, "mean_square": squares, "decay": 0.9, "eps": 1e-3},
        ["C"],
    )
    betas = {"step": 3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-3}
    arguments = {**common, "mean": velocity, "mean_square": squares, **betas}
    check_editions_agree("adam_update", arguments, ["C"])


@pytest.mark.parametrize("name", ["dense_weight_gradient", "conv2d_weight_gradient"])
def test_out_is_a_view_of_a_vector_and_its_neighbours_stay(name):
    rng = np.random.default_rng(0)
    for edition in EDITIONS.values():
        flat = np.full(3 + 8 + 2, 7, np.float32)
        if name.startswith("dense"):
            out, more = flat[3:11].reshape(2, 4), ()
            dy, x = rng.standard_normal((5, 2)), rng.standard_normal((5, 4))
        else:
            out, more = flat[3:11].reshape(2, 1, 2, 2), ((1, 1), (0, 0))
            dy, x = rng.standard_normal((5, 2, 3, 3)), rng.standard_normal((5, 1, 4, 4))
        getattr(edition, name)(dy.astype(np.float32), x.astype(np.float32), *more, out)
        assert (flat[:3] == 7).all()
        assert (flat[11:] == 7).all()
        assert (flat[3:11] != 7).all()


def test_an_error_that_is_one_number_for_the_whole_batch():
    dy = np.broadcast_to(np.float32(2), (3, 2, 2, 2))  # all strides are zero
    weight = np.ones((2, 1, 2, 2), np.float32)
    for edition in EDITIONS.values():
        dx = edition.conv2d_input_gradient(dy, weight, (1, 3, 3), (1, 1), (0, 0))
        np.testing.assert_array_equal(dx[0, 0], [[4, 8, 4], [8, 16, 8], [4, 8, 4]])
        pooled = edition.avg_pool2d_backward(dy, (2, 4, 4), (2, 2), (2, 2), (0, 0))
        np.testing.assert_array_equal(pooled, np.full((3, 2, 4, 4), 0.5))
