"""Make the pictures of the README and the documentation again, from real runs.

Run it as ``python scripts/make_pictures.py``; it takes about a minute and needs no data but what
comes with the libraries.
"""

import shutil
import tempfile
from pathlib import Path

import glassnet as gn
from glassnet.experiments import Config, RunFolder, train
from glassnet.pictures import Panel, decision_boundaries, family_curves, save

PLACE = Path(__file__).parent.parent / "docs" / "pictures"
NETWORK = {
    "name": "layers",
    "layers": [
        {"type": "Conv2d", "out_channels": 8, "kernel_size": 5, "padding": 2},
        "ReLU",
        {"type": "MaxPool2d", "kernel_size": 2},
        {"type": "Conv2d", "out_channels": 16, "kernel_size": 3, "padding": 1},
        "ReLU",
        "Flatten",
        "Linear",
    ],
}


def main() -> None:
    """Train, draw, and copy the pictures to their place."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("digits", "moons"):
            config = Config.from_recipe(f"{name}-mlp")
            copy(name, train(config, out=Path(folder) / name)[0])
        training = {"epochs": 12, "batch_size": 64, "record_layers": True, "record_steps": True}
        tables = {"data": {"name": "digits"}, "model": NETWORK, "training": training}
        config = Config.from_dict(tables | {"optimizer": {"name": "adam", "lr": 0.003}}, "cnn")
        copy("cnn", train(config, out=Path(folder) / "cnn")[0])
    save(families(), PLACE / "families.png")
    save(boundaries(), PLACE / "boundaries.png")


def copy(name: str, run: RunFolder) -> None:
    """Copy a run's pictures, with its name before theirs."""
    for figure in (run.path / "figures").glob("*.png"):
        shutil.copyfile(figure, PLACE / f"{name}-{figure.name}")


def families() -> object:
    """Return the curves of three learning rates over five seeds."""
    data = gn.data.load("digits")
    found: dict[str, list[gn.History]] = {}
    for lr in (0.001, 0.01, 0.1):
        for seed in range(5):
            model = gn.Sequential(gn.Flatten(), gn.Linear(64, 32), gn.ReLU(), gn.Linear(32, 10))
            optimizer = gn.SGD(lr=lr, momentum=0.9)
            trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), optimizer, seed=seed)
            history = trainer.fit(data.train, data.valid, epochs=12, batch_size=64)
            found.setdefault(f"learning rate {lr:g}", []).append(history)
    return family_curves(found)


def boundaries() -> object:
    """Return the decision regions of five widths of network."""
    data = gn.data.load("moons", samples=200)
    panels = []
    for units in (3, 5, 10, 15, 20):
        model = gn.Sequential(gn.Linear(2, units), gn.Tanh(), gn.Linear(units, 2))
        trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(lr=0.03))
        trainer.fit(data.train, data.valid, epochs=60, batch_size=32)
        panels.append(Panel(f"{units} hidden units", model, data.train, data.test))
    return decision_boundaries(panels)


if __name__ == "__main__":
    main()
