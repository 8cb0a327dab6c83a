"""MNIST to 99 % with PyTorch: what `glassnet train mnist-sprint` is compared with.

    python benchmarks/sprint_torch.py SEED [--recipe own|glassnet] [--data-dir DIR]

`own` is the best recipe that was found for PyTorch itself, among some fifty; `glassnet` is the one
of `mnist-sprint`. Prints one JSON object: the accuracy on the test part and the seconds of each
part since this file was started (Python's own start comes before).
"""

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402
import gzip  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

IMPORTED = time.perf_counter()
BATCH = 128


def network() -> nn.Sequential:
    """Return the network of both recipes."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 24, 3, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 48, 3, bias=False), nn.BatchNorm2d(48), nn.ReLU(),
        nn.Flatten(), nn.Linear(432, 10),
    )  # fmt: skip


RECIPES = {  # samples, learning rate, betas
    "own": (48_000, 0.02, (0.9, 0.999)),
    "glassnet": (42_000, 0.05, (0.8, 0.9)),
}


def read(directory: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images as float32 from 0 to 1, and labels."""
    with gzip.open(directory / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(directory / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.tensor(pixels).float().div_(255), torch.tensor(labels).long()


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor, name: str) -> None:
    """Train for less than an epoch."""
    samples, lr, betas = RECIPES[name]
    order = torch.randperm(len(x))[:samples].split(BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas, weight_decay=0, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=len(order), pct_start=0.15, cycle_momentum=False
    )
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    model.train()
    for chosen in order:
        optimizer.zero_grad()
        loss(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
        schedule.step()


@torch.inference_mode()
def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the part of the samples that is classified rightly."""
    model.eval()
    right = sum(
        int((model(images).argmax(1) == labels).sum())
        for images, labels in zip(x.split(1000), y.split(1000), strict=True)
    )
    return right / len(x)


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("--recipe", choices=RECIPES, default="own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("GLASSNET_DATA"))
    chosen = parser.parse_args()
    torch.manual_seed(chosen.seed)
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    times = [STARTED, IMPORTED]
    train_x, train_y = read(Path(chosen.data_dir) / "mnist", "train")
    test_x, test_y = read(Path(chosen.data_dir) / "mnist", "t10k")
    times.append(time.perf_counter())
    model = network()
    train(model, train_x, train_y, chosen.recipe)
    times.append(time.perf_counter())
    reached = accuracy(model, test_x, test_y)
    times.append(time.perf_counter())
    parts = dict(zip(("start", "data", "training", "test"), np.diff(times), strict=True))
    print(json.dumps({"test_accuracy": reached, "seconds_by_part": parts}), flush=True)


if __name__ == "__main__":
    main()
