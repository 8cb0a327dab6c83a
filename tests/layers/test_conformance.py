"""What every layer promises, tried on every row of the table."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import Array
from glassnet.layers import from_config

from .table import LAYERS, Row

pytestmark = pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.name)
modes = pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])


def forward(layer: gn.Layer, x: Array, training: bool) -> tuple[Array, Any]:
    """Run the forward pass, always with the same random numbers."""
    return layer.forward(x, training=training, rng=np.random.default_rng(3))


def upstream(y: Array) -> Array:
    """Make up a gradient of the output."""
    return np.random.default_rng(4).normal(size=y.shape).astype(y.dtype)


def gradients(layer: gn.Layer) -> dict[str, Array]:
    return {name: p.grad.copy() for name, p in layer.named_parameters()}


def passes(layer: gn.Layer, x: Array, training: bool) -> dict[str, Array]:
    """Return everything a forward and a backward pass give."""
    y, cache = forward(layer, x, training)
    dx = layer.backward(upstream(y), cache)
    return {"y": y, "dx": dx, **gradients(layer)}


def assert_same(found: dict[str, Array], expected: dict[str, Array]) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], 1e-10, 1e-12, err_msg=name)


def arrays_in(cache: Any) -> Iterator[Array]:
    if isinstance(cache, np.ndarray):
        yield cache
    elif isinstance(cache, (tuple, list)):
        for item in cache:
            yield from arrays_in(item)


@modes
@pytest.mark.parametrize("samples", [1, 6])
def test_output_has_the_announced_shape(row: Row, training: bool, samples: int) -> None:
    layer = row.layer()
    x = row.sample(samples)
    y, cache = forward(layer, x, training)
    assert y.shape == (samples, *layer.output_shape(row.shape))
    assert layer.backward(upstream(y), cache).shape == x.shape
    assert np.isfinite(y).all()
    assert layer.predict(x[:0]).shape == (0, *y.shape[1:])


def test_what_is_announced_of_unknown_sizes_is_true(row: Row) -> None:
    layer = row.layer()
    real = layer.output_shape(row.shape)
    assert real is not None
    for known in (None, (None,) * len(row.shape), (row.shape[0], *(None,) * (len(row.shape) - 1))):
        announced = layer.output_shape(known)
        if announced is not None:
            assert len(announced) == len(real)
            assert all(a in (None, r) for a, r in zip(announced, real, strict=True))


@modes
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(row: Row, training: bool, dtype: type) -> None:
    layer = row.layer(dtype)
    for name, array in passes(layer, row.sample(dtype=dtype), training).items():
        assert array.dtype == dtype, name
    assert {b.value.dtype for _, b in layer.named_buffers()} <= {np.dtype(dtype), np.dtype(int)}


@modes
def test_inputs_parameters_and_cache_are_only_read(row: Row, training: bool) -> None:
    layer, x = row.layer(), row.sample()
    expected = passes(layer, x, training)
    x.flags.writeable = False
    for _, parameter in layer.named_parameters():
        parameter.value.flags.writeable = False
    y, cache = forward(layer, x, training)
    dy = upstream(y)
    kept = [array.copy() for array in arrays_in(cache)]
    for array in (y, dy, *arrays_in(cache)):
        array.flags.writeable = False
    dx = layer.backward(dy, cache)
    assert_same({"y": y, "dx": dx, **gradients(layer)}, expected)
    np.testing.assert_array_equal(x, row.sample())
    np.testing.assert_array_equal(dy, upstream(y))
    for before, after in zip(kept, arrays_in(cache), strict=True):
        np.testing.assert_array_equal(before, after)


@modes
def test_results_share_no_memory(row: Row, training: bool) -> None:
    layer, x = row.layer(), row.sample()
    y, cache = forward(layer, x, training)
    dy = upstream(y)
    dx = layer.backward(dy, cache)
    own = {name: p.grad for name, p in layer.named_parameters()}
    given = {f"value of {name}": p.value for name, p in layer.named_parameters()}
    given |= {name: b.value for name, b in layer.named_buffers()} | {"x": x, "dy": dy}
    made = {"y": y, "dx": dx} | {f"cache {i}": a for i, a in enumerate(arrays_in(cache))}
    for (a, first), (b, second) in combinations(own.items(), 2):
        assert not np.shares_memory(first, second), (a, b)
    for a, first in own.items():
        for b, second in (given | made).items():
            assert not np.shares_memory(first, second), (a, b)
    for a, first in made.items():
        for b, second in given.items():
            handed_on = {a, b} in ({"y", "x"}, {"dx", "dy"}) and row.passes_through
            kept = a.startswith("cache") and b == "x"
            assert handed_on or kept or not np.shares_memory(first, second), (a, b)


def spread(x: Array) -> Array:
    """Lay x out with gaps between its numbers."""
    wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), np.nan)
    wide[..., ::2] = x
    return wide[..., ::2]


def mirrored(x: Array) -> Array:
    """Lay x out backwards, so that all strides are negative."""
    return np.flip(np.ascontiguousarray(np.flip(x)))


def batch_innermost(x: Array) -> Array:
    """Lay x out as convolutions do."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


@modes
@pytest.mark.parametrize("lay_out", [spread, mirrored, batch_innermost])
def test_memory_order_makes_no_difference(
    row: Row, training: bool, lay_out: Callable[[Array], Array]
) -> None:
    layer = row.layer()
    expected = passes(layer, row.sample(), training)
    y, cache = forward(layer, lay_out(row.sample()), training)
    dx = layer.backward(lay_out(upstream(y)), cache)
    assert_same({"y": y, "dx": dx, **gradients(layer)}, expected)


def test_each_sample_is_evaluated_alone(row: Row) -> None:
    layer, x = row.layer(), row.sample()
    whole = layer.infer(x)
    np.testing.assert_allclose(layer.forward(x)[0], whole, 1e-12, 1e-14)
    parts = [layer.infer(x[:4]), layer.infer(x[4:5]), layer.infer(x[5:])]
    np.testing.assert_allclose(np.concatenate(parts), whole, 1e-12, 1e-14)
    np.testing.assert_allclose(layer.predict(x, batch_size=4), whole, 1e-5, 1e-6)


@modes
def test_random_numbers_are_drawn_only_where_needed(row: Row, training: bool) -> None:
    layer, x = row.layer(), row.sample()
    rng, untouched = np.random.default_rng(0), np.random.default_rng(0)
    y, _ = layer.forward(x, training=training, rng=rng)
    if training and row.stochastic:
        assert rng.bit_generator.state != untouched.bit_generator.state
        with pytest.raises(gn.ConfigError, match=r"Dropout\(.*\) needs random numbers"):
            layer.forward(x, training=True)
    else:
        assert rng.bit_generator.state == untouched.bit_generator.state
        np.testing.assert_array_equal(layer.forward(x, training=training)[0], y)


@pytest.mark.parametrize("packed", [False, True], ids=["alone", "packed"])
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))],
    ids=["deepcopy", "pickle"],
)
def test_copies_are_equal_and_independent(
    row: Row, packed: bool, copied: Callable[[gn.Layer], gn.Layer]
) -> None:
    layer, x = row.layer(), row.sample()
    if packed:
        gn.ParameterStore(dict(layer.named_parameters()))
    twin = copied(layer)
    assert repr(twin) == repr(layer)
    assert_same(passes(twin, x, True), passes(layer, x, True))
    before = layer.state_dict()
    for _, p in (*twin.named_parameters(), *twin.named_buffers()):
        p.value[...] = 9
    assert_same(layer.state_dict(), before)
    assert not any(
        np.shares_memory(ours.grad, theirs.grad)
        for (_, ours), (_, theirs) in zip(
            layer.named_parameters(), twin.named_parameters(), strict=True
        )
    )


@pytest.mark.parametrize("modes", [(True, True), (False, False), (False, True), (True, False)])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first first", "last first"])
def test_calls_do_not_disturb_each_other(
    row: Row, modes: tuple[bool, bool], order: tuple[int, int]
) -> None:
    inputs = row.sample(seed=5), row.sample(samples=4, seed=6)

    def calls_until(last: int) -> tuple[gn.Layer, list[tuple[Array, Any]]]:
        layer = row.layer()
        return layer, [forward(layer, inputs[i], modes[i]) for i in range(last + 1)]

    def backward(layer: gn.Layer, call: tuple[Array, Any]) -> dict[str, Array]:
        y, cache = call
        return {"y": y, "dx": layer.backward(upstream(y), cache), **gradients(layer)}

    layer, calls = calls_until(1)
    for i in order:
        alone, its_calls = calls_until(i)
        assert_same(backward(layer, calls[i]), backward(alone, its_calls[i]))


@modes
def test_two_threads_may_share_a_layer(row: Row, training: bool) -> None:
    layer = row.layer()
    inputs = row.sample(seed=5), row.sample(seed=6)
    expected = [passes(row.layer(), x, training) for x in inputs]

    def work(i: int) -> None:
        for _ in range(10):
            found = passes(layer, inputs[i], training)
            for name in ("y", "dx"):  # the parameters' gradients are of whoever came last
                np.testing.assert_allclose(found[name], expected[i][name], 1e-10, 1e-12)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [0, 1]))


def test_description_builds_an_equal_layer(row: Row) -> None:
    layer, x = row.layer(), row.sample()
    description = json.loads(json.dumps(layer.config()))
    twin = from_config(description).astype(np.float64)
    assert type(twin) is type(layer)
    assert twin.config() == description
    twin.load_state_dict(layer.state_dict())
    assert_same(passes(twin, x, True), passes(layer, x, True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_file_gives_back_the_very_same_layer(row: Row, dtype: type, tmp_path: Path) -> None:
    layer, x = row.layer(dtype), row.sample(dtype=dtype)
    gn.save(layer, tmp_path / "layer.safetensors")
    twin = gn.load(tmp_path / "layer.safetensors")
    np.testing.assert_array_equal(twin.infer(x), layer.infer(x))
    assert twin.dtype == layer.dtype
    assert twin.config() == layer.config()


@modes
def test_gradients_are_those_of_finite_differences(row: Row, training: bool) -> None:
    layer, x = row.layer(), row.sample()
    found = passes(layer, x, training)
    rng = np.random.default_rng(7)

    def slope(moved: Array, direction: Array) -> float:
        """Differentiate the loss Σ dy·y, dy held constant, as `moved` goes in that direction."""
        losses, start, step = [], moved.copy(), 1e-5
        for sign in (1, -1):
            moved[...] = start + sign * step * direction
            y, _ = forward(layer, x, training)
            losses.append(float((upstream(y) * y).sum()))
        moved[...] = start
        return (losses[0] - losses[1]) / (2 * step)

    for name, array in {"dx": x, **{n: p.value for n, p in layer.named_parameters()}}.items():
        for _ in range(3):
            direction = rng.normal(size=array.shape)
            slow = slope(array, direction)
            scale = np.linalg.norm(found[name]) * np.linalg.norm(direction)
            error = abs(float((found[name] * direction).sum()) - slow)
            assert error < 1e-7 * scale + 1e-8, name


@modes
def test_gradients_are_written_not_added(row: Row, training: bool) -> None:
    layer, x = row.layer(), row.sample()
    y, cache = forward(layer, x, training)
    layer.backward(upstream(y), cache)
    expected = gradients(layer)
    windows = {name: p.grad for name, p in layer.named_parameters()}
    for run in (layer.backward, layer.backward_parameters):
        for window in windows.values():
            window[...] = np.nan
        run(upstream(y), cache)
        assert_same(windows, expected)


def test_frozen_parameters_get_no_gradient(row: Row) -> None:
    layer, x = row.layer(), row.sample()
    expected = passes(layer, x, True)
    for frozen, parameter in layer.named_parameters():
        parameter.trainable = False
        for run in (layer.backward, layer.backward_parameters):
            parameter.grad = np.full(parameter.shape, 7.0)
            y, cache = forward(layer, x, True)
            run(upstream(y), cache)
            assert (parameter.grad == 7).all(), frozen
            others = {name: g for name, g in gradients(layer).items() if name != frozen}
            assert_same(others, {name: expected[name] for name in others})
        parameter.trainable = True
