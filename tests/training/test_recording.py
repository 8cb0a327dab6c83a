"""What is recorded of the layers: against NumPy, and without touching the training."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.training import LayerRecord, LayerRecorder, layer_outputs
from glassnet.training.layer_record import BINS, Distribution, described
from glassnet.training.recording import dead_share

RNG = np.random.default_rng(0)


def network():
    body = gn.Residual(gn.Sequential(gn.Linear(6, 6), gn.Tanh()))
    return gn.Sequential(
        gn.Sequential(gn.Linear(2, 6), gn.ReLU()), body, gn.Dropout(0.2), gn.Linear(6, 3)
    )


def fit(recorder=None, epochs=3):
    data = gn.data.load("spirals", samples=120)
    model = network()
    trainer = gn.Trainer(
        model, gn.SoftmaxCrossEntropy(), gn.Adam(lr=0.01), callbacks=[recorder] if recorder else []
    )
    trainer.fit(data.train, data.valid, epochs=epochs, batch_size=16)
    return model, trainer


@pytest.fixture(scope="module")
def recorded():
    samples = RNG.normal(size=(50, 2)).astype(np.float32)
    recorder = LayerRecorder(samples)
    model, trainer = fit(recorder)
    return recorder.record, model, trainer, samples


def test_statistics_and_histograms_are_numpys(recorded):
    record, model, _, samples = recorded
    assert record.epochs == [0, 1, 2, 3]
    values = {("weight" if n.endswith("weight") else "bias", n): p.value
              for n, p in model.named_parameters()}  # fmt: skip
    values |= {("activation", n): y for n, layer, y in layer_outputs(model, samples)
               if not isinstance(layer, gn.Dropout)}  # fmt: skip
    values |= {("gradient", n): p.grad for n, p in model.named_parameters()}
    assert set(record.distributions) == set(values)
    for key, value in values.items():
        array = value.astype(np.float64)
        found = record.distributions[key]
        expected = (array.min(), array.max(), array.mean(), array.std())
        np.testing.assert_allclose(found.statistics[-1], expected, atol=1e-12)
        assert found.counts[-1].sum() == array.size
        np.testing.assert_array_equal(found.counts[-1], np.histogram(array, BINS)[0])


def test_a_layer_s_output_is_the_model_s(recorded):
    _, model, _, samples = recorded
    *_, last = layer_outputs(model, samples)
    np.testing.assert_array_equal(last.output, model.infer(samples))
    assert [name for name, _, _ in layer_outputs(model, samples)] == ["0.0", "0.1", "1", "2", "3"]


def test_gradient_norms_add_up_to_the_history_s():
    """With one step an epoch, the norm over all parameters is that of the parts together."""
    recorder = LayerRecorder(np.zeros((4, 2), np.float32))
    model, data = network(), gn.data.load("spirals", samples=60)
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.1), callbacks=[recorder])
    history = trainer.fit(data.train, epochs=2, batch_size=len(data.train))
    norms = np.array(list(recorder.record.gradient_norms.values()))
    assert np.isnan(norms[:, 0]).all()
    together = np.sqrt(np.square(norms[:, 1:]).sum(axis=0))
    np.testing.assert_allclose(together, history["grad_norm"], rtol=1e-5)


def test_there_is_no_gradient_before_the_first_step_nor_of_what_is_frozen():
    recorder = LayerRecorder()
    model, data = network(), gn.data.load("spirals", samples=60)
    gn.freeze(model, "0.*")
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.1), callbacks=[recorder])
    trainer.fit(data.train, epochs=2)
    frozen = recorder.record.distributions["gradient", "0.0.weight"]
    trained = recorder.record.distributions["gradient", "3.weight"]
    assert np.isnan(frozen.statistics).all()
    assert [counts.sum() for counts in frozen.counts] == [0, 0, 0]
    assert [counts.sum() for counts in trained.counts] == [0, 18, 18]
    assert recorder.record.names("activation") == []  # without samples


def test_recording_changes_nothing(recorded):
    _, model, trainer, _ = recorded
    alone, other = fit()
    for name, value in alone.state_dict().items():
        np.testing.assert_array_equal(value, model.state_dict()[name])
    assert other.history["train_loss"] == trainer.history["train_loss"]


def test_dead_units():
    model = gn.Sequential(gn.Linear(2, 4), gn.ReLU(), gn.Linear(4, 2)).initialize(seed=0)
    model[0].bias.value = np.array([-1e6, -1e6, 1e6, 0.0])
    data = gn.Dataset(RNG.normal(size=(40, 2)), np.arange(40) % 2)
    recorder = LayerRecorder(data.x)
    trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.0), callbacks=[recorder])
    trainer.fit(data, epochs=1)
    assert recorder.record.dead == {"1": [0.5, 0.5]}
    images = np.zeros((3, 4, 2, 2))
    images[0, 1, 0, 0] = 1.0
    assert dead_share(images) == 0.75


def test_bytes_and_back(recorded):
    record = recorded[0]
    again = LayerRecord.from_bytes(record.to_bytes())
    assert again.epochs == record.epochs
    assert again.labels == record.labels
    assert list(again.distributions) == list(record.distributions)
    assert list(again.gradient_norms) == list(record.gradient_norms)
    for key, distribution in record.distributions.items():
        np.testing.assert_array_equal(again.distributions[key].counts, distribution.counts)
        np.testing.assert_array_equal(again.distributions[key].statistics, distribution.statistics)
    np.testing.assert_array_equal(again.dead["0.1"], record.dead["0.1"])


def test_what_is_no_record(recorded):
    from safetensors.numpy import save

    content = recorded[0].to_bytes()
    zeros = save({"epochs": np.zeros(2, np.int64)})
    short = save(
        {"epochs": np.zeros(2, np.int64), "weight/a/counts": np.zeros((1, BINS), np.int64)},
        {"order": '["epochs", "weight/a/counts"]', "labels": "{}"},
    )
    strange = save(
        {"epochs": np.zeros(1, np.int64), "x/a/counts": np.zeros((1, BINS), np.int64)},
        {"order": '["epochs", "x/a/counts"]', "labels": "{}"},
    )
    for damaged in (strange, b"", b"x" * 100, content[: len(content) // 2], zeros, short):
        with pytest.raises(gn.CheckpointError, match="the record of the layers cannot be read"):
            LayerRecord.from_bytes(damaged)


def test_values_that_are_not_finite():
    distribution = Distribution()
    distribution.add(described(np.array([np.nan, np.inf])))
    distribution.add(described(np.array([np.nan, 1.0, 3.0])))
    assert np.isnan(distribution.statistics[0]).all()
    assert distribution.counts[0].sum() == 0
    assert distribution.statistics[1] == (1.0, 3.0, 2.0, 1.0)
