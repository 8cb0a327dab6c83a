"""Runs of the program in one folder, compared by TensorBoard's running server."""

import time
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from tests.cli.conftest import glassnet, surroundings  # noqa: F401  (fixtures)

pytest.importorskip("tensorboard", reason="pip install 'glassnet[tensorboard]'")

SMALL = ("--set", "training.epochs=2", "--set", "data.train=200")


def waited(ask, wanted):
    """Ask until the server has read everything."""
    until = time.monotonic() + 60
    while not wanted(answer := ask()):
        assert time.monotonic() < until, answer
        time.sleep(0.1)
    return answer


@pytest.mark.parametrize(
    "options",
    [(), pytest.param(("--load_fast=false",), marks=pytest.mark.slow)],
    ids=["fast", "python"],
)
def test_two_runs_side_by_side(glassnet, serve, options):  # noqa: F811
    for rate in ("0.01", "0.001"):
        setting = ("--set", f"optimizer.lr={rate}", "--tensorboard", "--out", f"runs/{rate}")
        ended = glassnet("train", "digits-mlp", *SMALL, *setting)
        assert ended.code == 0, ended.err
    server = serve("runs", *options)
    names = {"0.01/tensorboard", "0.001/tensorboard"}
    assert set(waited(lambda: server.ask("/data/runs"), lambda runs: len(runs) == 2)) == names

    def scalars(run, tag):
        return server.ask("/data/plugin/scalars/scalars", run=run, tag=tag)

    for what, tag in (("scalars", "loss/test"), ("images", "results/curves")):
        waited(
            lambda what=what: server.ask(f"/data/plugin/{what}/tags"),
            lambda tags, tag=tag: all(tag in tags.get(name, ()) for name in names),
        )
    for name in names:
        history = gn.History.from_csv(Path("runs", name, "..", "history.csv").read_text())
        shown = scalars(name, "loss/valid")
        np.testing.assert_array_equal([e[2] for e in shown], np.float32(history["valid_loss"]))
    first, last = server.ask(
        "/data/plugin/histograms/histograms", run="0.01/tensorboard", tag="weights/1.weight"
    )[::2]
    assert (first[1], last[1]) == (0, scalars("0.01/tensorboard", "loss/valid")[-1][1])
    model = gn.load("runs/0.01/model.safetensors")
    assert sum(count for _, _, count in last[2]) == model[1].weight.value.size
    assert last[2][0][0] == pytest.approx(float(model[1].weight.value.min()))
    assert last[2][-1][1] == pytest.approx(float(model[1].weight.value.max()))

    (picture,) = server.ask(
        "/data/plugin/images/images", run="0.01/tensorboard", tag="results/curves", sample=0
    )
    content = server.get("/data/plugin/images/individualImage?" + picture["query"])
    assert content == Path("runs/0.01/figures/curves.png").read_bytes()

    (text,) = server.ask("/data/plugin/text/text", run="0.01/tensorboard", tag="configuration")
    assert "lr = 0.01" in text["text"]
    assert "<script" not in text["text"]

    layout = server.ask("/data/plugin/custom_scalars/layout")
    charts = {c["title"]: c["multiline"]["tag"] for c in layout["category"][0]["chart"]}
    assert "^loss/train$" in charts["loss"]
    assert "^loss/valid$" in charts["loss"]

    groups = server.post(
        "/data/plugin/hparams/session_groups",
        experimentName="", allowedStatuses=["STATUS_UNKNOWN", "STATUS_RUNNING", "STATUS_SUCCESS"],
        colParams=[{"hparam": "optimizer.lr", "includeInResult": True}], startIndex=0, sliceSize=9,
    )["sessionGroups"]  # fmt: skip
    rates = sorted(group["hparams"]["optimizer.lr"] for group in groups)
    assert rates == [0.001, 0.01]
