"""NaN and infinity are located: the layer, and whether forward, backward or update."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.training import NotFiniteError

from .conftest import network, points

LOSS = gn.SoftmaxCrossEntropy()


class Poison(gn.Layer):
    """Passes everything on, but for one number at one call, forward or backward."""

    def __init__(self, where, step, value, once=True):
        super().__init__()
        self.where, self.step, self.value, self.once = where, step, value, once
        self.calls = {"forward": 0, "backward": 0}

    def poisoned(self, x, where):
        self.calls[where] += 1
        now = self.calls[where] == self.step or (self.calls[where] > self.step and not self.once)
        if self.where == where and now:
            x = x.copy()
            x.reshape(-1)[x.size // 2] = self.value
        return x

    def forward(self, x, *, training=False, rng=None):
        return self.poisoned(x, "forward") if training else x, None

    def backward(self, dy, cache):
        return self.poisoned(dy, "backward")

    def output_shape(self, input_shape):
        return input_shape


class Spoil(gn.Callback):
    """Writes a value into a weight after a step, as a wrong update would."""

    def __init__(self, name, step, value):
        self.name, self.step, self.value = name, step, value

    def on_step(self, trainer, record):
        if trainer.step_count == self.step:
            dict(trainer.model.named_parameters())[self.name].value.flat[-1] = self.value


def images():
    raw = np.random.default_rng(0).normal(size=(22, 2, 5, 5)).astype(np.float32)
    return gn.Dataset(raw, np.arange(22) % 3, name="images")


@st.composite
def models(draw):
    """Return layers of a small network; some with running statistics, dropout, a short cut."""
    activation = draw(st.sampled_from([gn.Tanh, gn.ReLU, gn.Sigmoid, gn.GELU]))
    if draw(st.booleans()):
        layers = [gn.Conv2d(2, 3, 3, padding=1), gn.BatchNorm2d(3), activation(), gn.MaxPool2d(2),
                  gn.Flatten(), gn.Linear(12, 3)]  # fmt: skip
        return layers, images()
    block = gn.Residual(gn.Sequential(gn.Linear(6, 6), activation()))
    layers = [gn.Linear(4, 6), gn.BatchNorm1d(6), activation(), gn.Dropout(0.3), block,
              gn.Linear(6, 3)]  # fmt: skip
    return layers, points(samples=22)


def finite(model):
    return all(np.isfinite(value).all() for value in model.state_dict().values())


@settings(max_examples=150, deadline=None)
@given(
    models(), st.data(), st.sampled_from(["forward", "backward", "update"]), st.integers(1, 9),
    st.sampled_from([np.nan, np.inf, -np.inf]), st.booleans(),
)  # fmt: skip
def test_every_injected_one_is_located(model, draw, where, step, value, once):
    layers, data = model
    callbacks, expected = [], None
    place = draw.draw(st.integers(0, len(layers)), label="place")
    if where == "update":
        whole = gn.Sequential(*layers)
        names = [name for name, p in whole.named_parameters()]
        expected = draw.draw(st.sampled_from(names), label="name")
        callbacks.append(Spoil(expected, step, value))
        expected = expected.rpartition(".")[0]
    else:
        if where == "backward":
            place = max(1, place)  # below the first parameters nobody goes
        layers = [*layers[:place], Poison(where, step, value, once), *layers[place:]]
        whole, expected = gn.Sequential(*layers), str(place)
    trainer = gn.Trainer(whole, LOSS, gn.Adam(0.01), callbacks=callbacks)
    try:
        trainer.fit(data, epochs=5, batch_size=8)
    except NotFiniteError as error:
        found = error
    else:  # an infinity may end in a non-linearity, as if nothing had been
        assert not np.isnan(value)
        assert where != "update"
        assert finite(whole)
        assert np.isfinite(trainer.history["train_loss"]).all()
        return
    assert found.fault[:2] == (where, expected), found
    assert found.step == trainer.step_count + (where != "update")
    # An infinite weight behind a tanh shows at the epoch's end, an infinite logit when it counts.
    assert found.step >= step if np.isinf(value) else found.step == step
    assert finite(whole)
    assert f"layer {expected}, " in str(found)
    assert "learning rate 0.01" in str(found)


def test_the_running_statistics_are_those_before_the_step():
    model = gn.Sequential(gn.Linear(4, 6), gn.BatchNorm1d(6), Poison("forward", 3, np.nan))
    model = gn.Sequential(*model.layers[:1], Poison("forward", 3, np.nan), *model.layers[1:2],
                          gn.Linear(6, 3))  # fmt: skip
    seen = []

    class Look(gn.Callback):
        def on_step(self, trainer, record):
            seen.append(trainer.model.state_dict())

    with pytest.raises(NotFiniteError):
        gn.Trainer(model, LOSS, gn.SGD(), callbacks=[Look()]).fit(points(), batch_size=8)
    assert len(seen) == 2
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, seen[-1][name], err_msg=name)


def test_a_rate_that_is_too_large_is_the_update():
    model = network()
    with pytest.raises(NotFiniteError, match=r"step 2 .*1e\+40.*update.*weights are those after"):
        gn.Trainer(model, LOSS, gn.SGD(1e40, momentum=0.9)).fit(points(), batch_size=8)
    assert finite(model)


def test_weights_that_overflow_in_the_forward_pass():
    model = network()
    model[3].weight.value = np.full((3, 6), 3e38)
    with pytest.raises(NotFiniteError) as error:
        gn.Trainer(model, LOSS, gn.SGD()).fit(points(), batch_size=8)
    assert error.value.fault[:2] == ("forward", "3")


def test_what_comes_with_the_data():
    class Broken(gn.augmentation.Augmentation):
        def __call__(self, images, rng):
            return images * np.float32("nan")

    trainer = gn.Trainer(network(), LOSS, gn.SGD(), augment=[Broken()])
    with pytest.raises(
        NotFiniteError, match=r"samples of its batch hold NaN.*augmentation"
    ) as error:
        trainer.fit(points(), batch_size=8)
    assert error.value.fault.phase == "data"


@pytest.mark.parametrize(("part", "phase"), [(0, "loss"), (1, "loss")])
def test_what_the_loss_makes(part, phase):
    class Broken(gn.SoftmaxCrossEntropy):
        def __call__(self, output, target, sample_weight=None):
            found = list(super().__call__(output, target, sample_weight))
            found[part] = found[part] * np.nan
            return tuple(found)

    with pytest.raises(NotFiniteError) as error:
        gn.Trainer(network(), Broken(), gn.SGD()).fit(points(), batch_size=8)
    assert error.value.fault.phase == phase


def test_what_a_regulariser_makes():
    class Broken(gn.L2):
        def add_gradient(self, weights, gradient):
            gradient[0] = np.nan

    with pytest.raises(NotFiniteError, match="regulariser Broken"):
        gn.Trainer(network(), LOSS, gn.SGD(), regularizers=[Broken(1.0)]).fit(
            points(), batch_size=8
        )


def test_gradients_whose_square_is_too_large():
    class Steep(gn.Identity):
        def backward(self, dy, cache):
            return dy * np.float32(1e25)

    model = gn.Sequential(gn.Linear(4, 3), Steep(), gn.Linear(3, 3))
    with pytest.raises(NotFiniteError) as error:
        gn.Trainer(model, LOSS, gn.SGD()).fit(points(), batch_size=8)
    assert error.value.fault[:2] == ("backward", "0")
