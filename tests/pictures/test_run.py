"""The figures of whole runs, their speed, and their bytes."""

import subprocess
import sys
import time

import numpy as np
import pytest

import glassnet as gn
from glassnet.pictures import run_figures, save, training_curves
from glassnet.pictures.style import png
from glassnet.training import Evaluation, evaluate

from .looking import check, overlaps, texts

RNG = np.random.default_rng(0)


def trained(
    data: gn.DataSplits, model: gn.Layer, loss: gn.Loss
) -> tuple[gn.History, Evaluation | None]:
    trainer = gn.Trainer(model, loss, gn.Adam(lr=0.01))
    history = trainer.fit(data.train, data.valid, epochs=2, batch_size=16)
    part = data.test or data.valid or data.train
    return history, evaluate(model, part, loss)


def splits(x: np.ndarray, y: np.ndarray, **kwargs: object) -> gn.DataSplits:
    whole = gn.Dataset(x, y, **kwargs)
    third = len(x) // 3
    return gn.DataSplits(
        *(whole.take(slice(i * third, (i + 1) * third)) for i in range(3)),
    )


def figures(data: gn.DataSplits, model: gn.Layer, loss: gn.Loss) -> dict:
    history, evaluation = trained(data, model, loss)
    drawn = run_figures(history, model, data, evaluation, best_epoch=1)
    for figure in drawn.values():
        check(figure, labelled=False)
    return drawn


@pytest.fixture(scope="module")
def digits() -> tuple[gn.History, gn.Layer, gn.DataSplits, Evaluation]:
    data = gn.data.load("digits")
    model = gn.Sequential(gn.Flatten(), gn.Linear(64, 32), gn.ReLU(), gn.Linear(32, 10))
    history, evaluation = trained(data, model, gn.SoftmaxCrossEntropy())
    return history, model, data, evaluation


def test_images_with_a_linear_network(digits):
    drawn = run_figures(*digits)
    assert list(drawn) == ["curves", "confusion", "mistakes", "weights"]
    *_, data, evaluation = digits
    right = round(evaluation.metrics["accuracy"] * len(data.test))
    assert any(f"{right} of {len(data.test)} test samples" in t for t in texts(drawn["confusion"]))
    for figure in drawn.values():
        assert overlaps(figure) == []


def test_all_figures_in_time_and_the_same_bytes_again(digits, tmp_path):
    started = time.process_time()
    for name, figure in run_figures(*digits).items():
        save(figure, tmp_path / "figures" / f"{name}.png")
    assert time.process_time() - started < 3
    written = {path.stem: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert written == {name: png(figure) for name, figure in run_figures(*digits).items()}
    assert not any(word in b"".join(written.values()) for word in (b"matplotlib", b"Software"))


def test_images_with_convolutions():
    data = splits(RNG.integers(0, 255, (90, 1, 8, 8)).astype(np.uint8), np.arange(90) % 3)
    block = gn.Residual(gn.Sequential(gn.Conv2d(4, 4, 3, padding=1), gn.Tanh()))
    model = gn.Sequential(gn.Conv2d(1, 4, 3), block, gn.Flatten(), gn.Linear(144, 3))
    drawn = figures(data, model, gn.SoftmaxCrossEntropy())
    kernels = ["kernels-0", "kernels-1.body.0"]
    assert list(drawn) == ["curves", "confusion", "mistakes", *kernels, "features"]


def test_points_in_the_plane():
    data = gn.data.load("moons", samples=90)
    drawn = figures(data, gn.Sequential(gn.Linear(2, 1)), gn.BinaryCrossEntropy())
    assert list(drawn) == ["curves", "confusion", "boundary"]


def test_tables():
    data = splits(RNG.normal(size=(60, 5)), np.arange(60) % 2)
    drawn = figures(data, gn.Sequential(gn.Linear(5, 2)), gn.SoftmaxCrossEntropy())
    assert list(drawn) == ["curves", "confusion"]


@pytest.mark.parametrize("outputs", [(), (3,)])
def test_regression(outputs):
    data = splits(RNG.normal(size=(60, 2)), RNG.normal(size=(60, *outputs)))
    model = gn.Sequential(gn.Linear(2, outputs[0] if outputs else 1))
    assert list(figures(data, model, gn.MeanSquaredError())) == ["curves", "regression"]


def test_rows_of_probabilities_as_targets():
    y = np.eye(3, dtype=np.float32)[np.arange(60) % 3]
    data = splits(RNG.normal(size=(60, 4)), y)
    drawn = figures(data, gn.Sequential(gn.Linear(4, 3)), gn.SoftmaxCrossEntropy())
    assert list(drawn) == ["curves", "confusion"]


def test_probabilities_from_a_softmax_layer():
    data = splits(RNG.normal(size=(60, 1, 2, 2)), np.arange(60) % 3)
    model = gn.Sequential(gn.Flatten(), gn.Linear(4, 3), gn.Softmax())
    loss = gn.MeanSquaredError()
    drawn = figures(data, model, loss)
    assert list(drawn) == ["curves", "confusion", "mistakes", "weights"]


def test_whole_numbers_to_regress_on():
    data = splits(RNG.normal(size=(60, 2)), np.arange(60) % 7)
    model = gn.Sequential(gn.Linear(2, 1)).initialize()
    outputs = model.predict(data.test.x)
    drawn = run_figures(gn.History(), model, data, Evaluation(1.0, {"mae": 1.0}, outputs))
    assert list(drawn) == ["curves", "regression"]


def test_the_part_that_was_evaluated_is_named():
    whole = splits(RNG.normal(size=(60, 4)), np.arange(60) % 2)
    for data, word in (
        (gn.DataSplits(whole.train, whole.valid), "validation"),
        (gn.DataSplits(whole.train), "training"),
    ):
        drawn = figures(data, gn.Sequential(gn.Linear(4, 2)), gn.SoftmaxCrossEntropy())
        assert any(f"of 20 {word} samples" in text for text in texts(drawn["confusion"]))


def test_without_an_evaluation(digits):
    history, model, data, _ = digits
    assert list(run_figures(history, model, data)) == ["curves", "weights"]


def test_saving_keeps_what_was_there_when_it_fails(tmp_path):
    place = tmp_path / "figures"
    place.write_text("a file, not a folder")
    with pytest.raises(gn.OutputError, match="figures"):
        save(training_curves(gn.History()), place / "curves.png")
    assert place.read_text() == "a file, not a folder"


def test_matplotlib_is_imported_with_the_pictures_only_and_never_pyplot():
    program = (
        "import sys, glassnet as gn; gn.Trainer, gn.data.load; "
        "assert 'matplotlib' not in sys.modules; "
        "import glassnet.pictures; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
