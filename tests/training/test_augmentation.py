"""Augmentation in training: on training batches alone, reproducible, and nothing else changes."""

import threading

import numpy as np
import pytest

import glassnet as gn
from glassnet.augmentation import Compose, Noise, Rotate, Translate
from glassnet.data import batches
from glassnet.randomness import stream

from .conftest import assert_same_state

STEPS = [Rotate(20), Translate(1), Noise(2.0)]


def pictures(samples=30, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 256, (samples, 1, 6, 6)).astype(np.uint8)
    return gn.Dataset(raw, np.arange(samples) % 3, gn.data.Scaling(1 / 255))


def network():
    return gn.Sequential(gn.Flatten(), gn.Linear(36, 3)).initialize(seed=0)


def trained(data, valid=None, augment=STEPS, seed=0, epochs=2, **options):
    model = network()
    trainer = gn.Trainer(
        model, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.1), seed=seed, augment=augment, **options
    )
    trainer.fit(data, valid, epochs=epochs, batch_size=8)
    return trainer


def test_it_is_the_loop_one_would_write():
    data, by_hand = pictures(), network()
    order, chance = stream(0, "shuffle"), stream(0, "augment")
    twin = gn.Trainer(by_hand, gn.SoftmaxCrossEntropy(), gn.SGD(lr=0.1))
    for _ in range(2):
        permutation = order.permutation(30)
        for start in range(0, 30, 8):
            chosen = permutation[start : start + 8]
            x = Compose(STEPS)(data.raw[chosen], chance)
            twin.step((x / np.float32(255)).astype(np.float32), data.y[chosen])
    found = trained(data).model.state_dict()
    for name, expected in by_hand.state_dict().items():
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_labels_and_order_are_those_of_the_samples_without():
    data = pictures()

    def drawn(augment):
        return list(batches(data, 7, np.random.default_rng(5), augment=augment))

    plain, inverted = drawn(None), drawn(lambda images: 255 - images)
    for (x, y, _), (changed, labels, _) in zip(plain, inverted, strict=True):
        np.testing.assert_array_equal(labels, y)
        np.testing.assert_allclose(changed, 1 - x, atol=1e-6)


def test_neither_the_data_nor_the_validation_part_change():
    data, valid = pictures(), pictures(seed=1)
    before = data.raw.copy(), valid.raw.copy()
    seen = []

    def watch(images, rng):
        seen.append(images.copy())
        return Noise(50.0)(images, rng)

    trainer = trained(data, valid, [watch])
    np.testing.assert_array_equal(data.raw, before[0])
    np.testing.assert_array_equal(valid.raw, before[1])
    once = np.sort(np.concatenate(seen[:4]).reshape(30, -1), axis=0)
    np.testing.assert_array_equal(once, np.sort(data.raw.reshape(30, -1), axis=0))
    assert len(seen) == 8  # two epochs of four batches: nothing of the validation part
    model = trainer.model
    loss, _ = gn.SoftmaxCrossEntropy()(model.infer(valid.x), valid.y)
    assert trainer.history["valid_loss"][-1] == pytest.approx(loss, rel=1e-6)


def test_the_same_seed_gives_the_same_bits_whatever_the_threads():
    expected = trained(pictures()).model.state_dict()
    found = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: trained(pictures()).model}))
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model in found.values():
        assert_same_state(model.state_dict(), expected)
    other = trained(pictures(), seed=1).model.state_dict()
    assert any(not np.array_equal(other[name], expected[name]) for name in expected)


def test_every_epoch_draws_anew_and_the_other_streams_are_left_alone():
    seen = []

    class Watch(gn.Callback):
        def on_step(self, trainer, record):
            seen.append(record["loss"])

    data = pictures(8)
    lr = gn.SGD(lr=0.0)
    gn.Trainer(
        network(), gn.SoftmaxCrossEntropy(), lr, augment=[Rotate(90)], callbacks=[Watch()]
    ).fit(data, epochs=3, batch_size=8)
    assert len(set(seen)) == 3
    nothing = trained(pictures(), augment=[lambda images, rng: images]).model.state_dict()
    assert_same_state(nothing, trained(pictures(), augment=()).model.state_dict())


def test_what_cannot_be_augmented_is_refused_in_words():
    with pytest.raises(gn.ConfigError, match="not the class Rotate"):
        gn.Trainer(network(), gn.SoftmaxCrossEntropy(), gn.SGD(), augment=[Rotate])
    table = gn.Dataset(np.eye(3, dtype=np.float32), [0, 1, 2])
    trainer = gn.Trainer(
        gn.Sequential(gn.Linear(3, 3)), gn.SoftmaxCrossEntropy(), gn.SGD(), augment=[Rotate(5)]
    )
    with pytest.raises(gn.ShapeError, match="Rotate takes images"):
        trainer.fit(table, epochs=1, batch_size=3)
