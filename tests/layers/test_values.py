"""What single layers compute, by hand; which arguments they refuse; and layers of one's own."""

from typing import Any

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import Array
from glassnet.layers import from_config


def both(layer: gn.Layer, x: Any, dy: Any, **options: Any) -> tuple[list[Any], list[Any]]:
    """Return output and input gradient as lists."""
    y, cache = layer.forward(np.array(x, float), **options)
    return y.tolist(), layer.backward(np.array(dy, float), cache).tolist()


def test_linear_by_hand() -> None:
    layer = gn.Linear(2, 3).astype(np.float64)
    layer.weight.value, layer.bias.value = [[1, 2], [3, 4], [5, 6]], [1, 0, -1]
    y, dx = both(layer, [[1, 1], [0, 2]], [[1, 0, 0], [0, 1, 2]])
    assert y == [[4, 7, 10], [5, 8, 11]]
    assert dx == [[1, 2], [13, 16]]
    assert layer.weight.grad.tolist() == [[1, 1], [0, 2], [0, 4]]
    assert layer.bias.grad.tolist() == [1, 1, 2]


def test_convolution_by_hand() -> None:
    layer = gn.Conv2d(1, 1, 2, stride=2, padding=1).astype(np.float64)
    layer.weight.value, layer.bias.value = [[[[1, 2], [3, 4]]]], [10]
    y, dx = both(layer, [[[[1, 2], [3, 4]]]], [[[[1, 2], [3, 4]]]])
    assert y == [[[[14, 16], [16, 14]]]]  # each window sees one pixel; the kernel is not flipped
    assert dx == [[[[4, 6], [6, 4]]]]
    assert layer.weight.grad.tolist() == [[[[16, 9], [4, 1]]]]
    assert layer.bias.grad.tolist() == [10]


def test_equal_pixels_share_no_gradient() -> None:
    y, dx = both(gn.MaxPool2d(2), np.ones((1, 1, 2, 4)), [[[[5, 7]]]])
    assert y == [[[[1, 1]]]]
    assert dx == [[[[5, 0, 7, 0], [0, 0, 0, 0]]]]


def test_overlapping_windows_add_their_gradients() -> None:
    _, dx = both(gn.MaxPool2d((1, 2), stride=1), [[[[0, 9, 1]]]], [[[[5, 7]]]])
    assert dx == [[[[0, 12, 0]]]]
    _, dx = both(gn.AvgPool2d((1, 2), stride=1), [[[[0, 9, 1]]]], [[[[4, 8]]]])
    assert dx == [[[[2, 6, 4]]]]


def test_padding_counts_in_the_mean_but_is_never_the_largest() -> None:
    x = np.full((1, 1, 2, 2), -4.0)
    assert gn.AvgPool2d(2, padding=1).infer(x).tolist() == [[[[-1, -1], [-1, -1]]]]
    assert gn.MaxPool2d(2, padding=1).infer(x).tolist() == x.tolist()


def test_dropout_keeps_the_mean_and_passes_the_gradient_through_its_mask() -> None:
    x = np.ones((100, 1000), np.float32)
    y, mask = gn.Dropout(0.2).forward(x, training=True, rng=np.random.default_rng(0))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1.25)}
    assert (y == 0).mean() == pytest.approx(0.2, abs=0.005)
    dy = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    np.testing.assert_array_equal(gn.Dropout(0.2).backward(dy, mask), dy * y)
    np.testing.assert_array_equal(gn.Dropout(0.2).infer(x), x)


def test_batch_norm_by_hand() -> None:
    layer = gn.BatchNorm1d(1, eps=0.0, momentum=0.25).astype(np.float64)
    layer.weight.value, layer.bias.value = [2], [1]
    y, cache = layer.forward(np.array([[1.0], [3.0], [5.0]]), training=True)
    half = np.sqrt(1.5)  # 2 / σ, with σ² = 8 / 3
    np.testing.assert_allclose(y[:, 0], [1 - 2 * half, 1, 1 + 2 * half])
    assert layer.running_mean.value == pytest.approx(0.25 * 3)
    assert layer.running_var.value == pytest.approx(0.75 + 0.25 * 4)  # unbiased: 8 / 2
    assert layer.num_batches_tracked.value == 1
    dx = layer.backward(np.array([[1.0], [0.0], [0.0]]), cache)
    np.testing.assert_allclose(dx[:, 0], np.array([1, -2, 1]) / 6 * half, atol=1e-15)
    np.testing.assert_allclose(layer.weight.grad, [-half])
    np.testing.assert_allclose(layer.bias.grad, [1])
    np.testing.assert_allclose(layer.infer(np.array([[0.75]])), [[1]])


def test_a_single_value_leaves_the_running_statistics_alone() -> None:
    layer = gn.BatchNorm1d(2)
    y, _ = layer.forward(np.array([[5.0, 7.0]], np.float32), training=True)
    np.testing.assert_allclose(y, [[5, 7]], 1e-4)
    assert layer.num_batches_tracked.value == 0
    assert layer.running_mean.value.tolist() == [0, 0]


@pytest.mark.parametrize("layer", [gn.BatchNorm1d(2), gn.LayerNorm(2)])
def test_equal_values_divide_by_nothing(layer: gn.Layer) -> None:
    x = np.full((3, 2), 1e3, np.float32)
    y, cache = layer.forward(x, training=True)
    assert np.abs(y).max() < 1e-3
    assert np.isfinite(layer.backward(np.ones_like(y), cache)).all()


@pytest.mark.parametrize(
    "layer",
    [gn.ReLU(), gn.LeakyReLU(), gn.ELU(), gn.GELU(), gn.SiLU(), gn.Sigmoid(), gn.Tanh(),
     gn.Softmax(), gn.LayerNorm(4), gn.BatchNorm1d(4)],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_overflow_nowhere(layer: gn.Layer, dtype: type) -> None:
    x = np.array([[-1e4, -100, 0, 1e4], [1e4, 89, -89, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = layer.forward(x, training=True)
        assert np.isfinite(y).all()
        assert np.isfinite(layer.backward(np.ones_like(y), cache)).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.Linear(0, 3), "at least 1 input"),
        (lambda: gn.Linear(2, 3, init="he"), "no initializer is called 'he'"),
        (lambda: gn.Linear(2, 3, bias_init="zero"), "no initializer is called 'zero'"),
        (lambda: gn.Conv2d(1, 0, 3), "at least 1 channel"),
        (lambda: gn.Conv2d(1, 2, 0), "kernel_size must be an integer"),
        (lambda: gn.Conv2d(1, 2, 2.5), "kernel_size must be an integer"),
        (lambda: gn.Conv2d(1, 2, None), "kernel_size must be an integer"),
        (lambda: gn.Conv2d(1, 2, (3, 3, 3)), "kernel_size must be an integer"),
        (lambda: gn.Conv2d(1, 2, True), "kernel_size must be an integer"),
        (lambda: gn.Conv2d(1, 2, 3, stride=0), "stride must be"),
        (lambda: gn.Conv2d(1, 2, 3, padding="same"), "padding must be"),
        (lambda: gn.MaxPool2d(2, padding=-1), "padding must be"),
        (lambda: gn.MaxPool2d(2, padding=2), "more than half of the window"),
        (lambda: gn.Dropout(1.0), "at least 0 and below 1, not 1.0"),
        (lambda: gn.Dropout(-0.1), "at least 0 and below 1"),
        (lambda: gn.BatchNorm1d(0), "num_features must be at least 1"),
    ],
)
def test_senseless_arguments_are_refused(make: Any, words: str) -> None:
    with pytest.raises(gn.GlassnetError, match=words):
        make()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"type": "Lienar", "in_features": 1, "out_features": 2}, "no layer type is called"),
        ({"in_features": 1}, "no layer type is called None"),
        ({"type": ["Linear"]}, "no layer type is called"),
        ({"type": "Linear", "in_features": 1}, "do not fit"),
        ({"type": "Linear", "in_features": 1, "out_features": 2, "bais": False}, "bais"),
        ({"type": "ReLU", "slope": 0.1}, "slope"),
        ({"type": "Linear", "in_features": "one", "out_features": 2}, "do not fit"),
        ({"type": "Sequential", "layers": 3}, "do not fit"),
    ],
)
def test_senseless_descriptions_are_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(gn.ConfigError, match=words):
        from_config(config)


# --- one's own layers -------------------------------------------------------------------------


class Scale(gn.Layer):
    """The layer of the documentation: two functions and nothing else."""

    def __init__(self, features: int, *, start: float = 1.0) -> None:
        super().__init__()
        self.weight = gn.Parameter(np.full(features, start, np.float32))

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        return x * self.weight.value, x

    def backward(self, dy: Array, cache: Array) -> Array:
        self.weight.grad = (dy * cache).sum(axis=0)
        return dy * self.weight.value


def test_own_layer_works_in_a_model() -> None:
    model = gn.Sequential(gn.Linear(2, 3), Scale(3, start=2.0), gn.ReLU()).initialize(seed=0)
    assert [name for name, _ in model.named_parameters()][2:] == ["1.weight"]
    assert model.output_shape((2,)) == (3,)
    assert from_config(model.config()).config() == model.config()
    assert "Scale(3, start=2.0)" in repr(model)
    y, cache = model.forward(np.ones((4, 2), np.float32))
    model.backward_parameters(np.ones_like(y), cache)
    assert model[1].weight.grad.any()
    assert model.summary((2,)).rows[1].parameters == 3


def test_own_layer_does_not_stand_in_for_a_namesake() -> None:
    theirs = gn.ReLU

    class ReLU(gn.Layer):
        """As a student would write it."""

    assert type(from_config(theirs().config())) is theirs
    assert type(from_config(ReLU().config())) is ReLU
    assert repr(ReLU()) == "ReLU()"


def test_own_layer_is_tried_for_its_shape() -> None:
    assert Scale(3).output_shape((3,)) == (3,)
    assert Scale(3).output_shape(None) is None
    with pytest.raises(gn.ShapeError, match=r"cannot take an input of shape \(4,\)"):
        Scale(3).output_shape((4,))
    with pytest.raises(gn.ShapeError, match="layer 1, Scale"):
        gn.Sequential(gn.ReLU(), Scale(3)).predict(np.ones((2, 4)))


def test_parameter_cannot_be_overwritten_by_an_array() -> None:
    layer = gn.Linear(2, 3)
    with pytest.raises(gn.ConfigError, match=r"layer\.weight\.value = "):
        layer.weight = np.zeros((3, 2))
    layer.bias = None
    layer.weight = gn.Parameter(np.ones((3, 2), np.float32))
    assert layer.infer(np.ones((1, 2), np.float32)).tolist() == [[2, 2, 2]]


def test_layer_without_passes_says_so() -> None:
    class Empty(gn.Layer):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward pass"):
        Empty().forward(np.ones(1))
    with pytest.raises(NotImplementedError, match="Empty has no backward pass"):
        Empty().backward(np.ones(1), None)


def test_layer_made_with_arrays_has_no_description() -> None:
    class Fixed(gn.Layer):
        def __init__(self, table: Array) -> None:
            super().__init__()

    with pytest.raises(gn.ConfigError, match="made with a ndarray cannot be described"):
        Fixed(np.ones(2)).config()
