"""Losses: by hand, against finite differences, at the extremes, and what they refuse."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.arrays import Array

LOSSES = [
    gn.SoftmaxCrossEntropy(),
    gn.SoftmaxCrossEntropy(label_smoothing=0.1),
    gn.BinaryCrossEntropy(),
    gn.MeanSquaredError(),
    gn.MeanAbsoluteError(),
    gn.Huber(0.5),
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)


# --- by hand ----------------------------------------------------------------------------------


def test_cross_entropy_by_hand() -> None:
    z = np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]])  # p = (1, 2, 5) / 8 and (2, 2, 4) / 8
    value, dz = gn.SoftmaxCrossEntropy()(z, np.array([2, 0]))
    assert value == pytest.approx((np.log(8 / 5) + np.log(4)) / 2)
    np.testing.assert_allclose(dz * 16, [[1, 2, -3], [-6, 2, 4]])


def test_smoothing_and_rows_by_hand() -> None:
    z = np.log([[1.0, 3.0]])
    log_p = np.log([0.25, 0.75])
    value, dz = gn.SoftmaxCrossEntropy(label_smoothing=0.2)(z, np.array([0]))
    assert value == pytest.approx(-(0.9 * log_p[0] + 0.1 * log_p[1]))
    np.testing.assert_allclose(dz, [[0.25 - 0.9, 0.75 - 0.1]])
    rows = gn.SoftmaxCrossEntropy()(z, np.array([[0.9, 0.1]]))
    assert rows[0] == pytest.approx(value)
    np.testing.assert_allclose(rows[1], dz)


def test_class_weights_weigh_the_mean() -> None:
    z = np.log([[1.0, 3.0], [1.0, 1.0]])
    value, dz = gn.SoftmaxCrossEntropy(class_weight=(1, 3))(z, np.array([0, 1]))
    assert value == pytest.approx((np.log(4) + 3 * np.log(2)) / 4)
    np.testing.assert_allclose(dz * 4, [[-0.75, 0.75], [1.5, -1.5]])


def test_binary_cross_entropy_by_hand() -> None:
    z = np.log([[3.0], [1.0]])  # σ = 3/4 and 1/2
    value, dz = gn.BinaryCrossEntropy()(z, np.array([1, 0]))
    assert value == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)
    np.testing.assert_allclose(dz, [[-0.125], [0.25]])


@pytest.mark.parametrize(
    ("loss", "value", "gradient"),
    [
        (gn.MeanSquaredError(), (4 + 0.25 + 0 + 9) / 4, [[1, 0.25], [0, -1.5]]),
        (gn.MeanAbsoluteError(), (2 + 0.5 + 0 + 3) / 4, [[0.25, 0.25], [0, -0.25]]),
        (gn.Huber(), (1.5 + 0.125 + 0 + 2.5) / 4, [[0.25, 0.125], [0, -0.25]]),
        (gn.Huber(2.0), (2 + 0.125 + 0 + 4) / 4, [[0.5, 0.125], [0, -0.5]]),
    ],
)
def test_distances_by_hand(loss: gn.Loss, value: float, gradient: Any) -> None:
    found, dy = loss(np.array([[2.0, 0.5], [1.0, -3.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert found == pytest.approx(value)
    np.testing.assert_allclose(dy, gradient)


def test_squares_behind_a_softmax_layer_get_its_jacobian() -> None:
    model = gn.Sequential(gn.Softmax())
    y, cache = model.forward(np.log([[1.0, 3.0]]))
    value, dy = gn.MeanSquaredError()(y, np.array([0]))
    assert value == pytest.approx(0.75**2)
    np.testing.assert_allclose(model.backward(dy, cache), [[-0.28125, 0.28125]])


# --- properties -------------------------------------------------------------------------------


@st.composite
def problems(draw: st.DrawFn) -> tuple[gn.Loss, Array, Array, Array | None]:
    """Draw a loss, an output of any size, a target and perhaps sample weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    samples, width = draw(st.integers(1, 6)), draw(st.integers(2, 5))
    output = rng.normal(size=(samples, width)) * draw(st.sampled_from([0.1, 1.0, 5.0]))
    weights = rng.uniform(0.1, 3, samples) if draw(st.booleans()) else None
    if weights is not None and samples > 1:
        weights[0] = 0
    kind = draw(st.sampled_from(["labels", "rows", "binary", "squared", "absolute", "huber"]))
    smoothing = draw(st.sampled_from([0.0, 0.3]))
    classes = tuple(rng.uniform(0.1, 2, width).tolist()) if draw(st.booleans()) else None
    loss, target = {
        "labels": (gn.SoftmaxCrossEntropy(smoothing, classes), rng.integers(0, width, samples)),
        "rows": (
            gn.SoftmaxCrossEntropy(smoothing, classes),
            rng.dirichlet(np.ones(width), samples),
        ),
        "binary": (gn.BinaryCrossEntropy(), rng.uniform(size=output.shape)),
        "squared": (gn.MeanSquaredError(), rng.normal(size=output.shape)),
        "absolute": (gn.MeanAbsoluteError(), rng.normal(size=output.shape)),
        "huber": (gn.Huber(float(rng.uniform(0.1, 2))), rng.normal(size=output.shape)),
    }[kind]
    return loss, output, target, weights


@settings(max_examples=150, deadline=None)
@given(problems())
def test_gradients_are_those_of_finite_differences(
    problem: tuple[gn.Loss, Array, Array, Array | None],
) -> None:
    loss, output, target, weights = problem
    _, found = loss(output, target, weights)
    step = 1e-6
    for index in np.ndindex(output.shape):
        values = []
        for sign in (1, -1):
            moved = output.copy()
            moved[index] += sign * step
            values.append(loss(moved, target, weights)[0])
        assert found[index] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_weights_repeat_samples(problem: tuple[gn.Loss, Array, Array, Array | None]) -> None:
    loss, output, target, _ = problem
    times = np.arange(len(output)) % 3 + (len(output) < 2)
    if times.sum() == 0:
        times = times + 1
    value, gradient = loss(output, target, times)
    repeated, gradients = loss(np.repeat(output, times, 0), np.repeat(target, times, 0))
    assert value == pytest.approx(repeated)
    ends = np.cumsum(times)
    sums = [gradients[end - n : end].sum(axis=0) for end, n in zip(ends, times, strict=True)]
    np.testing.assert_allclose(gradient, sums, atol=1e-12)


@every_loss
def test_inputs_are_only_read_and_float32_is_kept(loss: gn.Loss) -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, (4, 3)).astype(np.uint8)
    for dtype in (np.float32, np.float64):
        y, weights = rng.normal(size=(4, 3)).astype(dtype), rng.uniform(size=4)
        for array in (y, target, weights):
            array.flags.writeable = False
        for options in ((), (weights,)):
            value, gradient = loss(y, target, *options)
            assert type(value) is float
            assert gradient.dtype == dtype
            assert gradient.shape == y.shape
            assert not np.shares_memory(gradient, y)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_outputs_stay_finite(loss: gn.Loss, dtype: type) -> None:
    y = np.array([[1e4, -1e4], [-1e4, 1e4], [0, 1e4]], dtype)
    with np.errstate(all="raise", under="ignore"):
        for target in (np.array([0, 0, 1]), np.array([[0.3, 0.7], [0, 1], [1, 0]], dtype)):
            if not isinstance(loss, gn.BinaryCrossEntropy) or target.ndim == 2:
                value, gradient = loss(y, target)
                assert np.isfinite(value)
                assert np.isfinite(gradient).all()
    if loss == gn.SoftmaxCrossEntropy():
        assert loss(y, np.array([0, 0, 1]))[0] == pytest.approx(2e4 / 3)
        assert loss(y[:2], np.array([0, 1]))[0] == 0


# --- targets ----------------------------------------------------------------------------------


def test_labels_stand_for_rows() -> None:
    y, labels = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
    rows = np.eye(3)[labels]
    for loss in (gn.SoftmaxCrossEntropy(), gn.MeanSquaredError(), gn.Huber()):
        for dtype in (np.uint8, np.int32, np.int64):
            value, gradient = loss(y, labels.astype(dtype))
            expected, expected_gradient = loss(y, rows)
            assert value == pytest.approx(expected)
            np.testing.assert_allclose(gradient, expected_gradient)


def test_labels_may_stand_for_other_numbers_than_0_and_1() -> None:
    output = np.array([[0.2, 0.7, 0.4]])
    loss = gn.MeanSquaredError(targets=(0.01, 0.99))
    found = loss(output, np.array([1]))
    rows = gn.MeanSquaredError()(output, np.array([[0.01, 0.99, 0.01]]))
    assert found[0] == pytest.approx(rows[0])
    np.testing.assert_allclose(found[1], rows[1])
    given = loss(output, np.array([[1.0, 0.0, 1.0]]))  # numbers are taken as they are
    assert given[0] == gn.MeanSquaredError()(output, np.array([[1.0, 0.0, 1.0]]))[0]


def test_a_column_may_be_given_as_a_vector() -> None:
    y, t = np.random.default_rng(0).normal(size=(4, 1)), np.array([0.0, 1.0, 1.0, 0.0])
    for loss in (gn.MeanSquaredError(), gn.MeanAbsoluteError(), gn.BinaryCrossEntropy()):
        value, gradient = loss(y, t)
        assert value == loss(y, t[:, None])[0]
        assert gradient.shape == (4, 1)


Y = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("loss", "output", "target", "error", "words"),
    [
        ("SoftmaxCrossEntropy", Y, np.array([0, 2, 1]), gn.DataError, "label 2 is out of range"),
        ("SoftmaxCrossEntropy", Y, np.array([0, -1, 1]), gn.DataError, "label -1 is out of range"),
        ("SoftmaxCrossEntropy", Y, np.array([0.0, 1, 1]), gn.DataError, "integers, not float64"),
        ("SoftmaxCrossEntropy", Y, np.array([0, 1]), gn.ShapeError, "2 labels for 3 outputs"),
        ("SoftmaxCrossEntropy", Y, np.zeros((3, 1)), gn.ShapeError, r"\(3, 1\) do not fit"),
        ("SoftmaxCrossEntropy", Y[:, :, None], np.array([0, 1, 1]), gn.ShapeError, "Flatten"),
        ("BinaryCrossEntropy", Y, Y + 1.5, gn.DataError, "from 0 to 1, not 1.5"),
        ("BinaryCrossEntropy", Y, Y - 1, gn.DataError, "from 0 to 1, not -1"),
        ("BinaryCrossEntropy", Y, Y * np.nan, gn.DataError, "from 0 to 1, not nan"),
        ("MeanSquaredError", Y, np.zeros(3), gn.ShapeError, r"\(3,\) do not fit"),
        ("MeanSquaredError", Y, np.array([0, 1, 7]), gn.DataError, "label 7 is out of range"),
        ("MeanAbsoluteError", Y[:, 0], Y[:, :1], gn.ShapeError, "do not fit"),
        ("Huber", Y, np.zeros((2, 2)), gn.ShapeError, "do not fit"),
    ],
)
def test_targets_that_do_not_fit_are_refused(
    loss: str, output: Array, target: Array, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(gn, loss)()(output, target)


@every_loss
@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        (np.zeros(3), gn.DataError, "weight zero"),
        (np.array([1, -1, 1]), gn.DataError, "at least 0"),
        (np.array([1, np.nan, 1]), gn.DataError, "at least 0"),
        (np.ones(2), gn.ShapeError, "do not fit 3 samples"),
        (np.ones((3, 1)), gn.ShapeError, "do not fit 3 samples"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    loss: gn.Loss, weights: Array, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        loss(Y, Y, weights)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.SoftmaxCrossEntropy(label_smoothing=1.0), r"lie in \[0, 1\)"),
        (lambda: gn.SoftmaxCrossEntropy(label_smoothing=-0.1), r"lie in \[0, 1\)"),
        (lambda: gn.SoftmaxCrossEntropy(class_weight=(1, -1)), "class weights"),
        (lambda: gn.SoftmaxCrossEntropy(class_weight=(0, 0)), "class weights"),
        (lambda: gn.SoftmaxCrossEntropy(class_weight=()), "class weights"),
        (lambda: gn.SoftmaxCrossEntropy(class_weight=(1, 2, 3))(Y, np.zeros(3, int)), "3 class"),
        (lambda: gn.Huber(0), "above 0"),
    ],
)
def test_senseless_options_are_refused(make: Any, words: str) -> None:
    with pytest.raises(gn.ConfigError, match=words):
        make()


@every_loss
def test_an_empty_batch_is_refused(loss: gn.Loss) -> None:
    with pytest.raises(gn.DataError, match="empty"):
        loss(Y[:0], Y[:0])
