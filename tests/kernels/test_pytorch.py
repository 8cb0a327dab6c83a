"""Both editions against PyTorch, on a handful of fixed cases."""

import numpy as np
import pytest

from .compare import EDITIONS, batch_innermost
from .test_agreement import ACTIVATIONS

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = pytest.mark.parametrize("k", EDITIONS.values(), ids=EDITIONS.keys())


def tensor(x, *, grad=True):
    return torch.tensor(np.ascontiguousarray(x), requires_grad=grad)


def same(ours, theirs, tolerance=1e-10):
    theirs = theirs.detach().numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


CONVOLUTIONS = [  # x, weight, stride, padding
    ((2, 1, 8, 8), (4, 1, 5, 5), (2, 2), (1, 1)),
    ((1, 3, 5, 4), (2, 3, 3, 2), (1, 1), (2, 0)),
    ((3, 2, 7, 6), (1, 2, 2, 1), (3, 4), (0, 1)),
    ((2, 2, 3, 3), (2, 2, 1, 1), (1, 1), (0, 0)),
]


@pytest.mark.parametrize(("shape", "kernels", "stride", "padding"), CONVOLUTIONS)
def test_conv2d(k, shape, kernels, stride, padding):
    rng = np.random.default_rng(1)
    x, weight = batch_innermost(rng.normal(size=shape)), rng.normal(size=kernels)
    bias = rng.normal(size=kernels[0])
    tx, tw, tb = tensor(x), tensor(weight), tensor(bias)
    ty = F.conv2d(tx, tw, tb, stride, padding)
    same(k.conv2d_forward(x, weight, bias, stride, padding), ty)
    dy = rng.normal(size=tuple(ty.shape))
    ty.backward(tensor(dy, grad=False))
    out, bias_out = np.empty_like(weight), np.empty_like(bias)
    k.conv2d_weight_gradient(dy, x, stride, padding, out, bias_out)
    same(out, tw.grad)
    same(bias_out, tb.grad)
    same(k.conv2d_input_gradient(dy, weight, shape[1:], stride, padding), tx.grad)


POOLS = [  # image, kernel, stride, padding
    ((6, 6), (2, 2), (2, 2), (0, 0)),
    ((7, 5), (3, 2), (2, 1), (1, 1)),
    ((5, 8), (1, 3), (2, 4), (0, 1)),
    ((4, 4), (1, 1), (1, 1), (0, 0)),
]


@pytest.mark.parametrize("special", [0.0, -np.inf, np.nan])
@pytest.mark.parametrize(("image", "kernel", "stride", "padding"), POOLS)
def test_max_pool(k, image, kernel, stride, padding, special):
    rng = np.random.default_rng(2)
    x = rng.integers(-1, 2, (2, 3, *image)).astype(np.float64)  # nearly every window has a tie
    x[rng.random(x.shape) < 0.3] = special
    x[0, 0] = special
    tx = tensor(x)
    ty = F.max_pool2d(tx, kernel, stride, padding)
    y, winner = k.max_pool2d_forward(x, kernel, stride, padding)
    same(y, ty)
    dy = rng.normal(size=y.shape)
    ty.backward(tensor(dy, grad=False))
    same(k.max_pool2d_backward(dy, winner, x.shape[1:], kernel, stride, padding), tx.grad)


@pytest.mark.parametrize(("image", "kernel", "stride", "padding"), POOLS)
def test_avg_pool(k, image, kernel, stride, padding):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 3, *image))
    tx = tensor(x)
    ty = F.avg_pool2d(tx, kernel, stride, padding)
    same(k.avg_pool2d_forward(x, kernel, stride, padding), ty)
    dy = rng.normal(size=tuple(ty.shape))
    ty.backward(tensor(dy, grad=False))
    same(k.avg_pool2d_backward(dy, x.shape[1:], kernel, stride, padding), tx.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(k, name):
    more, taken = ACTIVATIONS[name]
    rng = np.random.default_rng(4)
    x, dy = rng.normal(size=(3, 5)) * 3, rng.normal(size=(3, 5))
    x[0] = [0, 1e4, -1e4, 30, -30]
    tx = tensor(x)
    ty = (
        F.leaky_relu(tx, more["slope"])
        if name == "leaky_relu"
        else F.elu(tx, more["alpha"])
        if name == "elu"
        else getattr(torch, name, None) or getattr(F, name)
    )
    ty = ty if isinstance(ty, torch.Tensor) else ty(tx)
    y = getattr(k, f"{name}_forward")(x, **more)
    same(y, ty)
    ty.backward(tensor(dy, grad=False))
    same(getattr(k, f"{name}_backward")(dy, y if taken == "y" else x, **more), tx.grad)


@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 2, 3)])
def test_softmax(k, shape):
    rng = np.random.default_rng(5)
    x, dy = rng.normal(size=shape) * 5, rng.normal(size=shape)
    x[0, :2] = [1e4, -1e4] if len(shape) == 2 else [[[1e4]], [[-1e4]]]
    tx = tensor(x)
    ty = torch.softmax(tx, 1)
    y = k.softmax_forward(x)
    same(y, ty)
    ty.backward(tensor(dy, grad=False))
    same(k.softmax_backward(dy, y), tx.grad)
    same(k.log_softmax_forward(x), torch.log_softmax(tx, 1))


@pytest.mark.parametrize("axes", [(0, 2, 3), (1, 2, 3), (2, 3)])
def test_normalize(k, axes):
    rng = np.random.default_rng(6)
    x, dy = rng.normal(size=(3, 2, 2, 2)), rng.normal(size=(3, 2, 2, 2))
    tx = tensor(x)
    if axes == (0, 2, 3):
        ty = F.batch_norm(tx, None, None, training=True, eps=1e-5)
    elif axes == (1, 2, 3):
        ty = F.layer_norm(tx, x.shape[1:], eps=1e-5)
    else:
        ty = F.instance_norm(tx, eps=1e-5)
    normalized, mean, variance = k.normalize_forward(x, axes, 1e-5)
    same(normalized, ty)
    np.testing.assert_allclose(mean, x.mean(axis=axes, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=axes, keepdims=True), atol=1e-12)
    ty.backward(tensor(dy, grad=False))
    same(k.normalize_backward(dy, normalized, variance, axes, 1e-5), tx.grad, 1e-8)


def sgd(k, w, g, state, t):
    k.sgd_update(w, g, state[0], 0.3, 0.9, 0.0, False)


def nesterov(k, w, g, state, t):
    k.sgd_update(w, g, state[0], 0.3, 0.9, 0.0, True)


def adagrad(k, w, g, state, t):
    k.adagrad_update(w, g, state[0], 0.3, 1e-10)


def rmsprop(k, w, g, state, t):
    k.rmsprop_update(w, g, state[0], state[1], 0.3, 0.99, 0.9, 1e-8)


def adam(k, w, g, state, t):
    k.adam_update(w, g, state[0], state[1], t, 0.3, 0.9, 0.999, 1e-8)


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (sgd, "SGD", {"momentum": 0.9}),
        (nesterov, "SGD", {"momentum": 0.9, "nesterov": True}),
        (adagrad, "Adagrad", {}),
        (rmsprop, "RMSprop", {"momentum": 0.9}),
        (adam, "Adam", {}),
    ],
)
def test_ten_steps_of_an_optimizer(k, ours, theirs, options):
    rng = np.random.default_rng(7)
    w = rng.normal(size=6)
    tw = tensor(w)
    optimizer = getattr(torch.optim, theirs)([tw], lr=0.3, foreach=False, **options)
    state = np.zeros((2, 6))
    for t in range(1, 11):
        g = rng.normal(size=6) * 10.0 ** rng.integers(-3, 4)
        tw.grad = tensor(g, grad=False)
        optimizer.step()
        ours(k, w, g, state, t)
    same(w, tw)
