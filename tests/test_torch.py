"""PyTorch as an oracle: the same networks, losses, optimizer steps and schedules in both."""

import copy
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import Array, Shape
from glassnet.storage import load_arrays

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)  # its threads would fight those of NumPy

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def assert_close(found: Any, expected: Any, dtype: type, what: str, slack: float = 0.0) -> None:
    """Compare relative to the largest magnitude of the array, give or take `slack`."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, what
    error = largest(found.astype(np.float64) - expected)
    assert error <= TOLERANCE[dtype] * largest(expected) + slack, what


def largest(array: Any) -> float:
    return float(np.abs(np.asarray(array)).max(initial=0))


# --- networks built at random -----------------------------------------------------------------


class TorchResidual(nn.Module):
    def __init__(self, body: Any, shortcut: Any) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Any) -> Any:
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))


class TorchGlobalAvgPool(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.mean(dim=(2, 3))


NETWORKS = 90
ACTIVATIONS = [
    (gn.ReLU, nn.ReLU, {}),
    (gn.LeakyReLU, nn.LeakyReLU, {"negative_slope": 0.2}),
    (gn.ELU, nn.ELU, {"alpha": 0.7}),
    (gn.GELU, nn.GELU, {}),
    (gn.SiLU, nn.SiLU, {}),
    (gn.Sigmoid, nn.Sigmoid, {}),
    (gn.Tanh, nn.Tanh, {}),
    (gn.Softmax, nn.Softmax, {}),
    (gn.Identity, nn.Identity, {}),
]


class Builder:
    """Builds the same random network in both libraries."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.ours: list[gn.Layer] = []
        self.theirs: list[Any] = []
        images = seed % 3 > 0
        self.input: Shape = (
            (int(self.rng.integers(1, 4)), *map(int, self.rng.integers(7, 14, 2)))
            if images
            else (int(self.rng.integers(2, 9)),)
        )
        self.shape = self.input
        for _ in range(self.rng.integers(1, 7)):
            self.rng.choice(self.choices())()
        if len(self.shape) == 3:
            self.rng.choice([self.flatten, self.global_average])()
        self.linear(int(self.rng.integers(2, 6)))

    def choices(self) -> list[Callable[[], None]]:
        common = [self.activation, self.batch_norm, self.layer_norm, self.residual]
        if len(self.shape) == 1:
            return [*common, self.linear, self.linear, self.dropout]
        return [*common, self.conv, self.conv, self.conv, self.pool, self.pool]

    def add(self, ours: gn.Layer, theirs: Any) -> None:
        shape = ours.output_shape(self.shape)
        assert shape is not None
        self.shape = tuple(size or 0 for size in shape)
        self.ours.append(ours)
        self.theirs.append(theirs)

    def pair(self, least: int, below: Any) -> tuple[int, int]:
        return tuple(int(n) for n in self.rng.integers(least, below, 2))  # type: ignore[return-value]

    def linear(self, out: int = 0) -> None:
        sizes = self.shape[0], out or int(self.rng.integers(1, 9))
        bias = bool(self.rng.random() < 0.8)
        self.add(gn.Linear(*sizes, bias=bias), nn.Linear(*sizes, bias=bias))

    def conv(self) -> None:
        limit = np.minimum(self.shape[1:], 5)
        arguments = (
            self.shape[0],
            int(self.rng.integers(1, 5)),
            self.pair(1, limit + 1),
            self.pair(1, 4),
            self.pair(0, 3),
            bool(self.rng.random() < 0.8),
        )
        self.add(gn.Conv2d(*arguments), nn.Conv2d(*arguments[:5], bias=arguments[5]))

    def pool(self) -> None:
        kernel = self.pair(1, np.minimum(self.shape[1:], 3) + 1)
        padding = self.pair(0, np.array(kernel) // 2 + 1)
        arguments = kernel, self.pair(1, 4), padding
        ours, theirs = [(gn.MaxPool2d, nn.MaxPool2d), (gn.AvgPool2d, nn.AvgPool2d)][
            self.rng.integers(2)
        ]
        self.add(ours(*arguments), theirs(*arguments))

    def activation(self) -> None:
        ours, theirs, arguments = ACTIVATIONS[self.rng.integers(len(ACTIVATIONS))]
        self.add(
            ours(**arguments),
            theirs(**(arguments if theirs is not nn.Softmax else {"dim": 1})),
        )

    def batch_norm(self) -> None:
        flat = len(self.shape) == 1
        arguments = self.shape[0], 1e-3, 0.3
        ours, theirs = (
            (gn.BatchNorm1d, nn.BatchNorm1d) if flat else (gn.BatchNorm2d, nn.BatchNorm2d)
        )
        self.add(ours(*arguments), theirs(*arguments))

    def layer_norm(self) -> None:
        self.add(gn.LayerNorm(self.shape, eps=1e-3), nn.LayerNorm(self.shape, eps=1e-3))

    def dropout(self) -> None:
        self.add(gn.Dropout(0.0), nn.Dropout(0.0))

    def flatten(self) -> None:
        self.add(gn.Flatten(), nn.Flatten())

    def global_average(self) -> None:
        self.add(gn.GlobalAvgPool2d(), TorchGlobalAvgPool())

    def residual(self) -> None:
        size = self.shape[0]
        if len(self.shape) == 1:
            body = gn.Sequential(gn.Linear(size, 4), gn.Tanh(), gn.Linear(4, size))
            theirs = nn.Sequential(nn.Linear(size, 4), nn.Tanh(), nn.Linear(4, size))
            self.add(gn.Residual(body), TorchResidual(theirs, None))
        else:
            self.add(
                gn.Residual(gn.Conv2d(size, 3, 3, 2, 1), gn.Conv2d(size, 3, 1, 2)),
                TorchResidual(nn.Conv2d(size, 3, 3, 2, 1), nn.Conv2d(size, 3, 1, 2)),
            )

    def networks(self, dtype: type) -> tuple[gn.Sequential, Any]:
        """Return both networks, with the same weights."""
        ours = gn.Sequential(*self.ours).initialize(seed=0).astype(dtype)
        for name, p in ours.named_parameters():
            if "bias" in name or p.value.ndim == 1:
                p.value = p.value + self.rng.normal(0, 0.3, p.shape)
        for _, b in ours.named_buffers():
            b.value = b.value + self.rng.uniform(0, 1, b.shape)
        theirs = nn.Sequential(*self.theirs).to(torch_dtype(dtype))
        theirs.load_state_dict({n: torch.from_numpy(a) for n, a in ours.state_dict().items()})
        return ours, theirs


def torch_dtype(dtype: type) -> Any:
    return torch.float32 if dtype is np.float32 else torch.float64


def torch_results(network: Any, x: Array, labels: Array) -> dict[str, Array]:
    """Run PyTorch forward and backward; return all it computes."""
    their_x = torch.from_numpy(x).requires_grad_()
    y = network(their_x)
    loss = F.cross_entropy(y, torch.from_numpy(labels))
    loss.backward()
    found = {"output": y, "loss": loss, "gradient of the input": their_x.grad}
    found |= {f"gradient of {name}": p.grad for name, p in network.named_parameters()}
    return {name: t.detach().numpy() for name, t in (found | network.state_dict()).items()}


@dtypes
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("seed", range(NETWORKS))
def test_random_networks_agree(seed: int, training: bool, dtype: type) -> None:
    builder = Builder(seed)
    ours, theirs = builder.networks(dtype)
    x = builder.rng.normal(size=(12, *builder.input)).astype(dtype)
    labels = builder.rng.integers(0, builder.shape[0], 12)
    exact = torch_results(copy.deepcopy(theirs).double().train(training), x.astype(float), labels)
    expected = torch_results(theirs.train(training), x, labels)

    y, cache = ours.forward(x, training=training, rng=np.random.default_rng(0))
    value, dy = gn.SoftmaxCrossEntropy()(y, labels)
    found = {"output": y, "loss": value, "gradient of the input": ours.backward(dy, cache)}
    found |= {f"gradient of {name}": p.grad for name, p in ours.named_parameters()}
    found |= ours.state_dict()
    assert found.keys() == expected.keys()

    # What cancels to nothing, as the gradient of a bias before a normalisation does, is rounding
    # in both: it is measured by the other gradients, and by how far PyTorch is from the truth.
    usual = max(largest(array) for name, array in exact.items() if "gradient" in name)
    for name, array in expected.items():
        slack = 5 * largest(array - exact[name])
        if "gradient" in name:
            slack += 0.01 * TOLERANCE[dtype] * usual
        assert_close(found[name], array, dtype, name, slack)


def test_random_networks_cover_every_layer() -> None:
    used = {type(layer) for seed in range(NETWORKS) for layer in Builder(seed).ours}
    public = {getattr(gn.layers, name) for name in gn.layers.__all__}
    layers = {c for c in public if isinstance(c, type) and issubclass(c, gn.Layer)}
    assert layers - used == {gn.Layer, gn.Sequential}


def test_weights_go_either_way_through_a_file(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    ours, theirs = Builder(1).networks(np.float32)
    gn.save(ours, tmp_path / "ours.safetensors")
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"))
    with torch.no_grad():
        for tensor in theirs.state_dict().values():
            tensor.add_(1)
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours.load_state_dict(load_arrays(tmp_path / "theirs.safetensors"))
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], tensor.numpy())
    ours.load_state_dict(theirs.state_dict())  # tensors will do, too


# --- losses -----------------------------------------------------------------------------------

CLASS_WEIGHT = (0.5, 2.0, 0.0, 1.0)


def cross_entropy(smoothing: float, weighted: bool) -> Callable[[Any, Any], Any]:
    def loss(y: Any, t: Any) -> Any:
        weight = torch.tensor(CLASS_WEIGHT, dtype=y.dtype) if weighted else None
        return F.cross_entropy(y, t, weight=weight, label_smoothing=smoothing)

    return loss


LABELS = np.random.default_rng(0).integers(0, 4, 7)
ROWS = np.random.default_rng(1).dirichlet(np.ones(4), 7)
NUMBERS = np.random.default_rng(2).normal(size=(7, 4)) * 2
LOSSES = {
    **{
        f"cross-entropy of {name}, smoothing {smoothing}, {weighted=}": (
            gn.SoftmaxCrossEntropy(smoothing, CLASS_WEIGHT if weighted else None),
            cross_entropy(smoothing, weighted),
            target,
        )
        for name, target in (("labels", LABELS), ("rows", ROWS))
        for smoothing in (0.0, 0.2)
        for weighted in (False, True)
    },
    "binary": (gn.BinaryCrossEntropy(), F.binary_cross_entropy_with_logits, ROWS),
    "squared": (gn.MeanSquaredError(), F.mse_loss, NUMBERS),
    "absolute": (gn.MeanAbsoluteError(), F.l1_loss, NUMBERS),
    "Huber": (gn.Huber(0.7), lambda y, t: F.huber_loss(y, t, delta=0.7), NUMBERS),
}


@dtypes
@pytest.mark.parametrize("scale", [1e-3, 1, 30])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree(name: str, scale: float, dtype: type) -> None:
    ours, theirs, target = LOSSES[name]
    y = (np.random.default_rng(3).normal(size=(7, 4)) * scale).astype(dtype)
    target = target if target.dtype == np.int64 else target.astype(dtype)
    value, dy = ours(y, target)
    their_y = torch.from_numpy(y).requires_grad_()
    expected = theirs(their_y, torch.from_numpy(target))
    expected.backward()
    assert_close(value, expected.detach(), dtype, "value")
    assert_close(dy, their_y.grad, dtype, "gradient")
    assert dy.dtype == dtype


# --- optimizers -------------------------------------------------------------------------------

OPTIMIZERS: dict[str, tuple[Callable[[float], gn.Optimizer], Callable[[Any, float], Any]]] = {
    "SGD": (gn.SGD, torch.optim.SGD),
    "SGD with decay": (  # without momentum PyTorch's L2 is the same as decoupled decay
        lambda lr: gn.SGD(lr, weight_decay=0.02),
        lambda w, lr: torch.optim.SGD(w, lr, weight_decay=0.02),
    ),
    "momentum": (
        lambda lr: gn.SGD(lr, momentum=0.9),
        lambda w, lr: torch.optim.SGD(w, lr, momentum=0.9),
    ),
    "Nesterov": (
        lambda lr: gn.SGD(lr, momentum=0.8, nesterov=True),
        lambda w, lr: torch.optim.SGD(w, lr, momentum=0.8, nesterov=True),
    ),
    "Adagrad": (gn.Adagrad, torch.optim.Adagrad),
    "RMSprop": (
        lambda lr: gn.RMSprop(lr, decay=0.95),
        lambda w, lr: torch.optim.RMSprop(w, lr, alpha=0.95),
    ),
    "RMSprop with momentum": (
        lambda lr: gn.RMSprop(lr, momentum=0.7, eps=1e-5),
        lambda w, lr: torch.optim.RMSprop(w, lr, momentum=0.7, eps=1e-5),
    ),
    "Adam": (
        lambda lr: gn.Adam(lr, beta1=0.8, beta2=0.99),
        lambda w, lr: torch.optim.Adam(w, lr, betas=(0.8, 0.99)),
    ),
    "AdamW": (
        lambda lr: gn.AdamW(lr, weight_decay=0.05),
        lambda w, lr: torch.optim.AdamW(w, lr, weight_decay=0.05),
    ),
}


@dtypes
@pytest.mark.parametrize("lr", [1e-8, 1e-3, 0.1, 10])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_steps_along_given_gradients_agree(name: str, lr: float, dtype: type) -> None:
    ours, theirs = OPTIMIZERS[name]
    rng = np.random.default_rng(0)
    value = rng.normal(size=50).astype(dtype)
    weights = torch.from_numpy(value.copy()).requires_grad_()
    optimizer, their_optimizer = ours(lr), theirs([weights], lr)
    for _ in range(10):
        grad = rng.normal(size=50).astype(dtype)
        weights.grad = torch.from_numpy(grad)
        optimizer.step(value, grad)
        their_optimizer.step()
        assert_close(value, weights.detach(), dtype, name)
        assert value.dtype == dtype


@pytest.mark.parametrize("lr", [1e-8, 1e-3, 0.1, 10])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_steps_of_training_agree(name: str, lr: float) -> None:
    ours = gn.Sequential(gn.Linear(6, 8), gn.SiLU(), gn.Linear(8, 3))
    ours.initialize(seed=0).astype(np.float64)
    theirs = nn.Sequential(nn.Linear(6, 8), nn.SiLU(), nn.Linear(8, 3)).double()
    theirs.load_state_dict({n: torch.from_numpy(a) for n, a in ours.state_dict().items()})
    store = gn.ParameterStore(dict(ours.named_parameters()))
    optimizer = OPTIMIZERS[name][0](lr)
    their_optimizer = OPTIMIZERS[name][1](theirs.parameters(), lr)
    rng = np.random.default_rng(1)
    for _ in range(10):
        x, labels = rng.normal(size=(16, 6)), rng.integers(0, 3, 16)
        y, cache = ours.forward(x, training=True)
        ours.backward_parameters(gn.SoftmaxCrossEntropy()(y, labels)[1], cache)
        optimizer.step(store.value, store.grad, decayed=slice(None))
        their_optimizer.zero_grad()
        F.cross_entropy(theirs(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        their_optimizer.step()
    state: Mapping[str, Any] = theirs.state_dict()
    for parameter, array in ours.state_dict().items():
        assert_close(array, state[parameter], np.float64, parameter)


# --- schedules --------------------------------------------------------------------------------

STEPS = 40
schedulers = torch.optim.lr_scheduler
SCHEDULES = {
    "step": (gn.schedules.StepDecay(every=7, gamma=0.3),
             lambda o: schedulers.StepLR(o, 7, 0.3)),
    "multi-step": (gn.MultiStep((5, 6, 31), gamma=0.2),
                   lambda o: schedulers.MultiStepLR(o, [5, 6, 31], 0.2)),
    "exponential": (gn.Exponential(0.9), lambda o: schedulers.ExponentialLR(o, 0.9)),
    "cosine": (gn.Cosine(floor=0.01),
               lambda o: schedulers.CosineAnnealingLR(o, STEPS, eta_min=0.01)),
    # Up, PyTorch's cycle takes 0.3 · 40 − 1 of 39 intervals; ours takes the part it is told.
    "one-cycle": (gn.OneCycle(warmup=11 / 39),
                  lambda o: schedulers.OneCycleLR(o, 0.5, total_steps=STEPS, pct_start=0.3)),
}  # fmt: skip


def torch_optimizer() -> Any:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)


@pytest.mark.parametrize("unit", ["step", "epoch"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_agree(name: str, unit: str) -> None:
    ours, theirs = SCHEDULES[name]
    ours = type(ours)(**(vars(ours) | {"unit": unit}))
    optimizer = torch_optimizer()
    scheduler = theirs(optimizer)
    per_epoch = 4 if unit == "step" else 3
    epochs = STEPS // per_epoch if unit == "step" else STEPS
    for t in range(STEPS):
        steps = [t] if unit == "step" else [3 * t, 3 * t + 1, 3 * t + 2]
        for step in steps:
            rate = ours(0.5, gn.Progress(step, steps_per_epoch=per_epoch, epochs=epochs))
            assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-10)
        optimizer.step()
        if t < STEPS - 1:
            scheduler.step()


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_reduce_on_plateau_agrees(patience: int) -> None:
    rng = np.random.default_rng(patience)
    losses = (1 / np.arange(1, 61) + rng.normal(0, 0.05, 60)).tolist()
    ours = gn.ReduceOnPlateau(0.5, patience=patience, threshold=0.01, floor=1e-4)
    optimizer = torch_optimizer()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = schedulers.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=patience, threshold=0.01, min_lr=1e-4, eps=0
        )
    rates = set()
    for n in range(len(losses)):
        rate = ours(0.5, gn.Progress(n, losses=losses[:n]))
        rates.add(rate)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-10)
        theirs.step(losses[n])
    assert len(rates) > 3
