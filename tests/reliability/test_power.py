"""Power cuts: whatever the disk has forgotten, the newest complete checkpoint loads."""

import os
import random

import pytest

from glassnet import experiments, files

from .disk import Request, lay_out, remainders
from .power import cut, recorded

SHORT = (
    "data.name=moons", "model.hidden=[4]", "training.epochs=1", "training.batch_size=32",
    "checkpoint.steps=2", "checkpoint.minutes=0", "checkpoint.keep_last=1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    """Drawing takes longer than all the rest, and every picture is a file like any other."""
    monkeypatch.setattr("glassnet.pictures.run_figures", lambda *arguments: {})


def test_the_newest_complete_checkpoint_loads_after_every_power_cut(tmp_path):
    found = cut(recorded(SHORT, tmp_path).requests)
    assert found.faults == []
    assert found.states > 100
    assert sum(request.kind == "promise" for request in found.requests) >= 2


@pytest.mark.parametrize("forgotten", ["fsync", "folders", "new folders", "rename"])
def test_a_program_that_forgets_a_flush_is_found(tmp_path, monkeypatch, forgotten):
    """The simulated disk finds what would be wrong."""
    if forgotten == "fsync":
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    elif forgotten == "folders":
        monkeypatch.setattr(files, "flush_folder", lambda folder: None)
    elif forgotten == "new folders":
        monkeypatch.setattr(files, "make_folder", lambda folder: os.makedirs(folder, exist_ok=True))
        monkeypatch.setattr("glassnet.experiments.folder.make_folder", files.make_folder)
    requests = recorded(SHORT, tmp_path).requests
    if forgotten == "rename":  # written under its own name
        finals = {r.file: r.to for r in requests if r.kind == "rename"}
        requests = [
            Request("create", finals[r.file], r.file) if r.kind == "create" else r
            for r in requests
            if r.kind != "rename"
        ]
    elif forgotten == "fsync":
        requests = [r for r in requests if r.kind not in ("flush", "flush-folder")]
    assert cut(requests, patient=False).faults


@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2, 3))])
def test_what_a_power_cut_leaves_is_resumed_to_the_same_bytes(tmp_path, seed):
    recorder, rng = recorded(SHORT, tmp_path / "recorded"), random.Random(seed)
    whole = tmp_path / "recorded" / "new" / "run"
    left = [tree for _, tree in remainders(recorder.requests, rng)]
    left = [tree for tree in left if "new/run/config.toml" in tree]
    left = [tree for tree in left if "new/run/metrics.json" not in tree]
    for i, tree in enumerate(rng.sample(left, 8)):
        run = tmp_path / str(i) / "new" / "run"
        lay_out(tree, tmp_path / str(i))
        experiments.resume(run, strict=True, tell=lambda sentence: None)
        for name in ("model.safetensors", "predictions.safetensors"):
            assert (run / name).read_bytes() == (whole / name).read_bytes(), (name, sorted(tree))
        assert not experiments.RunFolder(run).half_written()
