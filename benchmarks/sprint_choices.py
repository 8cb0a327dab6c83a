"""What each choice in the recipe `mnist-sprint` gains, on a validation part.

    python benchmarks/sprint_choices.py [--seeds 5] [--only TEXT] [--write]

10,000 of the 60,000 training images, drawn once, are the validation part; the test part is not
read. Each variant changes one thing of the recipe and is trained with every seed. The variants take
turns, so that a machine that changes its speed does so for all, and the time of training is given
as a multiple of what the recipe took in the same turn. With --write the table goes into
docs/sprint.md.
"""

import argparse
import statistics
from dataclasses import replace
from typing import Any

from page import machine, replace_table

import glassnet as gn
from glassnet.experiments import Config, Run
from glassnet.memory import keep_freed_memory
from glassnet.training import evaluate


def network(*layers: str) -> str:
    """Return a list of layers as TOML: 16x5/2 is a convolution, m a pooling, b, r, and FC."""
    known = {"b": '"BatchNorm2d"', "r": '"ReLU"', "m": '{type="MaxPool2d", kernel_size=2}'}
    entries = []
    for layer in " ".join(layers).split():
        if layer in known:
            entries.append(known[layer])
            continue
        channels, _, rest = layer.partition("x")
        kernel, _, stride = rest.partition("/")
        entries.append(
            f'{{type="Conv2d", out_channels={channels}, kernel_size={kernel}, '
            f"stride={stride or 1}, bias=false}}"
        )
    return f'model.layers=[{", ".join(entries)}, "Flatten", "Linear"]'


ADAM = ["optimizer.lr=0.05", "optimizer.beta1=0.8", "optimizer.beta2=0.9"]
VARIANTS: dict[str, list[str]] = {
    "`mnist-sprint` as it is": [],
    "PyTorch's best recipe": [
        "data.train=48000", "optimizer.lr=0.02", "optimizer.beta1=0.9", "optimizer.beta2=0.999",
    ],
    "24,000 images": ["data.train=24000"],
    "36,000 images": ["data.train=36000"],
    "48,000 images": ["data.train=48000"],
    "batches of 64": ["training.batch_size=64", "optimizer.lr=0.035"],
    "batches of 256": ["training.batch_size=256"],
    "β₁ = 0.9, β₂ = 0.999": ["optimizer.beta1=0.9", "optimizer.beta2=0.999"],
    "β₁ = 0.9": ["optimizer.beta1=0.9"],
    "rate 0.02": ["optimizer.lr=0.02"],
    "rate 0.1": ["optimizer.lr=0.1"],
    "constant rate of 0.01": ["schedule.name=constant", "optimizer.lr=0.01"],
    "SGD, Nesterov, rate 0.3": [
        "optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true",
        "optimizer.lr=0.3",
    ],
    "weight decay of 0.3": ["optimizer.name=adamw", *ADAM, "optimizer.weight_decay=0.3"],
    "pixels standardised": ["data.scaling=zscore"],
    "no label smoothing": ["loss.label_smoothing=0.0"],
    "no batch norm": [network("8x5 m r 24x3 m r 48x3 r"), "optimizer.lr=0.01"],
    "pooling after ReLU": [network("8x5 b r m 24x3 b r m 48x3 b r")],
    "stride 2 and no pooling first": [network("8x5/2 b r 24x3 m b r 48x3 b r")],
    "the same with 16 channels": [network("16x5/2 b r 24x3 m b r 48x3 b r")],
    "first with 16 channels": [network("16x5 m b r 24x3 m b r 48x3 b r")],
    "first kernel 3 × 3": [network("8x3 m b r 24x3 m b r 48x3 b r")],
    "second with 16": [network("8x5 m b r 16x3 m b r 48x3 b r")],
    "second with 32": [network("8x5 m b r 32x3 m b r 48x3 b r")],
    "third with 32": [network("8x5 m b r 24x3 m b r 32x3 b r")],
    "no third": [network("8x5 m b r 24x3 m b r")],
}  # fmt: skip


def multiply_adds(run: Run) -> int:
    """Return the multiply-adds of one image's way through the network."""
    total, shape = 0, run.data.sample_shape
    for layer in run.model:
        total += layer.multiply_adds(shape) if hasattr(layer, "multiply_adds") else 0
        shape = layer.output_shape(shape)
    return total


def measure(overrides: list[str], seed: int) -> dict[str, Any]:
    """Train once; return validation accuracy, in percent, and seconds of training."""
    everything = ["data.valid=10000", "data.test=0", *overrides, f"training.seed={seed}"]
    run = Run.prepare(Config.from_recipe("mnist-sprint", everything))
    held = run.data.valid
    run.data = replace(run.data, valid=None)  # so that the time is the training's alone
    run.train()
    found = evaluate(run.model, held, run.trainer.loss)
    return {
        "accuracy": 100 * found.metrics["accuracy"],
        "seconds": run.clock.parts["training"],
        "multiply_adds": multiply_adds(run),
    }


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Return the means as a Markdown table."""
    rows = [
        "| | validation accuracy, % | spread of the seeds | time | multiply-adds |",
        "|---|--:|--:|--:|--:|",
    ]
    recipe = next(iter(runs.values()))
    for name, found in runs.items():
        times = [a["seconds"] / b["seconds"] for a, b in zip(found, recipe, strict=True)]
        accuracies = [r["accuracy"] for r in found]
        rows.append(
            f"| {name} | {statistics.mean(accuracies):.2f} | ±{statistics.pstdev(accuracies):.2f} "
            f"| {statistics.median(times):.2f} "
            f"| {found[0]['multiply_adds']:,} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Train all variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="variants whose name contains this")
    parser.add_argument("--write", action="store_true", help="put the table into docs/sprint.md")
    chosen = parser.parse_args()
    keep_freed_memory()
    gn.use_kernels("numba")
    variants = {name: v for name, v in VARIANTS.items() if not v or chosen.only in name}
    measure([], 0)  # compiles what is not compiled yet
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in variants}
    for seed in range(chosen.seeds):
        for name, overrides in variants.items():
            runs[name].append(measure(overrides, seed))
    text = f"{machine(('numpy', 'numba'))}, {chosen.seeds} seeds.\n\n{table(runs)}"
    print(text)
    if chosen.write:
        replace_table("choices", text)


if __name__ == "__main__":
    main()
