"""Training steps of whole dense networks: each edition against the one before."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.kernels import reference, vectorised
from glassnet.kernels.codes import ACTIVATIONS, LOSSES, RULES

from .compare import ORDERS, generators, orders

WRITTEN = ("value", "grad", "first", "second", "output", "figures")
few = settings(max_examples=80, deadline=None, database=None)
SETTINGS = {"sgd": (0, 0, 0), "momentum": (0.9, 0.3, 0), "nesterov": (0.9, 0, 0)}
SMALL = [1, 2, 3, 5]
LARGE = [1, 2, 7, 8, 9, 15, 16, 17, 40, 65]


@st.composite
def trainings(draw: st.DrawFn, sizes: list[int], batches: list[int]) -> dict[str, Any]:
    """Draw a network, data, and all that a training may have besides."""
    rng = draw(generators)
    widths = draw(st.lists(st.sampled_from(sizes), min_size=2, max_size=4))
    loss, rule = draw(st.sampled_from(LOSSES)), draw(st.sampled_from(RULES))
    batch = draw(st.sampled_from(batches))
    # In many steps rounding brings some sum to the other side of a kink, and the editions part.
    samples = draw(st.integers(1, min(2 * max(batches), 6 * batch)))
    weights = sum(a * b for a, b in pairwise(widths))
    layers, start, bias = [], 0, weights
    for inputs, outputs in pairwise(widths):
        kind = draw(st.integers(0, len(ACTIVATIONS) - 1))
        has_bias = draw(st.booleans())
        layers.append((inputs, outputs, start, bias if has_bias else -1, kind))
        start, bias = start + inputs * outputs, bias + outputs * has_bias
    labelled, steps = draw(st.booleans()), -(-samples // batch)
    rows = rng.random((0 if labelled else samples, widths[-1]))
    vector = (0.5 * rng.standard_normal(bias)).astype(np.float32)
    return {
        "x": rng.standard_normal((samples, widths[0])).astype(np.float32),
        "labels": rng.integers(0, widths[-1], samples if labelled else 0),
        "rows": rows.astype(np.float32),
        "low": 0.01,
        "high": 0.97,
        "batch": batch,
        "layers": np.array(layers),
        "slopes": rng.random(len(layers)),
        "loss": LOSSES.index(loss),
        "value": vector,
        "grad": np.full(bias, 7, np.float32),
        "decayed": weights,
        "l1": draw(st.sampled_from([0, 0.01])),
        "l2": draw(st.sampled_from([0, 0.1])),
        "clip_norm": draw(st.sampled_from([np.inf, 0.1])),
        "weight_decay": draw(st.sampled_from([0, 0.1])),
        "rule": RULES.index(rule),
        "settings": np.array(SETTINGS.get(rule, (0.9, 0.999, 1e-3)), float),
        "first": rng.standard_normal(bias).astype(np.float32) * 0.1,
        "second": rng.random(bias).astype(np.float32) * 0.1,
        "taken": draw(st.integers(0, 9)),
        "rates": rng.random(steps) * 0.002,
        "output": np.full((samples, widths[-1]), 7, np.float32),
        "figures": np.full((steps, 2), 7.0),
    }


def result(edition: Any, arguments: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """Return what the kernel writes, having checked that it leaves the rest alone."""
    given = {
        name: ORDERS[order[i % len(order)]](value) if isinstance(value, np.ndarray) else value
        for i, (name, value) in enumerate(arguments.items())
    }
    for name, value in given.items():
        if isinstance(value, np.ndarray) and name not in WRITTEN:
            value.flags.writeable = False
    taken = edition.dense_network_steps(**given)
    for name, value in given.items():
        if name not in WRITTEN:
            np.testing.assert_array_equal(value, arguments[name], err_msg=name)
    return {"taken": taken, **{name: given[name] for name in WRITTEN}}


def assert_close(actual: dict[str, Any], expected: dict[str, Any]) -> None:
    assert actual["taken"] == expected["taken"]
    for name in WRITTEN:
        scale = max(1.0, float(np.abs(expected[name]).max(initial=0)))
        np.testing.assert_allclose(
            actual[name], expected[name], rtol=1e-4, atol=2e-5 * scale, err_msg=name
        )


@given(trainings(SMALL, [1, 2, 4]), orders)
@few
def test_numpy_agrees_with_the_textbook(arguments, order):
    expected = result(reference, arguments, order[::-1])
    assert expected["taken"] == len(arguments["rates"])
    assert_close(result(vectorised, arguments, order), expected)


@pytest.mark.parametrize("sizes", [SMALL, LARGE], ids=["small", "large"])
def test_compiled_agrees_with_numpy(sizes):
    pytest.importorskip("numba")
    from glassnet.kernels import compiled

    @given(trainings(sizes, [1, 3, 15, 16, 50]), st.sampled_from([["C"], ["C", "F", "sliced"]]))
    @few
    def compare(arguments, order):
        written_in_order = ["C"] if order == ["C"] else order
        expected = result(vectorised, arguments, ["C"])
        assert_close(result(compiled, arguments, written_in_order), expected)

    compare()


@pytest.mark.parametrize("form", ["one thread", "all threads"])
@pytest.mark.parametrize("batches", [[1, 3, 15], [16, 33, 50, 130]], ids=["few", "many"])
def test_layers_that_threads_share(form, batches, monkeypatch):
    """Large layers between small and narrow ones, blocks of parameters that end anywhere."""
    pytest.importorskip("numba")
    from glassnet.kernels import compiled
    from glassnet.kernels.compiled import _loops, _shared_layers, network

    assert _shared_layers.ENOUGH == _loops.ENOUGH > 0  # it was loaded before that is changed
    monkeypatch.setattr(_loops, "ENOUGH", 0 if form == "all threads" else 1 << 62)
    monkeypatch.setattr(network, "SHARED", 0)

    @given(trainings([5, 10, 65, 401], batches))
    @settings(max_examples=60, deadline=None, database=None)
    def compare(arguments):
        arguments["value"] /= np.sqrt(arguments["layers"][:, 0].max())
        expected = result(vectorised, arguments, ["C"])
        assert_close(result(compiled, arguments, ["C"]), expected)

    compare()


def editions() -> list[Any]:
    found = [vectorised, reference]
    try:
        import numba  # noqa: F401

        from glassnet.kernels import compiled
    except ImportError:
        return found
    return [*found, compiled]


@pytest.mark.parametrize("sizes", [SMALL, LARGE, [250, 801]], ids=["small", "large", "threads"])
def test_outputs_are_those_of_the_textbook(sizes):
    @given(trainings(sizes, [1, 15, 16, 50]), orders, st.booleans())
    @settings(max_examples=40, deadline=None, database=None)
    def compare(arguments, order, single):
        x = arguments["x"][: 1 if single or sizes[0] > 100 else None]
        arguments["value"] /= np.sqrt(arguments["layers"][:, 0].max())  # sums of the size of 1
        given = [x, *(arguments[name] for name in ("layers", "slopes", "value"))]
        expected = vectorised.dense_network_forward(*given)
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        for edition in editions():
            if edition is reference and sizes is not SMALL:
                continue
            mine = [ORDERS[order[i % len(order)]](array) for i, array in enumerate(given)]
            for array in mine:
                array.flags.writeable = False
            mine[3] = given[3] if order[0] == "C" else mine[3]
            found = edition.dense_network_forward(*mine)
            assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5 * scale)

    compare()


@pytest.mark.parametrize("form", ["one thread", "all threads"])
def test_samples_in_blocks_and_in_shares(form, monkeypatch):
    """However many threads, samples and units: blocks and shares end in the middle of a tile."""
    pytest.importorskip("numba")
    from glassnet.kernels.compiled import _loops, _outputs, network

    monkeypatch.setattr(_loops, "ENOUGH", 0 if form == "all threads" else 1 << 62)
    sizes = st.lists(st.sampled_from([1, 7, 8, 10, 31, 401]), min_size=2, max_size=4)
    counts = st.sampled_from([2, 15, 16, 31, 32, 33, 64, 65, 96, 129, 300])
    loops = {"few": _outputs.outputs_of_few, "many": _outputs.outputs_of_many}

    @given(sizes, counts, st.sampled_from([1, 2, 3, 5]), st.sampled_from(list(loops)), generators)
    @settings(max_examples=60, deadline=None, database=None)
    def compare(widths, samples, parts, way, rng):
        layers, start = [], 0
        for inputs, outputs in pairwise(widths):
            kind = int(rng.integers(len(ACTIVATIONS)))
            layers.append((inputs, outputs, start, start + inputs * outputs, kind))
            start += (inputs + 1) * outputs
        table, slopes = np.array(layers), rng.random(len(layers))
        value = (rng.standard_normal(start) / 20).astype(np.float32)
        x = rng.standard_normal((samples, widths[0])).astype(np.float32)
        output = np.full((samples, widths[-1]), 7, np.float32)
        loops[way](1, x, table, slopes, value, parts, output)
        expected = vectorised.dense_network_forward(x, table, slopes, value)
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=2e-5)
        chosen = network.dense_network_forward(x, table, slopes, value)
        np.testing.assert_allclose(chosen, expected, rtol=1e-4, atol=2e-5)

    compare()


@pytest.mark.parametrize("fault", ["sample", "weight", "label below", "label above"])
@pytest.mark.parametrize("edition", editions(), ids=lambda module: module.__name__)
@pytest.mark.parametrize("batch", [2, 20])
def test_a_step_that_comes_to_no_number_is_not_taken(edition, fault, batch):
    rng = np.random.default_rng(0)
    arguments = {
        "x": rng.standard_normal((3 * batch, 2)).astype(np.float32),
        "labels": rng.integers(0, 3, 3 * batch), "rows": np.zeros((0, 3), np.float32),
        "low": 0.0, "high": 1.0, "batch": batch,
        "layers": np.array([(2, 3, 0, 6, ACTIVATIONS.index("relu"))]), "slopes": np.zeros(1),
        "loss": 0, "value": rng.random(9).astype(np.float32), "grad": np.zeros(9, np.float32),
        "decayed": 6, "l1": 0.0, "l2": 0.0, "clip_norm": np.inf, "weight_decay": 0.0,
        "rule": RULES.index("momentum"), "settings": np.array([0.9, 0.0, 0.0]),
        "first": np.zeros(9, np.float32), "second": np.zeros(0, np.float32), "taken": 0,
        "rates": np.full(3, 0.1), "output": np.zeros((3 * batch, 3), np.float32),
        "figures": np.zeros((3, 2)),
    }  # fmt: skip
    one = {**arguments, "x": arguments["x"][:batch], "labels": arguments["labels"][:batch]}
    one |= {"rates": arguments["rates"][:1], "output": arguments["output"][:batch].copy()}
    expected = 1
    match fault:
        case "sample":
            arguments["x"][batch] = np.nan
        case "weight":
            expected = 0
            arguments["value"][4] = np.inf
        case "label below":
            arguments["labels"][2 * batch - 1] = -1
        case "label above":
            arguments["labels"][2 * batch - 1] = 3
    one = {**one, "value": arguments["value"].copy(), "figures": np.zeros((1, 2))}
    with np.errstate(all="ignore"):
        found, first = result(edition, arguments, ["C"]), result(edition, one, ["C"])
    assert found["taken"] == expected
    np.testing.assert_array_equal(found["value"], first["value"])
    np.testing.assert_array_equal(found["first"], first["first"])
    assert not np.isfinite(found["figures"][expected]).all()


def test_compiled_refuses_what_does_not_fit():
    pytest.importorskip("numba")
    from glassnet.kernels import compiled

    vector, layers = np.zeros(9, np.float32), np.array([(2, 3, 0, 6, 0)])
    for inputs, labels, steps in ((3, 4, 1), (2, 5, 1), (2, 4, 2)):
        with pytest.raises(ValueError, match="do not fit"):
            compiled.dense_network_steps(
                np.zeros((4, inputs), np.float32), np.zeros(labels, np.int64),
                np.zeros((0, 3), np.float32), 0.0, 1.0, 4, layers, np.zeros(1), 0, vector,
                vector.copy(), 6, 0.0, 0.0, np.inf, 0.0, 0, np.zeros(3), vector[:0], vector[:0], 0,
                np.zeros(steps), np.zeros((4, 3), np.float32), np.zeros((1, 2)),
            )  # fmt: skip
