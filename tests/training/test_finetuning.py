"""Freezing, a new head, and learning rates by name."""

import numpy as np
import pytest

import glassnet as gn

from .conftest import assert_same_state, network, points

LOSS = gn.SoftmaxCrossEntropy()


def bytes_of(model):
    return {name: array.tobytes() for name, array in model.state_dict().items()}


def deep():
    """A model with every kind of state: weights, running statistics, a counter."""
    return gn.Sequential(
        gn.Linear(4, 6), gn.BatchNorm1d(6), gn.Tanh(), gn.Dropout(0.2),
        gn.Residual(gn.Sequential(gn.Linear(6, 6), gn.BatchNorm1d(6))), gn.Linear(6, 3),
    ).initialize(seed=0)  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "thawed"),
    [
        (["all-but-last"], {"5.weight", "5.bias"}),
        (["0", "1", "4"], {"5.weight", "5.bias"}),
        (["0.*", "1.*", "4.body.0.*", "5.bias"], {"4.body.1", "5.weight"}),
        (["*.bias"], {"0.weight", "1.", "4.body.0.weight", "4.body.1.", "5.weight"}),
    ],
)
@pytest.mark.parametrize("optimizer", [gn.SGD(lr=0.1, momentum=0.9), gn.AdamW(lr=0.1)], ids=repr)
def test_no_frozen_byte_changes(data, patterns, thawed, optimizer):
    import copy

    model = deep()
    gn.Trainer(model, LOSS, gn.Adam(lr=0.01)).fit(data, epochs=2, batch_size=8)
    frozen = gn.freeze(model, *patterns)
    before = bytes_of(model)
    trainer = gn.Trainer(model, LOSS, copy.deepcopy(optimizer), regularizers=[gn.L2(0.1)])
    trainer.fit(data, epochs=3, batch_size=8)
    after = bytes_of(model)
    changed = {name for name in before if before[name] != after[name]}
    assert not changed & set(frozen)
    assert all(any(name.startswith(t) for t in thawed) for name in changed)
    assert {t for t in thawed if any(name.startswith(t) for name in changed)} == thawed
    assert all(
        parameter.trainable != (name in frozen) for name, parameter in model.named_parameters()
    )


def test_a_frozen_normalisation_computes_what_it_computes_in_evaluation(data):
    layer = gn.BatchNorm1d(4)
    for _ in range(5):
        layer.forward(data.x, training=True)
    gn.freeze(layer, "weight")
    half, _ = layer.forward(data.x, training=True)
    assert not np.allclose(half, layer.infer(data.x))  # γ alone: the batch's own statistics
    gn.freeze(layer, "bias")
    before = bytes_of(layer)
    y, cache = layer.forward(data.x, training=True)
    np.testing.assert_array_equal(y, layer.infer(data.x))
    assert bytes_of(layer) == before
    scale = 1 / np.sqrt(layer.running_var.value + layer.eps)
    np.testing.assert_allclose(
        layer.backward(np.ones_like(y), cache), np.tile(scale, (23, 1)), rtol=1e-6
    )


def test_batches_of_one_are_fine_where_the_normalisation_is_frozen(data):
    model = deep()
    with pytest.raises(gn.ConfigError, match="batches of one sample"):
        gn.Trainer(model, LOSS, gn.SGD()).fit(data, epochs=1, batch_size=1)
    gn.freeze(model, "all-but-last")
    assert gn.Trainer(model, LOSS, gn.SGD()).fit(data, epochs=1, batch_size=1)["train_loss"]


def test_a_pattern_that_fits_nothing_is_refused():
    with pytest.raises(gn.ConfigError, match=r"no parameter is called '9.\*'; there are 0.weight"):
        gn.freeze(network(), "9.*")


# --- a new head ----------------------------------------------------------------------------------


def test_a_new_head_begins_anew_and_the_rest_stays(data):
    model = gn.Sequential(
        gn.Linear(4, 6), gn.Tanh(),
        gn.Sequential(gn.Linear(6, 5, bias=False, init="normal(0.1)"), gn.Identity()),
    ).initialize(seed=0)  # fmt: skip
    before = model.state_dict()
    assert gn.new_head(model, 3) is model
    head = model[2][0]
    assert repr(head) == "Linear(in_features=6, out_features=3, bias=False, init='normal(0.1)')"
    assert head.weight.is_pending
    gn.Trainer(model, LOSS, gn.SGD(lr=0.0), seed=7).fit(data, epochs=1, batch_size=8)
    after = model.state_dict()
    assert after.pop("2.0.weight").shape == (3, 6)
    before.pop("2.0.weight")
    assert_same_state(after, before)


def test_a_head_of_float64_stays_one():
    head = gn.new_head(gn.Linear(2, 3).astype(np.float64), 4)
    assert (head.weight.shape, head.dtype) == ((4, 2), np.float64)


@pytest.mark.parametrize(
    "model",
    [gn.Sequential(gn.Tanh()), gn.Sequential(gn.Linear(2, 2), gn.BatchNorm1d(2)), gn.Tanh()],
)
def test_what_has_no_head_is_refused(model):
    with pytest.raises(gn.ConfigError, match="a new head takes the place of a Linear"):
        gn.new_head(model, 2)


# --- learning rates by name ----------------------------------------------------------------------


OPTIMIZERS = [
    lambda lr: gn.SGD(lr=lr, weight_decay=0.1),
    lambda lr: gn.SGD(lr=lr, momentum=0.9, nesterov=True),
    lambda lr: gn.Adagrad(lr=lr),
    lambda lr: gn.RMSprop(lr=lr, momentum=0.5),
    lambda lr: gn.AdamW(lr=lr, weight_decay=0.2),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda make: repr(make(0.1)))
def test_each_parameter_moves_as_if_all_had_its_rate(optimizer, data):
    """One step from the same weights and gradients with each rate, and of each what is its own."""
    rates = {"0.weight": 0.3, "3": 0.02}

    def moved(lr, lr_of=None):
        model = network()
        trainer = gn.Trainer(model, LOSS, optimizer(lr), lr_of=lr_of)
        trainer.step(data.x, data.y)
        return model.state_dict()

    found = moved(0.1, rates)
    expected = {"0.weight": 0.3, "0.bias": 0.1, "3.weight": 0.02, "3.bias": 0.02}
    for name, rate in expected.items():
        np.testing.assert_allclose(found[name], moved(rate)[name], rtol=2e-6, err_msg=name)
    assert_same_state(moved(0.1, {"*": 0.1}), moved(0.1))


def test_rates_by_name_last_through_a_training_and_follow_the_schedule(data):
    def trained(lr_of, lr):
        model = network()
        gn.freeze(model, *(name for name in ("0", "3.bias") if lr_of is None))
        trainer = gn.Trainer(model, LOSS, gn.Adam(lr=lr), schedule=gn.Exponential(0.9), lr_of=lr_of)
        trainer.fit(data, epochs=3, batch_size=8)
        return model.state_dict()

    # A rate of 0 for everything else is the same as freezing it.
    assert_same_state(trained({"3.weight": 0.05, "*": 0.0}, 0.1), trained(None, 0.05))


@pytest.mark.parametrize(
    ("lr_of", "words"),
    [({"7": 0.1}, "no parameter is called '7'"), ({"0": -1.0}, "at least 0, not -1.0")],
)
def test_rates_that_make_no_sense_are_refused(lr_of, words):
    with pytest.raises(gn.ConfigError, match=words):
        gn.Trainer(network(), LOSS, gn.SGD(), lr_of=lr_of)
    with pytest.raises(gn.ConfigError, match="must be above 0"):
        gn.Trainer(network(), LOSS, gn.SGD(lr=0.0), lr_of={"0": 0.1})


def test_points_are_learnt_with_a_slow_body():
    data = points(samples=90)
    model = network()
    trainer = gn.Trainer(model, LOSS, gn.Adam(lr=0.05), lr_of={"0.*": 0.005})
    assert trainer.fit(data, epochs=20, batch_size=16)["train_accuracy"][-1] > 0.9
