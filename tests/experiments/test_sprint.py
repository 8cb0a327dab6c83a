"""The recipe `mnist-sprint`, where its time goes, and what is done side by side."""

import statistics
import subprocess
import sys
import time

import numpy as np
import pytest

from glassnet import experiments
from glassnet.data import DataSplits
from glassnet.errors import DataError
from glassnet.experiments import Config
from glassnet.experiments.clock import Clock, seconds_of_process
from glassnet.experiments.reading import read_data

PARTS = ["start", "data", "training", "test"]


def test_the_recipe_resolves():
    config = Config.from_recipe("mnist-sprint")
    model = config.model.build((1, 28, 28), 10)
    assert model.output_shape((1, 28, 28)) == (10,)
    assert model[-1].in_features == 432
    assert config.model.has_windows
    assert not Config.from_recipe("mnist-mlp").model.has_windows
    assert (config.data.options["valid"], config.training.epochs) == (0, 1)
    assert Config.from_dict(config.to_dict()) == config


def test_laps_add_up(tmp_path):
    config = Config.from_recipe("digits-mlp", ["training.epochs=1"])
    seen = []
    started = time.perf_counter()
    _, metrics = experiments.train(
        config,
        out=tmp_path / "run",
        clock=Clock(before=100.0),
        on_test=lambda run, test: seen.append(
            (time.perf_counter() - started, run.clock.total - 100, test.metrics["accuracy"])
        ),
    )
    ((outside, inside, accuracy),) = seen
    assert 0.5 * outside < inside <= outside
    assert accuracy == metrics["test_accuracy"]
    parts = metrics["seconds_by_part"]
    assert list(parts) == PARTS
    assert parts["start"] >= 100 > parts["data"]
    assert metrics["seconds"] == parts["training"] > 0
    assert metrics["seconds_to_accuracy"] == pytest.approx(sum(parts.values()), abs=0.01)


def test_the_age_of_a_process_counts_from_its_start():
    code = (
        "import time; time.sleep(0.5)\n"
        "from glassnet.experiments.clock import seconds_of_process as age; print(age())"
    )
    started = time.perf_counter()
    command = [sys.executable, "-c", code]
    said = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    outside = time.perf_counter() - started
    if sys.platform == "linux":
        assert 0.45 < said < outside + 0.05
    assert 0 <= said < outside + 0.05
    assert seconds_of_process() > 0


def test_data_read_beside_are_the_data(tmp_path):
    network = {"name": "layers", "layers": [{"type": "MaxPool2d", "kernel_size": 2}, "Flatten"]}
    config = Config.from_dict({"data": {"name": "digits"}, "model": network})
    assert config.model.has_windows
    found, wanted = read_data(config), config.load_data()
    assert isinstance(found, DataSplits)
    np.testing.assert_array_equal(found.train.raw, wanted.train.raw)
    missing = {"name": "idx", "images": str(tmp_path / "a"), "labels": str(tmp_path / "b")}
    with pytest.raises(DataError, match="no such file"):
        read_data(Config.from_dict({"data": missing, "model": network}))


READY = """
import sys
import numpy as np
from glassnet import kernels, threads
from glassnet.kernels.readiness import get_ready
threads.set_threads(1)
get_ready()
before = set(sys.modules)
x = np.ones((8, 1, 9, 9), np.float32)
kernels.conv2d_forward(x, np.ones((4, 1, 3, 3), np.float32), None, (1, 1), (0, 0))
late = {name.partition(".")[0] for name in set(sys.modules) - before}
print(kernels.active_kernels(), "numba" in before, bool(late & {"numba", "scipy"}))
"""


@pytest.mark.parametrize(
    ("edition", "said"), [("numpy", "numpy False False"), ("numba", "numba True False")]
)
def test_kernels_that_are_ready_load_nothing_more(edition, said, monkeypatch):
    if edition == "numba":
        pytest.importorskip("numba")
    monkeypatch.setenv("GLASSNET_KERNELS", edition)
    command = [sys.executable, "-c", READY]
    for _ in range(2 if edition == "numba" else 1):  # the first may have to compile
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == said


@pytest.mark.slow
def test_99_percent(data_dir, tmp_path):
    accuracies = [
        experiments.train(
            Config.from_recipe("mnist-sprint", [f"training.seed={seed}"]),
            out=tmp_path / str(seed),
            data_dir=data_dir,
        )[1]["test_accuracy"]
        for seed in range(5)
    ]
    assert statistics.mean(accuracies) >= 0.99
