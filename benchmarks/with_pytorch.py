"""The work as PyTorch does it: eager, with its fused optimizers, or compiled."""

import re
from collections.abc import Callable

import torch
from layer_cases import LayerCase
from torch.nn import functional as f
from torch_layers import layer_call

from glassnet.bench import CONVOLUTIONS, DENSE, Workload, product_arrays

IMAGES = (50, 32, 28, 28)


class PyTorch:
    def __init__(self, kind: str, threads: int) -> None:
        self.fused, self.compiled = kind != "torch", kind == "torch-compiled"
        torch.set_num_threads(threads)
        torch.set_flush_denormal(self.fused)
        torch.manual_seed(0)

    def kernel(self, name: str) -> Callable[[], object]:
        case, what = name.rsplit(" ", 1)
        if case in CONVOLUTIONS:
            return convolution(case, what)
        if case in DENSE:
            return dense(case, what)
        return others(name)

    def layer(self, case: LayerCase, training: bool) -> Callable[[], object]:
        return layer_call(case, training)

    def training(self, work: Workload, data: tuple) -> Callable[[], object]:
        return self._learner(work, data)[1]

    def inference(self, work: Workload, data: tuple, batch: int) -> Callable[[], object]:
        model, train = self._learner(work, data)
        train()
        model.eval()
        x = torch.from_numpy(data[0][:batch])

        def predict() -> torch.Tensor:
            with torch.inference_mode():
                return model(x)

        return predict

    def _learner(self, work: Workload, data: tuple) -> tuple[Callable, Callable[[], None]]:
        layers = (getattr(torch.nn, name)(*more) for name, *more in work.layers)
        model = torch.nn.Sequential(*layers)
        options = {"fused": True} if self.fused else {}
        if work.optimizer == "adam":
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **options)
        else:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, **options)
        called = torch.compile(model) if self.compiled else model
        x, y = map(torch.from_numpy, data)

        def train() -> None:
            for _ in range(work.epochs):
                order = torch.randperm(len(x))
                for start in range(0, len(x), work.batch):
                    chosen = order[start : start + work.batch]
                    optimizer.zero_grad()
                    f.cross_entropy(called(x[chosen]), y[chosen]).backward()
                    optimizer.step()

        return model, train


def convolution(name: str, what: str) -> Callable[[], object]:
    shape = CONVOLUTIONS[name]
    # Contiguous, (N, C, H, W): the order that PyTorch is fast with here.
    x, w, b, dy = (torch.tensor(a.copy("C")) for a in product_arrays(name))
    s, p = [shape.stride] * 2, [shape.padding] * 2
    if what == "forward":
        return lambda: f.conv2d(x, w, b, s, p)
    wanted = [what == "input", what == "weight", False]
    backward = torch.ops.aten.convolution_backward
    return lambda: backward(dy, x, w, [len(w)], s, p, [1, 1], False, [0, 0], 1, wanted)


def dense(name: str, what: str) -> Callable[[], object]:
    x, w, b, dy = map(torch.from_numpy, product_arrays(name))
    if what == "forward":
        return lambda: f.linear(x, w, b)
    return (lambda: dy @ w) if what == "input" else (lambda: dy.t() @ x)


def others(name: str) -> Callable[[], object]:
    aten, x, dy = torch.ops.aten, torch.randn(IMAGES), torch.randn(IMAGES)
    two = [2, 2]
    match name:
        case "max pool 2×2, 1.25M forward":
            return lambda: aten.max_pool2d_with_indices(x, two, two)
        case "max pool 2×2, 1.25M backward":
            y, where = aten.max_pool2d_with_indices(x, two, two)
            more = (two, two, [0, 0], [1, 1], False, where)
            return lambda: aten.max_pool2d_with_indices_backward(y, x, *more)
        case "average pool 2×2, 1.25M forward":
            return lambda: f.avg_pool2d(x, 2)
        case "batch norm 2d, 1.25M forward":
            return lambda: f.batch_norm(x, None, None, training=True)
        case "SGD with momentum 536k":
            return update(lambda p: torch.optim.SGD(p, lr=1e-6, momentum=0.9, fused=True))
        case "Adam 536k":
            return update(lambda p: torch.optim.Adam(p, lr=1e-6, fused=True))
    if "1.25M" in name:
        activation, _, what = name.split()
        return elementwise(activation, x, dy)[what == "backward"]
    if "softmax" in name or "cross-entropy" in name:
        return softmax(name)
    raise KeyError(name)


def elementwise(name: str, x: torch.Tensor, dy: torch.Tensor) -> tuple[Callable, Callable]:
    aten, forward = torch.ops.aten, getattr(f, name)
    y = forward(x)
    backward = {
        "relu": lambda: aten.threshold_backward(dy, y, 0),
        "sigmoid": lambda: aten.sigmoid_backward(dy, y),
        "tanh": lambda: aten.tanh_backward(dy, y),
        "elu": lambda: aten.elu_backward(dy, 1, 1, 1, False, x),
        "gelu": lambda: aten.gelu_backward(dy, x),
        "silu": lambda: aten.silu_backward(dy, x),
    }
    return lambda: forward(x), backward[name]


def softmax(name: str) -> Callable[[], object]:
    samples, classes = map(int, re.findall(r"\d+", name))
    logits, dy = torch.randn(samples, classes), torch.randn(samples, classes)
    if name.startswith("log"):
        return lambda: torch.log_softmax(logits, 1)
    if name.endswith("forward"):
        return lambda: torch.softmax(logits, 1)
    if name.endswith("backward"):
        y, backward = torch.softmax(logits, 1), torch.ops.aten._softmax_backward_data
        return lambda: backward(dy, y, 1, torch.float32)
    logits.requires_grad_()
    labels = torch.arange(samples) % classes

    def loss_and_gradient() -> None:
        logits.grad = None
        f.cross_entropy(logits, labels).backward()

    return loss_and_gradient


def update(optimizer: Callable[[list], torch.optim.Optimizer]) -> Callable[[], object]:
    value = torch.nn.Parameter(torch.rand(535_818))
    value.grad = torch.rand(535_818)
    return optimizer([value]).step
