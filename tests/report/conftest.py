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
def runs(tmp_path_factory):
    """Four runs of two configurations and two seeds, the layers recorded in the first."""
    folder = tmp_path_factory.mktemp("runs")
    found = []
    for lr in (0.01, 0.001):
        for seed in (0, 1):
            training = {"epochs": 4, "batch_size": 64, "seed": seed}
            if not found:
                training |= {"record_layers": True, "record_steps": True}
            tables = {"data": {"name": "digits"}, "model": NETWORK, "training": training}
            config = Config.from_dict(tables | {"optimizer": {"name": "adam", "lr": lr}})
            train(config, out=folder / f"{lr}-{seed}")
            found.append(folder / f"{lr}-{seed}")
    return found


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser; without one the tests that look at pages skip."""
    path = chromium.program()
    if path is None:
        pytest.skip("no Chromium here: the page is not looked at (apt install chromium)")
    with chromium.running(path, tmp_path_factory.mktemp("profile")) as running:
        yield running
