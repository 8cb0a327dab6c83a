"""Run folders made by hand, so that each difference between two can be planted alone."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import tomli_w

from glassnet.experiments.predictions import Predictions

CONFIG = {
    "name": "planted",
    "data": {"name": "digits", "split_seed": 0, "scaling": "minmax", "valid": 0.15, "test": 0.2},
    "model": {"name": "mlp", "hidden": [16], "activation": "relu", "dropout": 0.0},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.0},
    "schedule": {"name": "constant", "unit": "step"},
    "training": {"epochs": 3, "batch_size": 32, "seed": 0, "patience": 0, "monitor": "valid_loss"},
}
METRICS = {
    "test_loss": 0.3, "test_accuracy": 0.9, "valid_loss": 0.4, "valid_accuracy": 0.88,
    "seconds": 1.5, "epochs": 3, "stopped": "", "seed": 0, "parameters": 100, "kernels": "numpy",
    "environment": {"glassnet": "0.1.0", "source": "aaaa", "numpy": "2.0", "processor": "x86_64"},
}  # fmt: skip
DATA = {
    "name": "digits", "sample_shape": [1, 8, 8], "class_names": None, "classes": 10,
    "samples": {"train": 100, "valid": 20, "test": 30},
    "fingerprints": {"train": "t0", "valid": "v0", "test": "e0"},
}  # fmt: skip
HISTORY = "epoch,train_loss,valid_loss\n1,0.9,0.8\n2,0.5,0.6\n3,0.3,0.4\n"


def plant(folder: Path, seed: int = 0, *, right: int = 27, **changes: object) -> Path:
    """Write a run folder; `changes` set values, as ``optimizer__lr=0.2`` or ``metrics__x=None``."""
    config, metrics, data = deepcopy(CONFIG), deepcopy(METRICS), deepcopy(DATA)
    config["training"]["seed"] = metrics["seed"] = seed
    whole = {**config, "metrics": metrics, "describe": data}
    for key, value in changes.items():
        *path, last = key.split("__")
        table = whole
        for part in path:
            table = table.setdefault(part, {})
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    metrics, data = whole.pop("metrics"), whole.pop("describe")
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(tomli_w.dumps(whole))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "history.csv").write_text(HISTORY)
    true = np.arange(30) % 10
    said = np.where(np.arange(30) < right, true, (true + 1) % 10)
    (folder / "predictions.safetensors").write_bytes(Predictions(true, said).to_bytes())
    return folder
