"""One contestant: reads the names of cases, answers each with the seconds that it took.

Run by `compare.py`, in a process of its own, so that no library's threads or memory are another's.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np
from networks import WORK, Work, data

CONVOLUTIONS = {  # in, out, kernel, stride, padding, image, batch
    "conv5s2 1-4": (1, 4, 5, 2, 1, 28, 128),
    "conv5s2 4-8": (4, 8, 5, 2, 1, 13, 128),
    "conv3s2 8-16": (8, 16, 3, 2, 1, 6, 128),
    "conv5 1-32": (1, 32, 5, 1, 2, 28, 50),
    "conv5 32-64": (32, 64, 5, 1, 2, 14, 50),
    "conv3 32-32": (32, 32, 3, 1, 1, 28, 128),
    "conv3 32-64": (32, 64, 3, 1, 1, 14, 128),
    "conv7s3 3-5": (3, 5, 7, 3, 0, 29, 7),
    "conv1 16-24": (16, 24, 1, 1, 0, 14, 1000),
}
PASSES = ("forward", "input", "weight")
KERNELS = [f"{name} {what}" for name in CONVOLUTIONS for what in PASSES] + [
    "relu 1.2M both", "max pool 1.2M both", "adam 535k", "dense 784-512 b128 all",
]  # fmt: skip


def _conv_arrays(case: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    i, o, k, s, p, size, n = case
    rng, out = np.random.default_rng(0), (size + 2 * p - k) // s + 1
    shapes = ((n, i, size, size), (o, i, k, k), (o,), (n, o, out, out))
    x, w, b, dy = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    return x, w, b, dy


class Glassnet:
    def __init__(self, edition: str, threads: int) -> None:
        import glassnet as gn
        from glassnet.threads import set_threads

        gn.use_kernels(edition)
        set_threads(threads)
        self.gn = gn

    def kernel(self, name: str) -> Callable[[], object]:
        from glassnet import kernels as k

        rng = np.random.default_rng(0)
        if name.startswith("conv"):
            case, what = name.rsplit(" ", 1)
            x, w, b, dy = _conv_arrays(CONVOLUTIONS[case])
            _, _, _, s, p, _, _ = CONVOLUTIONS[case]
            x, dy = (self.inner(a) for a in (x, dy))
            out, step = np.empty_like(w), ((s, s), (p, p))
            return {
                "forward": lambda: k.conv2d_forward(x, w, b, *step),
                "input": lambda: k.conv2d_input_gradient(dy, w, x.shape[1:], *step),
                "weight": lambda: k.conv2d_weight_gradient(dy, x, *step, out),
            }[what]
        if name.startswith("adam"):
            v = rng.random((4, 535_818), np.float32)
            return lambda: k.adam_update(v[0], v[1], v[2], v[3], 3, 1e-3, 0.9, 0.999, 1e-8)
        if name.startswith("dense"):
            x, w, dy = (
                rng.random(shape, np.float32) for shape in ((128, 784), (512, 784), (128, 512))
            )
            out, b = np.empty_like(w), w[:, 0].copy()
            return lambda: (
                k.dense_forward(x, w, b), k.dense_weight_gradient(dy, x, out),
                k.dense_input_gradient(dy, w),
            )  # fmt: skip
        x = self.inner(rng.standard_normal((50, 32, 28, 28)).astype(np.float32))
        if name.startswith("relu"):
            return lambda: k.relu_backward(x, k.relu_forward(x))
        geometry = ((2, 2), (2, 2), (0, 0))

        def pool() -> None:
            y, winner = k.max_pool2d_forward(x, *geometry)
            k.max_pool2d_backward(y, winner, x.shape[1:], *geometry)

        return pool

    def inner(self, x: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)

    def training(self, work: Work) -> Callable[[], object]:
        gn = self.gn
        model = gn.Sequential(*(getattr(gn, name)(*more) for name, *more in work.layers))
        adam = work.optimizer == "adam"
        optimizer = gn.Adam(lr=1e-3) if adam else gn.SGD(lr=0.01, momentum=0.9)
        trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), optimizer, metrics=())
        dataset = gn.Dataset(*data(work))
        return lambda: trainer.fit(dataset, epochs=1, batch_size=work.batch)


class PyTorch:
    def __init__(self, threads: int, *, fused: bool) -> None:
        import torch

        torch.set_num_threads(threads)
        torch.set_flush_denormal(fused)
        self.torch, self.fused = torch, fused

    def kernel(self, name: str) -> Callable[[], object]:
        t = self.torch
        f = t.nn.functional
        if name.startswith("conv"):
            case, what = name.rsplit(" ", 1)
            x, w, b, dy = map(t.tensor, _conv_arrays(CONVOLUTIONS[case]))
            _, o, _, s, p, _, _ = CONVOLUTIONS[case]
            if what == "forward":
                return lambda: f.conv2d(x, w, b, s, p)
            wanted = [what == "input", what == "weight", False]
            backward = t.ops.aten.convolution_backward
            return lambda: backward(dy, x, w, [o], [s, s], [p, p], [1, 1], False, [0, 0], 1, wanted)
        if name.startswith("adam"):
            v = t.nn.Parameter(t.rand(535_818))
            v.grad = t.rand(535_818)
            return t.optim.Adam([v], fused=self.fused or None).step
        if name.startswith("dense"):
            x, w, b, dy = t.rand(128, 784), t.rand(512, 784), t.rand(512), t.rand(128, 512)
            return lambda: (f.linear(x, w, b), dy.t() @ x, dy @ w)
        x = t.randn(50, 32, 28, 28)
        a = t.ops.aten
        if name.startswith("relu"):
            return lambda: a.threshold_backward(x, f.relu(x), 0)
        two = [2, 2]

        def pool() -> None:
            y, where = a.max_pool2d_with_indices(x, two, two)
            a.max_pool2d_with_indices_backward(y, x, two, two, [0, 0], [1, 1], False, where)

        return pool

    def training(self, work: Work) -> Callable[[], object]:
        t = self.torch
        t.manual_seed(0)
        model = t.nn.Sequential(*(getattr(t.nn, name)(*more) for name, *more in work.layers))
        fused = {"fused": True} if self.fused else {}
        if work.optimizer == "adam":
            optimizer = t.optim.Adam(model.parameters(), lr=1e-3, **fused)
        else:
            optimizer = t.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, **fused)
        x, y = map(t.tensor, data(work))

        def epoch() -> None:
            order = t.randperm(len(x))
            for start in range(0, len(x), work.batch):
                chosen = order[start : start + work.batch]
                optimizer.zero_grad()
                t.nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
                optimizer.step()

        return epoch


def main() -> None:
    """Answer on standard output, a line for each line of standard input: name, repetitions."""
    name, threads = sys.argv[1], int(sys.argv[2])
    library = (
        PyTorch(threads, fused=name == "torch-fused")
        if name.startswith("torch")
        else Glassnet(name, threads)
    )
    ready: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        case, repetitions = json.loads(line)
        if case not in ready:
            ready[case] = library.training(WORK[case]) if case in WORK else library.kernel(case)
            for _ in range(3):
                ready[case]()
        started = time.perf_counter()
        for _ in range(repetitions):
            ready[case]()
        print(json.dumps((time.perf_counter() - started) / repetitions), flush=True)


if __name__ == "__main__":
    main()
