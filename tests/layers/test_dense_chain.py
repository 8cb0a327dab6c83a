"""A few samples go through dense layers in one call, and what a user changes is seen."""

import copy
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet import kernels
from glassnet.layers.dense_chain import DenseChain
from glassnet.store import ParameterStore

ACTIVATIONS = (
    gn.Identity, gn.ReLU, lambda: gn.LeakyReLU(0.2), gn.Sigmoid, gn.Tanh, lambda: gn.ELU(0.7),
    gn.SiLU, gn.GELU,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _compiled():
    pytest.importorskip("numba")
    kernels.use_kernels("numba")


def packed(*layers: gn.Layer) -> gn.Sequential:
    """Return a model whose parameters lie in one vector, as training leaves them."""
    model = gn.Sequential(*layers).initialize(seed=0)
    ParameterStore(dict(model.named_parameters()))
    return model


def network() -> gn.Sequential:
    return packed(gn.Linear(5, 4), gn.LeakyReLU(0.2), gn.Linear(4, 3), gn.Tanh(), gn.Linear(3, 2))


def is_one_call(model: gn.Sequential) -> bool:
    return DenseChain.of(model.layers, training=True) is not None


def layer_by_layer(model: gn.Sequential, x: np.ndarray) -> np.ndarray:
    kernels.use_kernels("numpy")
    y = model.predict(x)
    kernels.use_kernels("numba")
    return y


@given(st.data())
@settings(max_examples=60, deadline=None, database=None)
def test_any_chain_gives_what_its_layers_give(data):
    sizes = st.sampled_from([1, 2, 7, 8, 9, 31])
    widths = data.draw(st.lists(sizes, min_size=2, max_size=4))
    layers = [gn.Flatten()] * data.draw(st.booleans())
    for inputs, outputs in pairwise(widths):
        layers.append(gn.Linear(inputs, outputs, bias=data.draw(st.booleans())))
        layers.append(data.draw(st.sampled_from(ACTIVATIONS))())
    model = packed(*layers)
    shape = data.draw(st.sampled_from([(widths[0],), (1, widths[0], 1)] if len(layers) % 2 else
                                      [(widths[0],)]))  # fmt: skip
    samples = data.draw(st.sampled_from([1, 2, 15, 16, 33]))
    x = np.random.default_rng(samples).standard_normal((samples, *shape)).astype(np.float32)
    assert is_one_call(model)
    np.testing.assert_allclose(model.predict(x), layer_by_layer(model, x), rtol=1e-5, atol=1e-5)


def _other_slope(model):
    model[1].negative_slope = 0.5


def _other_layer(model):
    model[3] = gn.Sigmoid()


def _other_parameter(model):
    model[0].weight = gn.Parameter(np.ones((4, 5), np.float32))


def _no_bias(model):
    model[2].bias = None


def _own_forward(model):
    model[3].forward = lambda x, **_: (x + 1, None)


def _more_layers(model):
    model.layers.append(gn.Tanh())


def _other_place(model):
    ParameterStore(dict(reversed(list(model.named_parameters()))))


CHANGES = (
    _other_slope, _other_layer, _other_parameter, _no_bias, _own_forward, _more_layers,
    _other_place,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(change):
    model = network()
    x = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    before = model.predict(x)
    change(model)
    for _, p in model.named_parameters():
        p.value += 0.25  # the old place, if it is still read, keeps the old values
    after = model.predict(x)
    assert not np.allclose(after, before, atol=1e-3)
    np.testing.assert_allclose(after, layer_by_layer(model, x), rtol=1e-5, atol=1e-6)


def test_a_copy_reads_its_own_parameters():
    model = network()
    x = np.ones((1, 5), np.float32)
    before = model.predict(x)
    twin = copy.deepcopy(model)
    twin[4].bias.value += 1
    np.testing.assert_allclose(twin.predict(x), before + 1, rtol=1e-5)
    np.testing.assert_array_equal(model.predict(x), before)


def test_other_dtypes_and_wrong_shapes_are_met_as_ever():
    model = network()
    x = np.ones((2, 5), np.float32)
    np.testing.assert_allclose(model.predict(x.astype(int)), model.predict(x), rtol=1e-6)
    for wrong in (np.ones((2, 4), np.float32), np.ones((2, 5, 1), np.float32), x[0]):
        with pytest.raises(gn.GlassnetError):
            model.predict(wrong)
    late = packed(gn.Linear(5, 4), gn.Flatten(), gn.Linear(4, 2))
    with pytest.raises(gn.ShapeError, match="layer 0"):
        late.predict(x[:, None])
    with pytest.raises(gn.GlassnetError):
        model.predict(x, batch_size=0)
    assert model.predict(x[:0]).shape == (0, 2)
    assert model.astype(np.float64).predict(x).dtype == np.float64


def test_many_samples_that_may_not_be_written_are_not_copied_at_once():
    model = packed(gn.Linear(64, 4), gn.ReLU(), gn.Linear(4, 2))
    x = np.ones((20_000, 64), np.float32)
    expected = model.predict(x)
    x.flags.writeable = False
    model.predict(x)  # imports and compiles
    tracemalloc.start()
    found = model.predict(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert most < x.nbytes / 2


def test_loaded_models_go_in_one_call(tmp_path):
    model = network()
    gn.save(model, tmp_path / "model.safetensors")
    loaded = gn.load(tmp_path / "model.safetensors")
    assert is_one_call(loaded)
    x = np.ones((1, 5), np.float32)
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
