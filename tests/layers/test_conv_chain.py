"""A few images go through the convolutions in one call, and what a user changes is seen."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet import kernels, threads
from glassnet.layers.shortcut import Shortcut

from .test_dense_chain import ACTIVATIONS, layer_by_layer, packed


@pytest.fixture(autouse=True)
def _compiled():
    """One thread is enough here, and half the work for the compiler."""
    pytest.importorskip("numba")
    kernels.use_kernels("numba")
    before = threads.threads()
    gn.set_threads(1)
    yield
    gn.set_threads(before)


def network() -> gn.Sequential:
    return packed(
        gn.Conv2d(1, 3, 3, padding=1), gn.LeakyReLU(0.2), gn.MaxPool2d(2),
        gn.Conv2d(3, 2, (2, 3)), gn.Dropout(0.5), gn.Flatten(), gn.Linear(12, 4), gn.Tanh(),
        gn.Dropout(0.5), gn.Linear(4, 2),
    )  # fmt: skip


def images(samples: int = 3) -> np.ndarray:
    return np.random.default_rng(samples).standard_normal((samples, 1, 8, 9)).astype(np.float32)


def done(model: gn.Sequential, x: np.ndarray) -> int:
    """Return how many layers are done in one call or two."""
    return Shortcut().outputs(model.layers, x)[1]


BEHIND = st.sampled_from((
    *ACTIVATIONS, lambda: gn.MaxPool2d(2), lambda: gn.AvgPool2d(3, 2, 1), gn.Dropout,
    lambda: gn.BatchNorm2d(8), lambda: gn.Residual(gn.Conv2d(8, 8, 1)),
))  # fmt: skip


@given(
    st.lists(BEHIND, max_size=2),
    st.lists(BEHIND, max_size=2),
    st.sampled_from([1, 2, 8, 9]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None, database=None)
def test_any_layers_give_what_they_give_one_by_one(first, second, samples, has_head):
    layers = [gn.Conv2d(1, 8, 3, 1, 2), *(layer() for layer in first)]
    layers += [gn.Conv2d(8, 8, 2, 2, 1, bias=False), *(layer() for layer in second)]
    if has_head:
        layers += [gn.GlobalAvgPool2d(), gn.Linear(8, 3)]
    model = packed(*layers)
    x = np.random.default_rng(0).standard_normal((samples, 1, 30, 31)).astype(np.float32)
    assert (done(model, x) > 0) == (samples <= 8)
    np.testing.assert_allclose(model.predict(x), layer_by_layer(model, x), rtol=1e-4, atol=1e-5)


def test_how_many_layers_go_in_few_calls():
    model = network()
    assert done(model, images()) == len(model)
    assert done(model, images(9)) == 0
    assert done(model, images().astype(np.float64)) == 0
    model[2] = gn.BatchNorm2d(3)
    assert done(model, images()) == 2
    model = packed(gn.Conv2d(1, 2, 3), gn.AvgPool2d(2), gn.ReLU(), gn.Flatten(), gn.Linear(2, 2))
    assert done(model, images()) == 2  # a mean before the rectifier is not one after it
    assert done(packed(gn.BatchNorm2d(1), gn.Conv2d(1, 2, 3)), images()) == 0
    apart = gn.Sequential(gn.Conv2d(1, 2, 3), gn.ReLU()).initialize(seed=0)
    assert done(apart, images()) == 0


class Doubled(gn.Conv2d):
    def forward(self, x, *, training=False, rng=None):
        y, cache = super().forward(x, training=training, rng=rng)
        return 2 * y, cache


def test_a_class_of_ones_own_is_not_taken_for_its_base():
    model = packed(Doubled(1, 2, 3), gn.ReLU())
    assert done(model, images()) == 0
    model = packed(gn.Conv2d(1, 2, 3), gn.ReLU(), Doubled(2, 2, 3))
    assert done(model, images()) == 2
    np.testing.assert_allclose(
        model.predict(images()), layer_by_layer(model, images()), rtol=1e-4, atol=1e-5
    )


def _other_slope(model):
    model[1].negative_slope = 0.5


def _other_pool(model):
    model[2] = gn.AvgPool2d(2)


def _other_padding(model):
    model[3].padding = (1, 1)
    model[6] = gn.Linear(40, 4).initialize(seed=1)


def _other_parameter(model):
    model[0].weight = gn.Parameter(np.ones((3, 1, 3, 3), np.float32))


def _no_bias(model):
    model[3].bias = None


def _own_forward(model):
    model[2].forward = lambda x, **_: (x[:, :, ::2, :8:2] + 1, None)


def _more_layers(model):
    model.layers.append(gn.Tanh())


def _other_values(model):
    model[3].bias.value += 1


CHANGES = (
    _other_slope, _other_pool, _other_padding, _other_parameter, _no_bias, _own_forward,
    _more_layers, _other_values,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change):
    model, x = network(), images()
    for _, p in model.named_parameters():
        p.value += 0.02
    before = model.predict(x)
    change(model)
    for _, p in model.named_parameters():
        p.value += 0.02  # the old place, if it is still read, keeps the old values
    after = model.predict(x)
    assert not np.allclose(after, before, atol=1e-3)
    np.testing.assert_allclose(after, layer_by_layer(model, x), rtol=1e-5, atol=1e-5)


def test_a_copy_reads_its_own_parameters():
    model = network()
    before = model.predict(images())
    twin = copy.deepcopy(model)
    twin[9].bias.value += 1
    np.testing.assert_allclose(twin.predict(images()), before + 1, atol=1e-5)
    np.testing.assert_array_equal(model.predict(images()), before)


def test_wrong_shapes_are_met_as_ever():
    model = network()
    x = images()
    for wrong in (x[:, :, :3], x[:, 0], np.repeat(x, 2, axis=1), x[:, :, :1], x[0, 0, 0]):
        with pytest.raises(gn.ShapeError, match=r"^layer \d"):
            model.predict(wrong)
    with pytest.raises(gn.GlassnetError):
        model.predict(x, batch_size=0)
    assert model.predict(x[:0]).shape == (0, 2)
    np.testing.assert_allclose(model.predict(x.astype(float)), model.predict(x), atol=1e-5)
    backwards = x[::-1, :, ::-1]
    np.testing.assert_allclose(model.predict(backwards), model.predict(backwards.copy()), rtol=1e-5)
