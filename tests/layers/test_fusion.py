"""A ReLU beside a convolution, a pooling or a Linear layer is done on the way; nobody can tell."""

from importlib.util import find_spec

import numpy as np
import pytest

import glassnet as gn
from glassnet import kernels

EDITIONS = ["numpy", *(["numba"] if find_spec("numba") else [])]
NETWORKS = {
    "before pools": (
        gn.Conv2d(2, 3, 3), gn.ReLU(), gn.MaxPool2d(2), gn.Conv2d(3, 4, 2, padding=1), gn.ReLU(),
        gn.AvgPool2d(2, 1),
    ),
    "before convolutions": (gn.ReLU(), gn.Conv2d(2, 3, 3), gn.ReLU(), gn.Conv2d(3, 2, 2, 2)),
    "beside Linears": (
        gn.Flatten(), gn.Linear(144, 40), gn.ReLU(), gn.Linear(40, 30, bias=False), gn.ReLU(),
        gn.Linear(30, 3), gn.ReLU(),
    ),
    "large Linears": (
        gn.Conv2d(2, 3, 3), gn.ReLU(), gn.Flatten(), gn.Linear(126, 400), gn.ReLU(),
        gn.Linear(400, 99), gn.ReLU(), gn.Linear(99, 99),
    ),
    "two in a row": (gn.Conv2d(2, 3, 3), gn.ReLU(), gn.ReLU(), gn.MaxPool2d(3, 1)),
    "dense": (
        gn.Conv2d(2, 3, 3), gn.ReLU(), gn.Flatten(), gn.Linear(126, 5), gn.ReLU(),
        gn.Linear(5, 4), gn.ReLU(), gn.Linear(4, 3),
    ),
    "large": (
        gn.Conv2d(2, 16, 3), gn.ReLU(), gn.Flatten(), gn.Linear(672, 99), gn.ReLU(),
        gn.Linear(99, 300), gn.ReLU(), gn.Flatten(), gn.Flatten(), gn.Linear(300, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.slow)])
def test_the_same_bits_as_layer_by_layer(name, edition, dtype):
    kernels.use_kernels(edition)
    model = gn.Sequential(*NETWORKS[name]).initialize(seed=0).astype(dtype)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((9, 2, 8, 9)).astype(dtype)
    y, cache = model.forward(x, training=True)
    dy = rng.standard_normal(y.shape).astype(dtype)
    dx = model.backward(dy, cache)
    found = [p.grad.copy() for _, p in model.named_parameters()]
    model.backward_parameters(dy, cache)
    again = [p.grad.copy() for _, p in model.named_parameters()]

    z, caches = x, []
    for layer in model:
        z, kept = layer.forward(z, training=True)
        caches.append(kept)
    np.testing.assert_array_equal(y, z)
    np.testing.assert_array_equal(model.infer(x), z)
    for a, b in zip(cache, caches, strict=True):
        assert type(a) is type(b)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
    dz = dy
    for layer, kept in zip(reversed(list(model)), reversed(caches), strict=True):
        dz = layer.backward(dz, kept)
    np.testing.assert_array_equal(dx, dz)
    for a, b, (_, p) in zip(found, again, model.named_parameters(), strict=True):
        np.testing.assert_array_equal(a, p.grad)
        np.testing.assert_array_equal(b, p.grad)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_max_pool_with_a_forward_of_its_own_is_asked(edition):
    kernels.use_kernels(edition)

    class Louder(gn.MaxPool2d):
        def forward(self, x, *, training=False, rng=None):
            return super().forward(2 * x)

    x = np.random.default_rng(0).standard_normal((3, 2, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(Louder(2).infer(x), 2 * gn.MaxPool2d(2).infer(x))
    pool = gn.MaxPool2d(2)
    pool.forward = lambda x, **more: gn.MaxPool2d.forward(pool, 3 * x, **more)
    np.testing.assert_array_equal(pool.infer(x), gn.MaxPool2d(2).forward(3 * x)[0])


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_layer_with_a_function_of_its_own_is_called(monkeypatch, edition):
    kernels.use_kernels(edition)

    def refused(*arguments, **more):
        raise AssertionError("a fused kernel")

    monkeypatch.setattr(gn.Conv2d, "forward_rectified", refused)
    monkeypatch.setattr(gn.Conv2d, "backward_rectified", refused)
    first, second = gn.Conv2d(1, 2, 2).initialize(seed=0), gn.Conv2d(2, 2, 2).initialize(seed=1)
    model, x = gn.Sequential(first, gn.ReLU(), second), np.ones((3, 1, 4, 4), np.float32)
    with pytest.raises(AssertionError, match="fused"):
        model.forward(x)
    calls = []
    first.forward = lambda x, **more: (calls.append(1), gn.Conv2d.forward(first, x, **more))[1]
    model[1].backward = lambda dy, cache: (calls.append(2), kernels.relu_backward(dy, cache))[1]
    y, cache = model.forward(x)
    model.backward(y, cache)
    model.infer(x)
    assert calls == [1, 2, 1]

    class Louder(gn.ReLU):
        def forward(self, x, *, training=False, rng=None):
            return super().forward(2 * x)

    del first.forward
    np.testing.assert_allclose(
        gn.Sequential(first, Louder()).infer(x),
        2 * gn.ReLU().infer(first.infer(x)),
    )
