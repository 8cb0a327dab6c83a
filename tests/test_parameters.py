"""Parameters, buffers, and the store that packs parameters into flat vectors."""

import copy
from typing import Any

import numpy as np
import pytest

import glassnet as gn


def model() -> gn.Sequential:
    return gn.Sequential(
        gn.Linear(3, 4), gn.BatchNorm1d(4), gn.Tanh(), gn.Linear(4, 2, bias=False)
    ).initialize(seed=0)


def pack(layer: gn.Layer) -> gn.ParameterStore:
    return gn.ParameterStore(dict(layer.named_parameters()))


# --- parameters and buffers -------------------------------------------------------------------


@pytest.mark.parametrize("field", ["value", "grad"])
def test_assignment_copies_into_the_array(field: str) -> None:
    p = gn.Parameter(np.zeros((2, 3), np.float32))
    array = getattr(p, field)
    new = np.arange(6.0).reshape(2, 3)
    setattr(p, field, new)
    assert getattr(p, field) is array
    assert array.dtype == np.float32
    new[...] = 7
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    setattr(p, field, [[1, 1, 1], [2, 2, 2]])
    assert array.sum() == 9


def test_in_place_arithmetic_works() -> None:
    p = gn.Parameter(np.ones(3))
    p.grad += 2
    p.value -= 0.5 * p.grad
    assert p.value.tolist() == [0, 0, 0]


@pytest.mark.parametrize("field", ["value", "grad"])
@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), np.zeros(3), 0.0, np.zeros((1, 2, 3))])
def test_another_shape_is_refused_rather_than_broadcast(field: str, wrong: Any) -> None:
    p = gn.Parameter(np.ones((2, 3)))
    with pytest.raises(gn.ShapeError, match=rf"to the {field} of shape \(2, 3\)"):
        setattr(p, field, wrong)


def test_values_are_copied_and_floating() -> None:
    array = np.ones(3)
    p = gn.Parameter(array)
    array[:] = 5
    assert p.value.tolist() == [1, 1, 1]
    assert gn.Parameter([1, 2]).dtype == np.float32
    assert gn.Parameter(np.ones(2, np.float64)).dtype == np.float64


def test_weights_decay_and_biases_do_not() -> None:
    decaying = {name for name, p in model().named_parameters() if p.decay}
    assert decaying == {"0.weight", "3.weight"}
    assert not gn.LayerNorm((2, 3)).weight.decay
    assert gn.Parameter(np.ones(2), decay=True).decay


def test_pending_parameter_has_a_shape_but_no_values() -> None:
    p = gn.Parameter.pending((2, 3))
    assert (p.is_pending, p.shape, p.size) == (True, (2, 3), 6)
    assert "pending" in repr(p)
    with pytest.raises(gn.UninitializedError, match=r"shape \(2, 3\) has no values"):
        p.value  # noqa: B018
    p.value = np.ones((2, 3))
    assert not p.is_pending
    with pytest.raises(gn.ConfigError, match="no initializer is called"):
        gn.Parameter.pending((2, 3), "hee_normal")


def test_buffers_are_assigned_cast_and_reset() -> None:
    counter, mean = gn.Buffer(np.array(3)), gn.Buffer(np.ones(2, np.float32))
    counter.value, mean.value = counter.value + 1, [5, 6]
    for buffer in (counter, mean):
        buffer.cast(np.float64)
    assert counter.value.dtype == np.int64
    assert mean.value.dtype == np.float64
    with pytest.raises(gn.ShapeError):
        mean.value = 1.0
    counter.reset()
    mean.reset()
    assert (counter.value, mean.value.tolist()) == (3, [1, 1])


# --- the store --------------------------------------------------------------------------------


def test_parameters_become_windows_and_keep_their_values() -> None:
    net = model()
    before = net.state_dict()
    net[0].weight.grad = np.full((4, 3), 2.0)
    store = pack(net)
    assert store.value.shape == store.grad.shape == (4 * 3 + 4 + 4 + 4 + 2 * 4,)
    for name, p in net.named_parameters():
        np.testing.assert_array_equal(p.value, before[name])
        np.testing.assert_array_equal(p.value.ravel(), store.value[store.slices[name]])
        assert np.shares_memory(p.value, store.value)
    assert (store.grad[store.slices["0.weight"]] == 2).all()
    store.value[...] = 0
    assert not net[0].weight.value.any()
    net[3].weight.value = np.ones((2, 4))
    assert store.value.sum() == 8


def test_decaying_parameters_come_first() -> None:
    store = pack(model())
    assert list(store.slices) == ["0.weight", "3.weight", "0.bias", "1.weight", "1.bias"]
    assert store.decayed == slice(0, 20)


def test_backward_writes_into_the_flat_gradient() -> None:
    net = model()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    y, cache = net.forward(x, training=True)
    net.backward(np.ones_like(y), cache)
    expected = {name: p.grad.copy() for name, p in net.named_parameters()}
    store = pack(net)
    store.grad[...] = np.nan
    net.backward_parameters(np.ones_like(y), cache)
    for name, grad in store.by_name(store.grad).items():
        np.testing.assert_array_equal(grad, expected[name])


def test_vectors_are_cut_by_name_into_copies() -> None:
    store = pack(model())
    named = store.by_name(np.arange(store.value.size))
    assert named["3.weight"].tolist() == [[12, 13, 14, 15], [16, 17, 18, 19]]
    named = store.by_name(store.value)
    named["0.weight"][...] = 99
    assert not (store.value == 99).any()


def test_frozen_parameters_stay_outside() -> None:
    net = model()
    net[0].weight.trainable = False
    store = pack(net)
    assert "0.weight" not in store.slices
    assert store.decayed == slice(0, 8)
    assert pack(gn.Sequential(gn.Tanh())).value.shape == (0,)


def test_it_knows_whether_parameters_still_live_in_it() -> None:
    net = model()
    store = pack(net)

    def packs(layer: gn.Layer) -> bool:
        return store.packs(dict(layer.named_parameters()))

    assert packs(net)
    assert not packs(copy.deepcopy(net))
    assert not packs(model())
    net[0].bias.trainable = False
    assert not packs(net)
    net[0].bias.trainable = True
    assert packs(net)
    net.astype(np.float32)
    assert not packs(net)
    store = pack(net)
    assert packs(net)
    other = pack(net)
    assert not packs(net)
    assert other.packs(dict(net.named_parameters()))


def test_what_cannot_be_packed_is_refused() -> None:
    net = gn.Sequential(gn.Linear(2, 2).initialize(), gn.Linear(2, 2).initialize())
    net[0].astype(np.float64)
    with pytest.raises(gn.ShapeError, match=r"several dtypes .*model\.astype"):
        pack(net)
    with pytest.raises(gn.UninitializedError):
        pack(gn.Linear(2, 3))


def test_gathered_undoes_by_name_and_takes_what_fits_from_another_store() -> None:
    store = gn.ParameterStore({"a": gn.Parameter(np.ones((2, 2))), "b": gn.Parameter(np.ones(3))})
    vector = np.arange(7, dtype=np.float32)
    named = store.by_name(vector)
    np.testing.assert_array_equal(store.gathered(named), vector)
    other = {"a": named["a"] + 1, "b": np.ones(5), "c": np.ones(2)}
    np.testing.assert_array_equal(store.gathered(other), [1, 2, 3, 4, 0, 0, 0])


def test_a_store_knows_when_a_parameter_has_moved_out() -> None:
    parameter = gn.Parameter(np.ones(3))
    store = gn.ParameterStore({"a": parameter})
    assert store.is_home
    gn.ParameterStore({"a": parameter})
    assert not store.is_home
