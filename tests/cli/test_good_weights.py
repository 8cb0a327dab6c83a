"""After a training that came to no number, the run folder holds the last good weights."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn

from .conftest import assert_refused

MLP = ["--set", "model.hidden=[6]"]
CNN = ["--set", "model.name=layers", "--set", (
    "model.layers=[{type='Conv2d', out_channels=3, kernel_size=3}, 'BatchNorm2d', 'ReLU', "
    "'Flatten', {type='Linear'}]"
)]  # fmt: skip
SMALL = ["--set", "data.train=200", "--set", "training.batch_size=50", "--set", "training.epochs=9",
         "--set", "training.patience=0"]  # fmt: skip


class Poison(gn.Callback):
    """Spoils a training at a step, and keeps the weights that were good until then."""

    def __init__(self, phase, step):
        self.phase, self.step = phase, step
        self.good = {}

    def on_step(self, trainer, record):
        if trainer.step_count != self.step - (self.phase != "update"):
            return
        self.good = trainer.model.state_dict()
        layer = trainer.model[-1]
        if self.phase == "update":
            layer.weight.value.flat[0] = np.nan
            return
        right = getattr(layer, self.phase)

        def wrong(*arguments, **options):
            found = right(*arguments, **options)
            if self.phase == "forward":
                return found[0] * np.float32("nan"), found[1]
            return found * np.float32("inf")

        if self.phase == "forward":
            layer.forward = wrong
        else:
            layer.backward = wrong


@pytest.mark.parametrize("network", [MLP, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize("phase", ["forward", "backward", "update"])
def test_the_folder_holds_the_last_good_weights(glassnet, network, phase):
    poison = Poison(phase, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glassnet.cli.view.View.follow", lambda view, config: [poison])
        ended = glassnet("train", "digits-mlp", *network, *SMALL, "--out", "r")
    assert_refused(ended, "no longer finite", "r holds what was trained")
    stored = gn.load("r/model.safetensors").state_dict()
    assert all(np.isfinite(value).all() for value in stored.values())
    if phase == "update":
        step = int(re.search(r"weights are those after step (\d+)", ended.err)[1])
        assert step < 6
    else:
        for name, value in poison.good.items():
            np.testing.assert_array_equal(stored[name], value, err_msg=name)
    assert "no longer finite" in json.loads(Path("r/metrics.json").read_text())["stopped"]
    assert glassnet("evaluate", "r", "--json").code == 0
