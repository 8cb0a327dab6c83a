"""The report, the manners of the check, localisation, and the thorough search."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

import glassnet as gn
from glassnet.doctor import KINDS, error_curve, gradcheck
from glassnet.errors import ConfigError

X = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
LABELS = np.arange(6) % 3
LOSS = gn.SoftmaxCrossEntropy()


class Wrong(gn.Tanh):
    def backward(self, dy, cache):  # type: ignore[no-untyped-def]
        return dy


def sick_model() -> gn.Sequential:
    body = gn.Sequential(gn.Linear(4, 4), Wrong())
    return gn.Sequential(gn.Linear(4, 4), gn.Residual(body), gn.Linear(4, 3)).initialize(seed=0)


def test_report_is_text_html_and_json() -> None:
    report = gradcheck(sick_model(), X, LABELS, LOSS)
    assert not report.ok
    text = str(report)
    assert "1.body.1 Wrong()" in text
    assert "activation-derivative-missing" in text
    assert "mend:" in text
    assert "<table" in report._repr_html_()
    data = json.loads(json.dumps(report.to_dict()))
    assert data["ok"] is False
    assert data["faults"][0]["kind"] == "activation-derivative-missing"
    assert {"layer", "parameter", "analytic", "numeric", "error"} <= data["checks"][0].keys()


def test_fault_is_attributed_to_its_layer_only() -> None:
    report = gradcheck(sick_model(), X, LABELS, LOSS)
    assert [(f.layer, f.parameter) for f in report.faults] == [("1.body.1 Wrong()", "input")]
    assert report.faults[0].size > 0.01
    assert report.faults[0].mend == KINDS[report.faults[0].kind]


def test_every_parameter_and_the_input_are_checked() -> None:
    model = gn.Sequential(gn.Linear(4, 4), gn.Tanh(), gn.Linear(4, 3)).initialize(seed=0)
    checked = {check.parameter for check in gradcheck(model, X, LABELS, LOSS).checks}
    assert {name for name, _ in model.named_parameters()} | {"input", "output"} <= checked


def test_model_data_and_generators_are_untouched() -> None:
    model = gn.Sequential(gn.Linear(4, 4), gn.BatchNorm1d(4), gn.Dropout(0.5), gn.Linear(4, 3))
    model.initialize(seed=0)
    before, x, labels = model.state_dict(), X.copy(), LABELS.copy()
    legacy = np.random.get_state()[1].copy()  # type: ignore[union-attr]  # noqa: NPY002
    gradcheck(model, X, LABELS, LOSS, regularizers=[gn.L2(0.1)], thorough=True)
    after = model.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert model.dtype == np.float32
    assert np.array_equal(X, x)
    assert np.array_equal(LABELS, labels)
    assert np.array_equal(np.random.get_state()[1], legacy)  # type: ignore[arg-type]  # noqa: NPY002


def test_same_seed_same_report() -> None:
    a, b = (gradcheck(sick_model(), X, LABELS, LOSS, seed=3) for _ in range(2))
    assert a.checks == b.checks
    assert a.faults == b.faults


def test_model_without_values_is_initialized_in_the_copy() -> None:
    model = gn.Sequential(gn.Linear(4, 3))
    assert gradcheck(model, X, LABELS, LOSS).ok
    assert next(iter(model.named_parameters()))[1].is_pending


@pytest.mark.parametrize("x", [np.zeros((0, 4)), np.float32(3)])
def test_no_batch_is_refused_in_words(x: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="batch of samples"):
        gradcheck(gn.Linear(4, 3), x, LABELS, LOSS)


@pytest.mark.parametrize("where", ["forward", "backward"])
def test_a_layer_that_raises_is_a_fault_and_no_crash(where: str) -> None:
    class Raising(gn.Identity):
        def forward(self, x, *, training=False, rng=None):  # type: ignore[no-untyped-def]
            if where == "forward":
                raise KeyError("lost")
            return super().forward(x)

        def backward(self, dy, cache):  # type: ignore[no-untyped-def]
            raise KeyError("lost")

    model = gn.Sequential(gn.Linear(4, 4), Raising(), gn.Linear(4, 3)).initialize(seed=0)
    report = gradcheck(model, X, LABELS, LOSS)
    assert [f.kind for f in report.faults] == ["raises"]
    assert "1 Raising()" in report.faults[0].layer
    assert "KeyError in test_gradcheck.py, line " in report.faults[0].message


@pytest.mark.parametrize("returned", [None, 3, "dx", (1, 2), np.zeros(3), [[1.0]], np.array("a")])
def test_nonsense_from_backward_is_a_fault_and_no_crash(returned: object) -> None:
    class Odd(gn.Identity):
        def backward(self, dy, cache):  # type: ignore[no-untyped-def]
            return returned

    model = gn.Sequential(gn.Linear(4, 4), Odd(), gn.Linear(4, 3)).initialize(seed=0)
    report = gradcheck(model, X, LABELS, LOSS)
    assert not report.ok
    assert all("Odd" in fault.layer for fault in report.faults)


@pytest.mark.parametrize("returned", [None, 3.0, (np.zeros(3), None), "y"])
def test_nonsense_from_forward_is_a_fault_and_no_crash(returned: object) -> None:
    class Odd(gn.Identity):
        def forward(self, x, *, training=False, rng=None):  # type: ignore[no-untyped-def]
            return returned

    model = gn.Sequential(gn.Linear(4, 4), Odd(), gn.Linear(4, 3)).initialize(seed=0)
    assert not gradcheck(model, X, LABELS, LOSS).ok


def test_container_that_chains_wrongly_is_named() -> None:
    class Backwards(gn.Sequential):
        def backward(self, dy, cache):  # type: ignore[no-untyped-def]
            for layer, kept in zip(self.layers, cache, strict=True):
                dy = layer.backward(dy, kept)
            return dy

    inner = Backwards(gn.Linear(4, 4), gn.Tanh(), gn.Linear(4, 4))
    report = gradcheck(gn.Sequential(inner, gn.Linear(4, 3)).initialize(seed=0), X, LABELS, LOSS)
    assert not report.ok
    assert report.faults[0].layer == "0 Backwards"


class Off(gn.Linear):
    """One weight's gradient is wrong by 1e-4 of itself."""

    def backward_parameters(self, dy, cache):  # type: ignore[no-untyped-def]
        super().backward_parameters(dy, cache)
        self.weight.grad[3, 7] *= 1 + 1e-4


def test_thorough_finds_one_weight_among_many() -> None:
    model = gn.Sequential(gn.Linear(20, 400), gn.ReLU(), Off(400, 300), gn.Linear(300, 3))
    x = np.random.default_rng(1).standard_normal((6, 20)) * (np.arange(20) > 9)
    report = gradcheck(model.initialize(seed=0), x, LABELS, LOSS, thorough=True)
    (fault,) = report.faults
    assert (fault.parameter, fault.kind) == ("2.weight", "few-entries")
    assert fault.size == pytest.approx(1e-4, rel=1e-3)
    assert "(3, 7)" in fault.message


def test_cost_does_not_grow_with_the_parameters() -> None:
    counts = []
    for width in (10, 200):
        model = gn.Sequential(gn.Linear(4, width), gn.Tanh(), gn.Linear(width, 3)).initialize(0)
        counts.append(len(gradcheck(model, X, LABELS, LOSS).checks))
    assert counts[0] == counts[1]


def test_large_models_take_seconds() -> None:
    model = gn.Sequential(gn.Linear(784, 512), gn.ReLU(), gn.Linear(512, 256), gn.ReLU(),
                          gn.Linear(256, 10)).initialize(seed=0)  # fmt: skip
    started = time.perf_counter()
    assert gradcheck(model, np.random.default_rng(0).random((16, 784)), np.arange(16) % 10, LOSS).ok
    assert time.perf_counter() - started < 15  # 1 s on a free machine


def test_error_curve_is_a_v() -> None:
    model = gn.Sequential(gn.Linear(4, 4), gn.Tanh(), gn.Linear(4, 3)).initialize(seed=0)
    curve = gradcheck(model, X, LABELS, LOSS).error_curve()
    step, error = curve.best
    assert 1e-8 < step < 1e-2
    assert error < 1e-8
    assert curve.central[0] > 100 * error
    assert curve.central[-1] > 100 * error
    assert "central" in str(curve)


def test_a_curve_of_a_wrong_gradient_says_so() -> None:
    from glassnet.pictures.gradients import error_curve_figure

    curves = [error_curve(lambda t: np.array([np.exp(t)]), np.ones(1), slope) for slope in (1, 1.1)]
    titles = [error_curve_figure(curve).axes[0].get_title(loc="left") for curve in curves]
    assert titles == ["Too large a step, too small a step", "No step mends a wrong gradient"]


def test_needs_numpy_alone() -> None:
    code = (
        "import sys, glassnet.doctor\n"
        "bad = {'scipy', 'matplotlib', 'sklearn', 'pandas'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
