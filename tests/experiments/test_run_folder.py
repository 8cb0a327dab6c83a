"""What a run leaves behind: everything that decides and describes it, and nothing overwritten."""

import json
import threading
import tomllib

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet import experiments
from glassnet.data import Scaling
from glassnet.experiments import Config, LoadedRun, RunFolder, to_json

QUICK = ["training.epochs=2", "model.hidden=[8]"]


def train(recipe="digits-mlp", overrides=(), **options):
    return experiments.train(Config.from_recipe(recipe, [*QUICK, *overrides]), **options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder, metrics = train(out=tmp_path_factory.mktemp("runs") / "digits")
    return folder.path, metrics


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_holds_the_whole_story(finished):
    path, metrics = finished
    names = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
    pictures = {f"figures/{n}.png" for n in ("curves", "confusion", "mistakes", "weights")}
    assert names == pictures | {
        "config.toml", "data.json", "history.csv", "metrics.json", "model.safetensors",
        "predictions.safetensors",
    }  # fmt: skip
    for name in pictures:
        with Image.open(path / name) as picture:
            assert (picture.format, min(picture.size) > 200) == ("PNG", True)
    config = tomllib.loads((path / "config.toml").read_text("utf-8"))
    assert (config["training"]["epochs"], config["optimizer"]["beta1"]) == (2, 0.9)
    assert json.loads((path / "metrics.json").read_text("utf-8")) == json.loads(to_json(metrics))
    lines = (path / "history.csv").read_text("utf-8").splitlines()
    assert (lines[0].split(",")[0], len(lines)) == ("epoch", 3)
    data = json.loads((path / "data.json").read_text("utf-8"))
    assert data["sample_shape"] == [1, 8, 8]
    assert data["class_names"] == list("0123456789")
    assert data["samples"] == {"train": 1168, "valid": 270, "test": 359}
    assert data["drawing"] == {
        "largest": 16.0,
        "extent": 1.0,
        "stroke": pytest.approx(0.18, abs=0.01),
    }
    assert Scaling.from_dict(data["scaling"]).apply(np.array([16])) == 1


def test_metrics_say_how_it_ended_and_with_which_versions(finished):
    _, metrics = finished
    assert {
        "test_loss", "test_accuracy", "valid_loss", "valid_accuracy", "seconds", "epochs",
        "stopped", "warnings", "seed", "parameters", "penalty", "kernels", "per_class",
        "environment", "seconds_to_accuracy", "seconds_by_part",
    } == metrics.keys()  # fmt: skip
    assert (metrics["epochs"], metrics["seed"], metrics["parameters"]) == (2, 0, 610)
    assert [row["class"] for row in metrics["per_class"]] == list("0123456789")
    assert sum(row["support"] for row in metrics["per_class"]) == 359
    assert metrics["environment"]["numpy"] == np.__version__


def test_a_run_can_be_read_again(finished):
    path, metrics = finished
    run = LoadedRun.read(path)
    data = run.config.data.load()
    accuracy = (run.model.predict(data.test.x).argmax(axis=1) == data.test.y).mean()
    assert accuracy == pytest.approx(metrics["test_accuracy"])
    assert run.sample_shape == (1, 8, 8)
    found = experiments.evaluate_run(path)
    names = ("test_loss", "test_accuracy", "per_class")
    assert to_json({n: found[n] for n in names}) == to_json({n: metrics[n] for n in names})
    assert experiments.evaluate_run(path, part="valid")["valid_loss"] == metrics["valid_loss"]
    assert experiments.evaluate_run(path, part="train")["samples"] == 1168


def test_the_configuration_that_was_written_makes_the_same_run(finished, tmp_path):
    path, _ = finished
    config = Config.from_recipe(str(path / "config.toml"))
    again, _ = experiments.train(config, out=tmp_path / "again")
    for name in ("model.safetensors", "config.toml", "data.json"):
        assert (again.path / name).read_bytes() == (path / name).read_bytes(), name


def test_early_stopping_keeps_best_and_last_weights(tmp_path):
    overrides = ["training.patience=2", "training.epochs=30", "optimizer.lr=0.3"]
    folder, metrics = train("moons-mlp", overrides, out=tmp_path)
    assert metrics["epochs"] == metrics["best_epoch"] + 2 < 30
    last = gn.storage.load_arrays(folder.path / "last.safetensors")
    best = gn.load(folder.path / "model.safetensors").state_dict()
    assert last.keys() == best.keys()
    assert any(not np.array_equal(last[name], best[name]) for name in best)


def test_steps_are_written_where_asked_for(tmp_path):
    folder, _ = train("moons-mlp", ["training.record_steps=true"], out=tmp_path)
    lines = (folder.path / "steps.csv").read_text("utf-8").splitlines()
    assert lines[0] == "step,loss,lr,grad_norm,accuracy"
    assert len(lines) == 1 + 2 * 41


def test_json_has_no_number_that_json_does_not_know():
    values = {"a": float("nan"), "b": [np.float32(0.5), float("inf")], 3: {"c": (np.int64(2),)}}
    assert to_json(values) == '{"a": null, "b": [0.5, null], "3": {"c": [2]}}'


# --- making folders ------------------------------------------------------------------------------


def test_folders_are_numbered(here):
    (here / "runs").mkdir()
    (here / "runs" / "x-002").write_text("a file may stand in the way")
    paths = [RunFolder.create(None, "x").path for _ in range(3)]
    assert [str(path) for path in paths] == [f"runs/x-00{n}" for n in (1, 3, 4)]


def test_two_threads_never_get_one_number(here):
    found, start = [], threading.Barrier(4)

    def make():
        start.wait()
        found.extend(RunFolder.create(None, "x").path for _ in range(25))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 100


@pytest.mark.parametrize("kind", ["file", "full", "below a file"])
def test_what_is_there_is_never_overwritten(here, kind):
    (here / "there").mkdir() if kind == "full" else (here / "there").write_text("mine")
    out = here / "there" / "below" if kind == "below a file" else here / "there"
    if kind == "full":
        (out / "thesis.txt").write_text("mine")
    error = gn.ConfigError if kind == "full" else gn.OutputError
    with pytest.raises(error, match="not empty" if kind == "full" else "cannot make a run folder"):
        train(out=out)
    assert [p.read_text() for p in here.rglob("*") if p.is_file()] == ["mine"]


def test_runs_that_is_a_file_is_no_place(here):
    (here / "runs").write_text("mine")
    with pytest.raises(gn.OutputError, match="--out"):
        train()
    assert (here / "runs").read_text() == "mine"


@pytest.mark.parametrize("there", [False, True])
def test_a_run_that_could_not_begin_leaves_no_folder(here, there):
    if there:
        (here / "out").mkdir()
    for wrong in ("training.batch_size=9999", 'training.metrics=["mae"]'):
        with pytest.raises(gn.ConfigError):
            train(overrides=[wrong], out="out")
    assert (here / "out").exists() == there
    train(out="out")
    assert (here / "out" / "model.safetensors").is_file()


def test_a_run_that_diverges_leaves_what_it_had(here):
    with pytest.raises(gn.TrainingError):
        train(overrides=["optimizer.name=sgd", "optimizer.lr=1e25"], out="out")
    names = {path.name for path in (here / "out").iterdir()}
    assert {"config.toml", "history.csv", "metrics.json", "model.safetensors"} <= names
    weights = gn.load("out/model.safetensors").state_dict()
    assert all(np.isfinite(value).all() for value in weights.values())


# --- reading folders -----------------------------------------------------------------------------


def copied(finished, tmp_path):
    for file in finished[0].iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", ["config.toml", "data.json", "model.safetensors"])
@pytest.mark.parametrize("fault", ["missing", "empty", "cut", "noise", "folder"])
def test_a_damaged_folder_is_refused_by_the_name_of_the_file(finished, tmp_path, name, fault):
    file = copied(finished, tmp_path) / name
    content = file.read_bytes()
    file.unlink()
    if fault == "folder":
        file.mkdir()
    elif fault != "missing":
        damaged = {"empty": b"", "cut": content[: content.rindex(b'"')], "noise": b"\xff\xfe" * 40}
        file.write_bytes(damaged[fault])
    with pytest.raises(gn.CheckpointError, match=name):
        LoadedRun.read(tmp_path)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '"x"', '{"class_names": 3, "scaling": {}, "sample_shape": []}']
)
def test_a_description_of_other_data_is_refused(finished, tmp_path, text):
    (copied(finished, tmp_path) / "data.json").write_text(text)
    with pytest.raises(gn.CheckpointError, match="cannot be read"):
        LoadedRun.read(tmp_path)


def test_flipped_bytes_of_a_model_never_do_more_than_be_refused(finished, tmp_path):
    content = bytearray((finished[0] / "model.safetensors").read_bytes())
    rng = np.random.default_rng(0)
    file = tmp_path / "m.safetensors"
    refused = 0
    for _ in range(200):
        damaged = bytearray(content)
        damaged[rng.integers(0, 900)] ^= 1 << int(rng.integers(0, 8))
        file.write_bytes(damaged)
        try:
            gn.load(file)
        except gn.GlassnetError:
            refused += 1
    assert refused > 100


# --- predicting ----------------------------------------------------------------------------------


def test_prediction_names_classes_and_probabilities(finished, tmp_path):
    path, _ = finished
    data = gn.data.load("digits")
    for i in range(3):
        pixels = (data.test.raw[i, 0] * 15).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    found = experiments.predict_images(path, [tmp_path / f"{i}.png" for i in range(3)], top=4)
    expected = LoadedRun.read(path).model.predict_proba(data.test.x[:3])
    for i, prediction in enumerate(found):
        assert prediction["image"] == str(tmp_path / f"{i}.png")
        assert len(prediction["classes"]) == 4
        assert prediction["class"] == str(expected[i].argmax())
        best = [entry["probability"] for entry in prediction["classes"]]
        np.testing.assert_allclose(best, np.sort(expected[i])[::-1][:4], atol=0.02)


def test_a_run_that_is_not_about_images_predicts_none(tmp_path):
    folder, _ = train("moons-mlp", out=tmp_path / "moons")
    Image.new("L", (9, 9)).save(tmp_path / "x.png")
    with pytest.raises(gn.DataError, match=r"samples of shape \(2,\), not images"):
        experiments.predict_images(folder.path, [tmp_path / "x.png"])
