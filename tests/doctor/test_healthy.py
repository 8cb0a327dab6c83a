"""No false alarm, whatever the network."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.doctor import gradcheck

from .networks import healthy_patient

FAST, ALL = 60, 2000


@pytest.mark.parametrize("seed", range(FAST))
def test_healthy_network_is_clean(seed: int) -> None:
    report = gradcheck(**healthy_patient(seed))
    assert report.ok, str(report)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(0, ALL, 100))
def test_two_thousand_healthy_networks_are_clean(block: int) -> None:
    for seed in range(block, block + 100):
        report = gradcheck(**healthy_patient(seed))
        assert report.ok, f"seed {seed}\n{report}"


@pytest.mark.parametrize("seed", range(0, FAST, 4))
def test_healthy_network_is_clean_under_the_thorough_check(seed: int) -> None:
    report = gradcheck(**healthy_patient(seed), thorough=True)
    assert report.ok, str(report)


def test_almost_every_slope_can_be_had() -> None:
    checks = [c for seed in range(20) for c in gradcheck(**healthy_patient(seed)).checks]
    assert np.mean([c.verdict == "kink" for c in checks]) < 0.01


class Gaussian(gn.Layer):
    """A healthy layer of one's own, without output_shape, with plain-array state."""

    def __init__(self) -> None:
        super().__init__()
        self.width = gn.Parameter(np.ones(1, np.float32))
        self.table = np.arange(3, dtype=np.float32)

    def forward(self, x, *, training=False, rng=None):  # type: ignore[no-untyped-def]
        y = np.exp(-((x * self.width.value) ** 2))
        return y, (x, y)

    def backward(self, dy, cache):  # type: ignore[no-untyped-def]
        x, y = cache
        self.width.grad = np.array([(dy * y * -2 * x**2 * self.width.value).sum()])
        return dy * y * -2 * x * self.width.value**2


class Branches(gn.Layer):
    """A healthy container of one's own: the mean of two ways."""

    def __init__(self, left: gn.Layer, right: gn.Layer) -> None:
        super().__init__()
        self.left, self.right = left, right

    def forward(self, x, *, training=False, rng=None):  # type: ignore[no-untyped-def]
        a, left = self.left.forward(x, training=training, rng=rng)
        b, right = self.right.forward(x, training=training, rng=rng)
        return (a + b) / 2, (left, right)

    def backward(self, dy, cache):  # type: ignore[no-untyped-def]
        return self.left.backward(dy / 2, cache[0]) + self.right.backward(dy / 2, cache[1])


class OwnRandomness(gn.Layer):
    """A healthy dropout with a generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.source = np.random.default_rng(7)

    def forward(self, x, *, training=False, rng=None):  # type: ignore[no-untyped-def]
        mask = (self.source.random(x.shape) > 0.3) / 0.7 if training else np.ones_like(x)
        return x * mask, mask

    def backward(self, dy, cache):  # type: ignore[no-untyped-def]
        return dy * cache


X = np.random.default_rng(0).standard_normal((6, 4))
LABELS = np.arange(6) % 3


@pytest.mark.parametrize("layer", [Gaussian(), OwnRandomness(), Branches(gn.Tanh(), gn.ReLU())])
def test_layers_written_outside_are_clean(layer: gn.Layer) -> None:
    model = gn.Sequential(gn.Linear(4, 4), layer, gn.Linear(4, 3)).initialize(seed=0)
    for thorough in (False, True):
        report = gradcheck(model, X, LABELS, gn.SoftmaxCrossEntropy(), thorough=thorough)
        assert report.ok, str(report)


def test_single_layer_and_plain_function_as_loss() -> None:
    def loss(output: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        error = output - target
        return float((error**2).sum() / len(output)), 2 * error / len(output)

    report = gradcheck(gn.Linear(4, 3).initialize(seed=0), X, np.ones((6, 3)), loss)
    assert report.ok, str(report)
    assert any("loss" in check.layer for check in report.checks)


def test_errors_that_cancel_are_a_note_and_no_fault() -> None:
    class Passing(gn.Softmax):
        def backward(self, dy, cache):  # type: ignore[no-untyped-def]
            return dy

    def loss(output: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        rows = np.arange(len(output))
        gradient = output.copy()
        gradient[rows, target] -= 1
        return -float(np.log(output[rows, target]).mean()), gradient / len(output)

    report = gradcheck(gn.Sequential(gn.Linear(4, 3), Passing()), X, LABELS, loss)
    assert report.ok
    assert any("together" in note for note in report.notes)
