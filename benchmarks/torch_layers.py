"""Single layers as PyTorch does them, each in the way that is fastest for PyTorch."""

import time
from collections.abc import Callable

import torch
from layer_cases import LayerCase
from torch import Tensor, nn

Call = Callable[[], object]
TRIAL = 0.02  # seconds for which a way is tried
aten = torch.ops.aten


def layer_call(case: LayerCase, training: bool) -> Call:
    """Return what does a training pass of a layer, or only computes its output."""
    layer, x = getattr(nn, case.kind)(*case.arguments), torch.randn(case.input)
    if not training:
        return inference(layer.requires_grad_(requires_grad=False), x)
    dy = torch.randn_like(layer(x))
    direct = directly(layer, x.clone(), dy)
    wanted = (x.requires_grad_(), *layer.parameters())
    return fastest(lambda: torch.autograd.grad(layer(x), wanted, dy), direct)


def inference(layer: nn.Module, x: Tensor) -> Call:
    def without_records() -> Tensor:
        with torch.inference_mode():
            return layer(x)

    return fastest(lambda: layer(x), without_records)


def directly(layer: nn.Module, x: Tensor, dy: Tensor) -> Call:
    """Return the pass as calls of PyTorch's kernels, without autograd's records."""
    weight, bias = (p.detach() for p in layer.parameters()) if list(layer.parameters()) else (0, 0)
    match layer:
        case nn.Conv2d(stride=s, padding=p):
            more = [len(weight)], s, p, [1, 1], False, [0, 0], 1, [True] * 3
            return lambda: (
                nn.functional.conv2d(x, weight, bias, s, p),
                aten.convolution_backward(dy, x, weight, *more),
            )
        case nn.Linear():
            return lambda: (
                nn.functional.linear(x, weight, bias),
                dy @ weight,
                dy.t() @ x,
                dy.sum(0),
            )
        case nn.MaxPool2d(kernel_size=k, stride=s, padding=p):
            windows = [k] * 2, [s] * 2, [p] * 2

            def max_pool() -> None:
                _, where = aten.max_pool2d_with_indices(x, *windows)
                aten.max_pool2d_with_indices_backward(dy, x, *windows, [1, 1], False, where)

            return max_pool
        case nn.AvgPool2d(kernel_size=k, stride=s, padding=p):
            windows = [k] * 2, [s] * 2, [p] * 2, False, True, None
            return lambda: (
                aten.avg_pool2d(x, *windows), aten.avg_pool2d_backward(dy, x, *windows)
            )  # fmt: skip
    raise TypeError(f"no kernels are known for {layer}")


def fastest(*calls: Call) -> Call:
    """Return the one that is done most often in the same time."""

    def often(call: Call) -> int:
        call()
        count, end = 0, time.perf_counter() + TRIAL
        while time.perf_counter() < end:
            call()
            count += 1
        return count

    return max(calls, key=often)
