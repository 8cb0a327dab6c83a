"""What can be asked of a contestant, and which contestants there are."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from layer_cases import LAYER_CASES

from glassnet.bench import WORKLOADS, Workload, mlp

GLASSNET = ("numba", "numpy")
EAGER = ("torch", "torch-fused")
NAMES = {
    "torch": "PyTorch",
    "torch-fused": "PyTorch, fused optimizer",
    "torch-compiled": "PyTorch, compiled",
    "sklearn": "scikit-learn",
    "numba": "Glassnet",
    "numpy": "Glassnet, NumPy alone",
}
SKLEARN_CAN = tuple(WORKLOADS)[:2]

GROWTH: dict[str, dict[int, Workload]] = {
    "samples": {
        n: Workload(mlp(784, 128, 10, activation="ReLU"), 100, "sgd", n)
        for n in (100, 300, 1_000, 3_000, 10_000, 30_000)
    },
    "batch size": {
        n: Workload(mlp(784, 128, 10, activation="ReLU"), n, "sgd", max(64, min(8 * n, 4096)))
        for n in (1, 4, 16, 64, 256, 1_024, 4_096)
    },
    "width of the hidden layer": {
        n: Workload(mlp(784, n, 10, activation="ReLU"), 128, "sgd", 1_280)
        for n in (4, 16, 64, 256, 1_024, 4_096)
    },
    "hidden layers of 128": {
        n: Workload(mlp(784, *[128] * n, 10, activation="ReLU"), 128, "sgd", 1_280)
        for n in (1, 2, 4, 8, 16, 32)
    },
}
SHORT = {
    f"short: {name}": replace(work, samples=10 * work.batch) for name, work in WORKLOADS.items()
}
"""Epochs of ten steps, for what may take very long."""
ALL = (
    WORKLOADS
    | SHORT
    | {f"growth: {axis} {n}": work for axis, line in GROWTH.items() for n, work in line.items()}
)


def library(name: str, threads: int) -> Any:
    """Import a contestant's library, in a process that is its own."""
    if name.startswith("torch"):
        from with_pytorch import PyTorch

        return PyTorch(name, threads)
    if name == "sklearn":
        from with_sklearn import Sklearn

        return Sklearn(name, threads)
    from with_glassnet import Glassnet

    return Glassnet(name, threads)


def installed(name: str) -> bool:
    """Whether a contestant can take part on this machine."""
    needs = {"torch": "torch", "sklearn": "sklearn", "numba": "numba", "numpy": "numpy"}
    return find_spec(needs[name.partition("-")[0]]) is not None


def prepare(team: Any, kind: str, case: str, more: Any = 0) -> Callable[[], object]:
    """Make a piece of work ready: what is returned does it once."""
    if kind == "kernel":
        return team.kernel(case)
    if kind == "layer":
        return team.layer(LAYER_CASES[case], training=more == "training")
    work = ALL[case]
    if kind == "training":
        return team.training(work, work.data())
    assert kind == "inference"
    work = replace(work, samples=max(work.samples, more))
    return team.inference(work, work.data(), more)
