"""Runs to report on, made once, and a browser to look at the pages."""

import pytest

from glassnet.experiments import Config, train

from . import browser as chromium

NETWORK = {
    "name": "layers",
    "layers": [
        {"type": "Conv2d", "out_channels": 4, "kernel_size": 3},
        "ReLU",
        "Flatten",
        "Linear",
    ],
}


@pytest.fixture(scope="session")
def runs(once):
    """Four runs of two configurations and two seeds, the layers recorded in the first."""
    names = [f"{lr}-{seed}" for lr in (0.01, 0.001) for seed in (0, 1)]

    def make(folder):
        for name in names:
            lr, seed = name.split("-")
            training = {"epochs": 4, "batch_size": 64, "seed": int(seed)}
            if name == names[0]:
                training |= {"record_layers": True, "record_steps": True}
            tables = {"data": {"name": "digits"}, "model": NETWORK, "training": training}
            config = Config.from_dict(tables | {"optimizer": {"name": "adam", "lr": float(lr)}})
            train(config, out=folder / name)

    folder = once("runs-to-report-on", make)
    return [folder / name for name in names]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser; without one the tests that look at pages skip."""
    path = chromium.program()
    if path is None:
        pytest.skip("no Chromium here: the page is not looked at (apt install chromium)")
    with chromium.running(path, tmp_path_factory.mktemp("profile")) as running:
        yield running
