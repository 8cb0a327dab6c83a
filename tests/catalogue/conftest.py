"""A catalogue of two tiny rows on digits that come with scikit-learn, and one without its data."""

import json
import sys
from functools import partial

import pytest

from glassnet.cli import main
from glassnet.experiments.catalogue import reading

TINY = """
id = "T"
name = "tiny"
title = "Tiny"
extra = ["report_a_loss"]
ours = "Everything."
traps = "None known."

[base.data]
name = "digits"
[base.model]
name = "mlp"
hidden = [4]
[base.loss]
name = "softmax-cross-entropy"
[base.optimizer]
name = "adam"
lr = 0.01
[base.training]
epochs = 2
batch_size = 64

[[rows]]
id = "T1"
title = "units"
seconds = 1
report = ["test_loss"]
[[rows.variants]]
name = "4"
published = { test_accuracy = 0.0 }
[[rows.variants]]
name = "8"
set.model.hidden = [8]
published = { "last valid_accuracy" = 9.0 }

[[rows]]
id = "T2"
title = "the same run again, and one that diverges"
[[rows.variants]]
name = "4"
report = ["test_accuracy"]
[[rows.variants]]
name = "diverges"
set.optimizer = { name = "sgd", lr = 1e38 }
set.model.activation = "identity"
published = { test_accuracy = 0.5 }

[[rows]]
id = "T3"
title = "its data are not at hand"
set.data = { name = "kmnist" }
[[rows.variants]]
published = { test_accuracy = 0.9 }

[[rows]]
id = "T4"
title = "fine-tuned"
kind = "finetune"
options = { freeze = ["all-but-last"], overrides = ["training.epochs=3"] }
report = ["before test_loss", "test_loss", "before epochs", "epochs"]

[[rows]]
id = "T5"
title = "loops against arrays"
kind = "speed"
options.of = "step"
report = ["times as fast"]
set.training.batch_size = 4

[[rows]]
id = "T6"
title = "gradients"
kind = "gradients"
margin = 1e-3
[[rows.variants]]
published = { "hidden weight 1 error" = 0.0, "output bias error" = 0.0 }

[[rows]]
id = "T7"
title = "points, every step kept"
pictures = ["matrices"]
set.data = { name = "moons", samples = 60 }
set.training = { batch_size = 10, record_steps = true }
[[rows.variants]]
name = "4"
[[rows.variants]]
name = "8 / 2"
set.model.hidden = [8, 2]

[[stand_ins]]
suffix = "moons"
title = "on moons"
set.data = { name = "moons", samples = 100 }
"""
HERE = """
import pathlib, sys
from glassnet.experiments.catalogue import reading
reading.TABLES = pathlib.Path({folder!r})
from glassnet.cli import main
main()
"""


@pytest.fixture
def tables(tmp_path, monkeypatch, undrawn):
    """Put the tiny catalogue in the place of the real one, and work in an empty folder."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "T.toml").write_text(TINY, encoding="utf-8")
    (tmp_path / "here").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GLASSNET_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GLASSNET_KERNELS", "numpy")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(reading, "TABLES", folder)
    reading.catalogue.cache_clear()
    yield folder
    reading.catalogue.cache_clear()


@pytest.fixture
def glassnet(tables, monkeypatch, capsys):
    """Run a command on the tiny catalogue; return exit code, what it said, and its JSON."""

    def run(*arguments):
        argv = ["glassnet", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv)
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return code, out, err, json.loads(out.splitlines()[-1]) if "--json" in argv else None

    return run


@pytest.fixture
def reproduce(glassnet):
    """Run `glassnet reproduce` on the tiny catalogue."""
    return partial(glassnet, "reproduce")


def program(tables, *arguments):
    """Return the command line of a process that works on the tiny catalogue."""
    code = HERE.format(folder=str(tables))
    return [sys.executable, "-c", code, "reproduce", *map(str, arguments)]
