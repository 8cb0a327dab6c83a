"""`glassnet reproduce` from beginning to end, on a tiny catalogue."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from glassnet.experiments import train
from glassnet.experiments.catalogue import (
    Results,
    Trial,
    Where,
    carry_out_all,
    finished_and_not,
    rows_called,
    runnable,
    runs_of,
)
from glassnet.experiments.catalogue import trials as make_trials
from glassnet.storage import load_arrays

from .conftest import program


def figures(folder="runs/catalogue"):
    """Return the figures of every result by its key."""
    return {
        path.parent.name: {
            name: value
            for name, value in json.loads(path.read_text())["figures"].items()
            if "seconds" not in name
        }
        for path in Path(folder).glob("[!.]*/result.json")  # those in hidden folders are half done
    }


def row(answer, id):
    return next(row for row in answer["rows"] if row["id"] == id)


def test_rows_are_listed_with_their_state(reproduce):
    code, out, _, _ = reproduce()
    assert code == 0
    assert "T1" in out
    assert "0 of 10" in out
    _, _, _, answer = reproduce("--json")
    assert "bring kmnist/train-images-idx3-ubyte.gz" in row(answer, "T3")["missing"]
    assert (row(answer, "T3")["verdict"], row(answer, "T1")["verdict"]) == ("not run", None)
    assert not Path("runs").exists()


def test_it_runs_says_what_holds_and_never_runs_twice(reproduce, monkeypatch):
    code, _, err, answer = reproduce("T1", "T2", "--seeds", 2, "--json")
    assert code == 0, err
    units = row(answer, "T1")
    assert (units["done"], units["planned"]) == (4, 4)
    [accuracy, loss] = units["variants"][0]["figures"]
    assert (accuracy["published"], accuracy["seeds"], accuracy["verdict"]) == (0.0, 2, "better")
    assert accuracy["half_width"] > 0
    assert (loss["figure"], loss["published"], loss["verdict"]) == ("test_loss", None, None)
    assert units["variants"][1]["figures"][0]["verdict"] == "worse"
    assert units["verdict"] == "worse"
    # T2's first variant is T1's: one run serves both.
    assert len(figures()) == 6
    assert row(answer, "T2")["variants"][0]["done"] == 2
    assert row(answer, "T2")["variants"][1]["diverged"] == 2
    assert "left" in err

    handed = runs_of("t1", Results())
    assert [(variant.name, seed) for variant, seed, _ in handed] == [
        ("4", 0), ("4", 1), ("8", 0), ("8", 1)
    ]  # fmt: skip
    assert all((folder / "model.safetensors").is_file() for _, _, folder in handed)

    def never(*_):
        raise AssertionError("run twice")

    monkeypatch.setattr("glassnet.experiments.catalogue.running.carry_out", never)
    code, _, err, again = reproduce("T1", "T2", "--seeds", 2, "--json")
    assert code == 0
    assert "finished earlier" in err
    assert again == answer


def test_stand_ins_run_where_the_data_are_missing(reproduce):
    _, _, _, answer = reproduce("all", "--seeds", 1, "--json")
    assert row(answer, "T3")["verdict"] == "not run"
    assert row(answer, "T3")["missing"] == "bring kmnist/train-images-idx3-ubyte.gz, " + ", ".join(
        f"kmnist/{name}-ubyte.gz" for name in ("train-labels-idx1", "t10k-images-idx3",
                                               "t10k-labels-idx1"))  # fmt: skip
    assert row(answer, "T1-moons")["done"] == 0, "T1's own data are there"
    with pytest.raises(StopIteration):
        row(answer, "T3-moons")  # it names data of its own


@pytest.mark.parametrize("row", ["T1:8", "T2:4", "T7:8 / 2"])
def test_what_it_shows_can_be_trained_by_hand(reproduce, glassnet, row):
    reproduce(row, "--seeds", 2)
    _, out, _, _ = reproduce(row, "--show")
    Path("mine.toml").write_text(out)
    _, _, err, by_hand = glassnet("train", "mine.toml", "--seed", 1, "--out", "byhand", "--json")
    trial = next(t for t in make_trials(rows_called([row]), 2) if t.seed == 1)
    kept = Results().read(trial)
    for name in ("test_accuracy", "test_loss", "valid_loss"):
        assert kept.figures[name] == by_hand[name], err
    table = Path("byhand/history.csv").read_text().splitlines()
    last = dict(zip(table[0].split(","), table[-1].split(","), strict=True))
    assert kept.figures["last valid_accuracy"] == float(last["valid_accuracy"])


def test_the_number_of_processes_changes_no_result(reproduce):
    reproduce("T1", "T2", "--seeds", 2)
    _, _, err, _ = reproduce("T1", "T2", "--seeds", 2, "--jobs", 2, "--out", "two")
    assert figures() == figures("two")
    assert len(figures()) == 6, err


def test_what_is_no_plain_training(reproduce):
    code, _, err, answer = reproduce("T4", "T5", "T6", "--seeds", 1, "--json")
    assert code == 0, err
    found = {
        figure["figure"]: figure["mean"]
        for id in ("T4", "T5", "T6")
        for figure in row(answer, id)["variants"][0]["figures"]
    }
    assert (found["before epochs"], found["epochs"]) == (2, 3)
    assert found["test_loss"] < found["before test_loss"], "the last layer was trained on"
    assert found["times as fast"] > 1
    assert 0 < found["hidden weight 1 error"] < 1e-3
    assert row(answer, "T6")["verdict"] == "reproduced"
    trial = make_trials(rows_called(["T4"]), 1)[0]
    before, after = (
        load_arrays(path)
        for path in (_first_training(trial), Results().path(trial) / "model.safetensors")
    )
    assert (before["1.weight"] == after["1.weight"]).all(), "frozen"
    assert (before["3.weight"] != after["3.weight"]).any()


def _first_training(trial):
    """Train what a fine-tuning begins with, by hand."""
    trained, _ = train(trial.config, out="first")
    return trained.path / "model.safetensors"


def test_the_page_is_written(reproduce):
    reproduce("all", "--seeds", 2, "--write", "docs/page.md")
    page = Path("docs/page.md").read_text()
    assert "### T1" in page
    assert "*Not run*: bring kmnist/train-images-idx3-ubyte.gz" in page
    assert "not explained yet" in page
    assert "no longer finite" in page
    assert "numpy kernels" in page


@pytest.mark.drawn
def test_pictures_are_drawn_from_the_kept_runs_and_the_page_shows_them(reproduce):
    drawn = ("--seeds", 2, "--pictures", "docs/pictures", "--write", "docs/page.md")
    code, _, err, _ = reproduce("T2", "T5", "T7", *drawn)  # of T2, one diverges at once
    assert code == 0, err
    files = {path.name for path in Path("docs/pictures").iterdir()}
    assert files == {
        "T2-curves.png", "T7-curves.png", "T7-steps.png", "T7-4-matrices.png",
        "T7-8-2-matrices.png", "T-boundaries.png",
    }  # fmt: skip
    shown = re.findall(r"!\[.*?\]\((.*?)\)", Path("docs/page.md").read_text())
    assert sorted(shown) == sorted(f"pictures/{name}" for name in files)
    for address in shown:
        with Image.open(Path("docs") / address) as picture:
            assert min(picture.size) > 200


def test_a_cluster_that_does_not_answer(reproduce, monkeypatch):
    if importlib.util.find_spec("distributed"):
        import distributed

        def impatient(address, timeout, **options):
            return client(address, timeout="0.2s", **options)

        client = distributed.Client
        monkeypatch.setattr(distributed, "Client", impatient)
    code, _, err, _ = reproduce("T1", "--dask", "tcp://127.0.0.1:1")
    assert code == 2
    assert "Dask" in err.splitlines()[-1]


def test_mistakes_are_said_in_a_sentence(reproduce, tables):
    code, _, err, _ = reproduce("T9")
    assert code == 2
    assert "no row 'T9'" in err
    table = tables / "T.toml"
    table.write_text(table.read_text().replace("batch_size = 64", "batch_size = 10_000"))
    from glassnet.experiments.catalogue import reading

    reading.catalogue.cache_clear()
    code, _, err, answer = reproduce("T1", "--seeds", 1, "--json")
    assert code == 2
    assert "a batch of 10000 is larger than digits" in answer["failed"]["T1 4, seed 0"]
    assert "Traceback" not in err


def test_a_damaged_result_is_named(reproduce):
    reproduce("T1", "--seeds", 1)
    path = next(Path("runs/catalogue").glob("*/result.json"))
    path.write_text("{")
    code, _, err, _ = reproduce("T1", "--seeds", 1)
    assert code == 2
    assert str(path) in err


def quick(tables, epochs):
    """Let the rows train for so many epochs, on data that a process need not wait for."""
    table = tables / "T.toml"
    text = table.read_text().replace("epochs = 2", f"epochs = {epochs}")
    table.write_text(text.replace('name = "digits"', 'name = "spirals"', 1))


def ended_by(number, command):
    """Start the program, end it with a signal once there is a result; return what there is."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen(command, **quiet, start_new_session=True)
    deadline = time.monotonic() + 120
    while not figures() and time.monotonic() < deadline:
        time.sleep(0.01)
    if number == signal.SIGKILL:
        os.killpg(started.pid, number)
    else:
        started.send_signal(number)
    _, err = started.communicate(timeout=60)
    assert started.returncode == (143 if number == signal.SIGTERM else -number), err
    assert "Traceback" not in err
    before = figures()
    assert 1 <= len(before) < 6
    return before


def assert_goes_on(command, before):
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert re.match(rf"{len(before)} runs? finished earlier", ended.stderr)
    assert len(figures()) == 6
    assert {key: figures()[key] for key in before} == before
    assert not list(Path("runs/catalogue").glob(".*")), "nothing half written is left"


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_it_loses_what_was_in_progress_and_goes_on(tables, jobs):
    quick(tables, 100)
    command = program(tables, "T1", "--seeds", 3, "--jobs", jobs)
    assert_goes_on(command, ended_by(signal.SIGKILL, command))


@pytest.mark.parametrize("jobs", [1, 2])
def test_sigterm_ends_it_at_once_and_what_is_finished_stays(tables, jobs):
    quick(tables, 100)
    command = program(tables, "T1", "--seeds", 3, "--jobs", jobs)
    assert_goes_on(command, ended_by(signal.SIGTERM, command))


@pytest.mark.slow
def test_a_cluster_does_the_same_and_a_worker_may_die(reproduce, tables):
    distributed = pytest.importorskip("distributed")
    table = tables / "T.toml"
    table.write_text(table.read_text().replace("epochs = 2", "epochs = 25"))
    from glassnet.experiments.catalogue import reading

    reading.catalogue.cache_clear()
    wanted = make_trials(runnable(rows_called(["T1"])), 4)
    _, todo = finished_and_not(wanted, Results())
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        where = Where(dask=cluster.scheduler_address, kernels="numpy")
        killed = False
        for _, problem in carry_out_all(todo, Results(), where):
            assert not problem
            if not killed:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
                killed = True
    assert len(figures()) == 8
    reproduce("T1", "--seeds", 4, "--out", "here")
    assert figures() == figures("here")


def test_the_key_is_what_decides_the_outcome_and_no_more(tables):
    [first, second, *_] = make_trials(rows_called(["T1"]), 1)

    def changed(**values):
        return Trial(**{**vars(first), **values}).key

    assert changed() == first.key
    assert changed(row="X", variant="y", seconds=9.0) == first.key
    assert changed(tables={**first.tables, "name": "other"}) == first.key
    others = {
        second.key,
        changed(tables=first.tables | {"training": {**first.tables["training"], "seed": 1}}),
        changed(tables=first.tables | {"optimizer": {"name": "adam", "lr": 0.02}}),
        changed(tables=first.tables | {"data": {"name": "digits", "split_seed": 1}}),
        changed(kind="speed"),
        changed(options={"of": "loss"}),
        changed(extra=()),
    }
    assert len(others) == 7
    assert first.key not in others
