"""What is written of a run, read back through TensorBoard's own reader."""

import io
import sys
import tomllib

import numpy as np
import pytest
from PIL import Image

import glassnet as gn
from glassnet.experiments import Config, RunFolder, train
from glassnet.training import LayerRecord, LayerRecorder

pytest.importorskip("tensorboard", reason="pip install 'glassnet[tensorboard]'")

from .seeing import content, seen, words

# The network of catalogue row E6, small: its layers' extremes, means and deviations were watched.
NETWORK = {
    "name": "layers",
    "layers": [
        {"type": "Conv2d", "out_channels": 3, "kernel_size": 3},
        "ReLU",
        {"type": "Conv2d", "out_channels": 4, "kernel_size": 3},
        "ReLU",
        "Flatten",
        {"type": "Linear", "out_features": 12},
        "ReLU",
        {"type": "Dropout", "p": 0.5},
        "Linear",
    ],
}
EPOCHS, STEPS = 3, 5
LAYERS = ("0", "2", "5", "8")


@pytest.fixture(scope="module")
def run(once):
    """A small run of a convolutional network."""
    training = {"epochs": EPOCHS, "batch_size": 40, "evaluate_every": 2}
    tables = {
        "data": {"name": "digits", "train": 200, "valid": 100},
        "model": NETWORK,
        "training": training,
        "optimizer": {"name": "adam", "lr": 0.003},
        "tensorboard": {"on": True, "every": 3},
    }
    folder = once("events", lambda folder: train(Config.from_dict(tables), out=folder / "cnn"))
    return RunFolder(folder / "cnn")


@pytest.fixture(scope="module")
def board(run):
    return seen(run.tensorboard)


def test_scalars_are_the_history_s(run, board):
    history = gn.History.from_csv((run.path / "history.csv").read_text())
    tags = {
        "loss/train": "train_loss", "accuracy/train": "train_accuracy",
        "loss/valid": "valid_loss", "accuracy/valid": "valid_accuracy",
        "training/lr": "lr", "training/grad_norm": "grad_norm",
    }  # fmt: skip
    for tag, column in tags.items():
        events = board.Scalars(tag)
        assert [event.step for event in events] == [5, 10, 15]
        np.testing.assert_array_equal([e.value for e in events], np.float32(history[column]))
    assert [event.step for event in board.Scalars("step/loss")] == [3, 6, 9, 12, 15]


def test_test_part_and_evaluations(run, board):
    import json

    metrics = json.loads((run.path / "metrics.json").read_text())
    for name in ("loss", "accuracy"):
        (event,) = board.Scalars(f"{name}/test")
        assert (event.step, event.value) == (15, np.float32(metrics[f"test_{name}"]))
    rows = gn.History.from_csv((run.path / "evaluations.csv").read_text())
    events = board.Scalars("evaluations/test_accuracy")
    assert [event.step for event in events] == rows["step"] == [2, 4, 6, 8, 10, 12, 14]
    np.testing.assert_array_equal([e.value for e in events], np.float32(rows["test_accuracy"]))


def test_the_layers_of_e6_can_be_watched(run, board):
    """Least, largest, mean, deviation and histogram of each layer's values are the record's."""
    record = LayerRecord.from_bytes((run.path / "layers.safetensors").read_bytes())
    groups = {"weight": "weights", "bias": "biases", "gradient": "gradients"}
    wanted = {("weight", f"{n}.weight") for n in LAYERS} | {("bias", f"{n}.bias") for n in LAYERS}
    assert wanted <= record.distributions.keys()
    for (kind, name), values in record.distributions.items():
        tag = f"{groups.get(kind, 'activations')}/{name}"
        if kind == "activation":
            tag += f" {record.labels[name]}"
        events = board.Histograms(tag)
        first = int(kind == "gradient")  # there is none before the first step
        assert [event.step for event in events] == [0, 5, 10, 15][first:]
        for event, numbers, counts in zip(
            events, values.statistics[first:], values.counts[first:], strict=True
        ):
            h = event.histogram_value
            mean = h.sum / h.num
            deviation = np.sqrt(max(h.sum_squares / h.num - mean**2, 0))
            np.testing.assert_allclose([h.min, h.max, mean, deviation], numbers, atol=1e-9)
            assert sum(h.bucket) == h.num == counts.sum()
        for i, word in enumerate(("min", "max", "mean", "std")):
            shown = [event.value for event in board.Scalars(f"{tag}/{word}")]
            np.testing.assert_array_equal(shown, np.float32(values.statistics)[first:, i])
    for name, norms in record.gradient_norms.items():
        shown = [event.value for event in board.Scalars(f"gradient_norms/{name}")]
        np.testing.assert_array_equal(shown, np.float32(norms[1:]))
    for name, shares in record.dead.items():
        shown = [event.value for event in board.Scalars(f"dead_units/{name}")]
        np.testing.assert_array_equal(shown, np.float32(shares))


def test_a_histogram_s_buckets_are_numpy_s(run, board):
    weight = gn.load(run.path / "model.safetensors")[5].weight.value
    h = board.Histograms("weights/5.weight")[-1].histogram_value
    edges = [h.min, *h.bucket_limit]
    np.testing.assert_array_equal(np.histogram(weight.astype(float), edges)[0], h.bucket)


def test_pictures(run, board):
    tags = board.Tags()["images"]
    assert {"layers/kernels-0", "layers/kernels-2", "results/mistakes", "results/confusion"} <= {
        *tags
    }
    assert [event.step for event in board.Images("layers/kernels-0")] == [0, 5, 10]
    for tag in tags:
        for event in board.Images(tag):
            picture = Image.open(io.BytesIO(event.encoded_image_string))
            assert picture.size == (event.width, event.height)
            assert np.ptp(np.asarray(picture.convert("L"))) > 50
    mistakes = board.Images("results/mistakes")[-1].encoded_image_string
    assert mistakes == (run.path / "figures" / "mistakes.png").read_bytes()


def test_configuration_and_model_stand_there_as_text(run, board):
    text = words(board, "configuration")
    toml = "\n".join(line.removeprefix("    ") for line in text.splitlines())
    assert tomllib.loads(toml) == tomllib.loads((run.path / "config.toml").read_text())
    lines = words(board, "model").splitlines()
    assert [line.split()[0] for line in lines[2:-3]] == [str(layer) for layer in range(9)]
    size = sum(p.size for _, p in gn.load(run.path / "model.safetensors").named_parameters())
    assert f"{size:,}" in lines[-2]


def test_a_callback_alone_records_the_layers_itself(tmp_path):
    data = gn.data.load("moons", samples=120)

    def fit(folder, others=()):
        model = gn.Sequential(gn.Linear(2, 6), gn.Tanh(), gn.Linear(6, 2))
        board = gn.TensorBoard(folder, samples=data.train.x, every=1)
        trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=[board, *others])
        trainer.fit(data.train, data.valid, epochs=2)

    fit(tmp_path / "alone")
    fit(tmp_path / "beside", [LayerRecorder(data.train.x)])
    alone = content(tmp_path / "alone")
    assert alone == content(tmp_path / "beside")
    assert "histogram activations/1 Tanh" in alone
    assert not any(tag.startswith("image") for tag in alone)


def test_what_is_not_finite_is_left_out(tmp_path):
    log = gn.tensorboard.EventLog(tmp_path, 0, pytest.fail)
    log.scalars(1, {"a": float("nan"), "b": 1.0})
    log.scalars(2, {"a": float("inf")})
    log.histogram(1, "h", (float("nan"),) * 4, np.zeros(40, np.int64))
    log.histogram(1, "same", (2.0, 2.0, 2.0, 0.0), np.bincount([20] * 7, minlength=40))
    log.close()
    found = content(tmp_path)
    assert found.keys() == {"b", "histogram same"}
    assert found["histogram same"][0][1].bucket == [7]


def test_a_full_disk_is_told_and_ends_no_training(monkeypatch, tmp_path):
    from tensorboard.summary.writer.record_writer import RecordWriter

    told, written = [], []

    def write(writer, content):
        if len(written) == 30:
            raise OSError(28, "No space left on device")
        written.append(content)
        whole(writer, content)

    whole = RecordWriter.write
    monkeypatch.setattr(RecordWriter, "write", write)
    data = gn.data.load("moons", samples=120)
    model = gn.Sequential(gn.Linear(2, 2))
    board = gn.TensorBoard(tmp_path, tell=told.append)
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(), callbacks=[board])
    assert len(trainer.fit(data.train, epochs=9)) == 9
    assert told == ["nothing more is shown in TensorBoard: [Errno 28] No space left on device"]
    assert [step for step, _ in content(tmp_path)["loss/train"]][:2] == [3, 6]


def test_without_the_package_a_sentence_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    with pytest.raises(gn.ConfigError, match=r"pip install 'glassnet\[tensorboard\]'"):
        gn.TensorBoard(tmp_path)
    config = Config.from_recipe("moons-mlp", ["tensorboard.on=true"])
    with pytest.raises(gn.ConfigError, match=r"glassnet\[tensorboard\]"):
        train(config, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    board = gn.TensorBoard(tmp_path / "file" / "board")
    model, data = gn.Sequential(gn.Linear(2, 2)), gn.data.load("moons", samples=60)
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(), callbacks=[board])
    with pytest.raises(gn.OutputError, match="choose another folder"):
        trainer.fit(data.train, epochs=1)


@pytest.mark.parametrize("every", [0, -1])
def test_every_is_at_least_one(tmp_path, every):
    with pytest.raises(gn.ConfigError, match="every must be at least 1"):
        gn.TensorBoard(tmp_path, every=every)
    with pytest.raises(gn.ConfigError, match=r"tensorboard\.every must be at least 1"):
        Config.from_recipe("moons-mlp", [f"tensorboard.every={every}"])
