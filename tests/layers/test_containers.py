"""Sequential and Residual: names, refusals, what runs backward, and what is kept."""

import gc
import re
import weakref
from typing import Any

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import Array


class Spy(gn.Layer):
    """Passes on what it gets, counts its passes, and knows which of its caches still live."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[str] = []
        self.caches: list[weakref.ref[Array]] = []
        self.most_alive = 0

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        self.passes.append("forward")
        cache = x.copy()
        self.caches.append(weakref.ref(cache))
        return x.copy(), cache

    def backward(self, dy: Array, cache: Any) -> Array:
        self.passes.append("backward")
        return dy

    def output_shape(self, input_shape: Any) -> Any:
        return input_shape

    @property
    def alive(self) -> int:
        return sum(ref() is not None for ref in self.caches)


def mlp() -> gn.Sequential:
    return gn.Sequential(gn.Linear(4, 5), gn.ReLU(), gn.Linear(5, 3)).initialize(seed=0)


# --- names ------------------------------------------------------------------------------------


def test_names_are_those_of_pytorch() -> None:
    model = gn.Sequential(
        gn.Conv2d(1, 2, 3, bias=False),
        gn.BatchNorm2d(2),
        gn.Residual(gn.Sequential(gn.Conv2d(2, 2, 1)), gn.Conv2d(2, 2, 1, bias=False)),
        gn.Flatten(),
        gn.Sequential(gn.Linear(2, 2)),
    ).initialize(seed=0)
    assert list(model.state_dict()) == [
        "0.weight",
        "1.weight",
        "1.bias",
        "2.body.0.weight",
        "2.body.0.bias",
        "2.shortcut.weight",
        "4.0.weight",
        "4.0.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    ]


def test_it_is_a_sequence_of_layers() -> None:
    model = mlp()
    assert len(model) == 3
    assert [type(layer) for layer in model] == [gn.Linear, gn.ReLU, gn.Linear]
    assert model[-1] is model.layers[2]
    assert repr(gn.Sequential(mlp())).count("Linear(5, 3)") == 1


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([gn.Linear(4, 5), gn.ReLU(), gn.Linear(6, 3)], "layer 2, Linear(6, 3), .* Linear(5, 3)"),
        ([gn.Conv2d(1, 4, 3), gn.Linear(4, 2)], "layer 1, Linear(4, 2), .* put gn.Flatten()"),
        ([gn.Linear(4, 9), gn.Conv2d(9, 1, 3)], "layer 1, Conv2d(9, 1, 3), .* Flatten and Linear"),
        ([gn.Conv2d(1, 4, 3), gn.Conv2d(3, 1, 3)], "gets 4; make it Conv2d(4, 1"),
        ([gn.Conv2d(1, 4, 3), gn.BatchNorm2d(3)], "layer 1, BatchNorm2d(3), .* BatchNorm2d(4)"),
        ([gn.Conv2d(1, 4, 3), gn.BatchNorm1d(4)], "BatchNorm2d for images"),
        ([gn.Linear(4, 5), gn.LayerNorm(4)], "layer 1, LayerNorm(4), .* LayerNorm((5,))"),
        ([gn.Linear(4, 5), gn.MaxPool2d(2)], "layer 1, MaxPool2d(2), takes images"),
        ([gn.GlobalAvgPool2d(), gn.Flatten(), gn.GlobalAvgPool2d()], "layer 2, GlobalAvgPool2d()"),
        ([gn.ReLU(), gn.Linear(4, 5), gn.Sequential(gn.ReLU(), gn.Linear(4, 2))],
         "layer 2, Sequential: layer 1, Linear(4, 2), takes 4"),
        ([gn.Linear(4, 5), gn.Residual(gn.Linear(5, 4))], "layer 1, Residual, adds a body"),
        ([gn.Linear(4, 5), gn.Residual(gn.Sequential(gn.Linear(4, 5)))],
         "layer 1, Residual: layer 0, Linear(4, 5), takes 4"),
    ],
)  # fmt: skip
def test_layers_that_do_not_meet_are_refused(layers: list[gn.Layer], words: str) -> None:
    pattern = ".*".join(re.escape(part) for part in words.split(" .* "))
    with pytest.raises(gn.ShapeError, match=pattern):
        gn.Sequential(*layers)


def test_data_of_a_wrong_shape_are_refused_in_words() -> None:
    cnn = gn.Sequential(gn.Conv2d(1, 2, 5), gn.Flatten(), gn.Linear(32, 3)).initialize(seed=0)
    for x, words in [
        (np.zeros((2, 1, 9, 9), np.float32), "layer 2, Linear.*gets 50"),
        (np.zeros((2, 1, 4, 4), np.float32), "layer 0, Conv2d.*window of 5×5"),
        (np.zeros((2, 3, 8, 8), np.float32), "layer 0, Conv2d.*takes 1 channels but gets 3"),
        (np.zeros((2, 64), np.float32), "layer 0, Conv2d.*takes images"),
    ]:
        for run in (cnn.predict, cnn.infer, cnn.forward):
            with pytest.raises(gn.ShapeError, match=words):
                run(x)
    with pytest.raises(gn.ShapeError, match="takes 1 features but gets 5"):
        gn.BatchNorm1d(1).predict(np.zeros((2, 5)))  # where NumPy would broadcast
    with pytest.raises(gn.ShapeError, match="single number"):
        cnn.predict(np.float32(3))


@pytest.mark.parametrize("wrong", [[gn.ReLU()], gn.ReLU, None, "ReLU"])
def test_what_is_no_layer_is_refused(wrong: Any) -> None:
    with pytest.raises(gn.ConfigError, match=r"layer 0 is .*not a layer"):
        gn.Sequential(wrong)


def test_one_layer_in_two_places_is_refused() -> None:
    layer = gn.Linear(3, 3)
    for build in (
        lambda: gn.Sequential(layer, gn.ReLU(), layer),
        lambda: gn.Sequential(layer, gn.Residual(gn.Sequential(layer))),
        lambda: gn.Sequential(gn.Residual(layer, layer)),
    ):
        with pytest.raises(gn.ConfigError, match=r"Linear\(3, 3\) stands at .* and again at"):
            build()


def test_replacing_a_layer() -> None:
    model = mlp()
    head = gn.Linear(5, 7).initialize(seed=1)
    model[-1] = head
    assert model.predict(np.ones((2, 4))).shape == (2, 7)
    assert model.config()["layers"][2]["out_features"] == 7
    for wrong, error in [(gn.Linear(6, 7), gn.ShapeError), (model[0], gn.ConfigError)]:
        with pytest.raises(error):
            model[-1] = wrong
        assert model[-1] is head


def test_replacing_the_body_of_a_residual() -> None:
    block = gn.Residual(gn.Linear(3, 3))
    block.body = gn.Sequential(gn.Tanh())
    assert block.config() == gn.Residual(gn.Sequential(gn.Tanh())).config()


def test_residual_does_not_broadcast() -> None:
    block = gn.Residual(gn.Linear(3, 1)).initialize(seed=0)
    for run in (block.forward, block.infer):
        with pytest.raises(gn.ShapeError, match=r"body of output shape \(1,\)"):
            run(np.ones((2, 3), np.float32))


# --- initial values ---------------------------------------------------------------------------


def test_uninitialised_layers_cannot_compute() -> None:
    model = gn.Sequential(gn.Linear(4, 3))
    for run in (model.forward, model.infer, model.predict):
        with pytest.raises(gn.UninitializedError, match=r"model\.initialize"):
            run(np.ones((1, 4), np.float32))
    with pytest.raises(gn.UninitializedError):
        model.state_dict()


def test_weights_are_drawn_for_the_activation_that_follows() -> None:
    model = gn.Sequential(
        gn.Linear(400, 500),
        gn.BatchNorm1d(500),
        gn.Dropout(0.1),
        gn.ReLU(),
        gn.Linear(500, 300),
        gn.Sigmoid(),
        gn.Linear(300, 200, init="normal(0.5)"),
        gn.ReLU(),
        gn.Residual(gn.Sequential(gn.Linear(200, 200), gn.ELU(), gn.Linear(200, 200))),
        gn.GELU(),
        gn.Linear(200, 300),
    ).initialize(seed=0)
    expected = {
        "0": np.sqrt(2 / 400),
        "4": np.sqrt(2 / 800),
        "6": 0.5,
        "8.body.0": np.sqrt(2 / 200),
        "8.body.2": np.sqrt(2 / 200),
        "10": np.sqrt(2 / 500),
    }
    found = dict(model.named_parameters())
    for name, sigma in expected.items():
        assert found[f"{name}.weight"].value.std() == pytest.approx(sigma, rel=0.02), name
        assert not found[f"{name}.bias"].value.any()
    assert abs(found["4.weight"].value).max() <= np.sqrt(6 / 800)  # uniform, not normal


def test_initialize_is_reproducible_and_a_start_afresh() -> None:
    def model() -> gn.Sequential:
        return gn.Sequential(gn.Linear(3, 3), gn.BatchNorm1d(3), gn.Tanh(), gn.Linear(3, 2))

    first, again = model().initialize(seed=3), model().initialize(seed=3)
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    np.testing.assert_array_equal(first.infer(x), again.infer(x))
    assert (first.infer(x) != model().initialize(seed=4).infer(x)).any()
    again.forward(x, training=True)
    again[1].weight.value = [5, 5, 5]
    np.testing.assert_array_equal(again.initialize(seed=3).infer(x), first.infer(x))


def test_initialize_can_spare_what_has_values() -> None:
    model = mlp()
    model[-1] = gn.Linear(5, 2)
    before = model[0].weight.value.copy()
    model.initialize(seed=9, missing_only=True)
    np.testing.assert_array_equal(model[0].weight.value, before)
    assert not model[-1].weight.is_pending


# --- backward ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frozen", "expected"),
    [((), [0, 1, 1]), ((1,), [0, 0, 1]), ((1, 3), [0, 0, 0]), ((3,), [0, 1, 1])],
)
def test_training_goes_back_only_as_far_as_it_must(
    frozen: tuple[int, ...], expected: list[int]
) -> None:
    spies = [Spy(), Spy(), Spy()]
    model = gn.Sequential(
        spies[0], gn.Linear(3, 3), spies[1], gn.Linear(3, 3), spies[2]
    ).initialize(seed=0)
    for i in frozen:
        for _, parameter in model[i].named_parameters():
            parameter.trainable = False
    y, cache = model.forward(np.ones((2, 3), np.float32), training=True)
    model.backward_parameters(y, cache)
    assert [spy.passes.count("backward") for spy in spies] == expected
    model.backward(y, cache)
    assert [spy.passes.count("backward") for spy in spies] == [n + 1 for n in expected]


def test_input_gradient_of_the_first_layer_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    from glassnet import kernels

    model = mlp()
    y, cache = model.forward(np.ones((2, 4), np.float32))
    shapes = []
    true = kernels.dense_input_gradient
    monkeypatch.setattr(
        kernels,
        "dense_input_gradient",
        lambda dy, w, *more: shapes.append(w.shape) or true(dy, w, *more),
    )
    model.backward_parameters(y, cache)
    assert shapes == [(3, 5)]


# --- prediction -------------------------------------------------------------------------------


def test_predict_keeps_no_cache() -> None:
    class Counting(Spy):
        def forward(self, x: Array, **options: Any) -> tuple[Array, Any]:
            others = sum(spy.alive for spy in spies)
            self.most_alive = max(self.most_alive, others)
            return super().forward(x, **options)

    gc.disable()  # what lives then lives by reference, not because nobody has tidied up
    try:
        spies: list[Spy] = [Counting() for _ in range(5)]
        gn.Sequential(*spies[:3], gn.Residual(spies[3]), spies[4]).predict(
            np.ones((7, 3), np.float32), batch_size=2
        )
    finally:
        gc.enable()
    assert [len(spy.caches) for spy in spies] == [4] * 5
    assert max(spy.most_alive for spy in spies) == 0


def test_predict_takes_any_batch_any_number() -> None:
    model = gn.Sequential(gn.Flatten(), gn.Linear(6, 3)).initialize(seed=0)
    x = np.arange(30, dtype=np.uint8).reshape(5, 2, 3)
    whole = model.predict(x)
    assert whole.dtype == np.float32
    for size in (1, 2, 4, 5, 100):
        np.testing.assert_allclose(model.predict(x, batch_size=size), whole, 1e-5)
    np.testing.assert_allclose(model.predict(x.tolist()), whole)
    assert model.predict(x[:0]).shape == (0, 3)
    assert model.astype(np.float64).predict(x).dtype == np.float64
    for size in (0, -1):
        with pytest.raises(gn.ConfigError, match="batch_size must be at least 1"):
            model.predict(x, batch_size=size)


class Stretch(gn.Layer):
    """A layer that broadcasts, so that only its output shape says what it takes."""

    def __init__(self, features: int) -> None:
        self.features = features

    def forward(
        self, x: np.ndarray, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[np.ndarray, None]:
        return x * np.ones(self.features, x.dtype), None

    def output_shape(self, input_shape: tuple[int | None, ...] | None) -> Any:
        if input_shape is not None and input_shape[-1] != self.features:
            raise gn.ShapeError(f"takes {self.features} numbers")
        return input_shape


def test_predict_looks_at_every_shape_and_at_every_layer() -> None:
    model = gn.Sequential(Stretch(3), gn.Identity())
    right, wrong = np.ones((2, 3), np.float32), np.ones((2, 1), np.float32)
    for _ in range(2):
        model.predict(right)
        with pytest.raises(gn.ShapeError, match="takes 3"):
            model.predict(wrong)
    model.predict(right)
    model[0] = Stretch(1)
    with pytest.raises(gn.ShapeError, match="takes 1"):
        model.predict(right)


def test_predict_proba() -> None:
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    logits = gn.Sequential(gn.Linear(2, 3)).initialize(seed=0)
    p = logits.predict_proba(x, batch_size=3)
    np.testing.assert_allclose(p.sum(axis=1), 1, 1e-6)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), np.diff(logits.predict(x))[:, 0], 1e-3)
    ended = gn.Sequential(*logits, gn.Softmax())
    np.testing.assert_allclose(ended.predict_proba(x), p, 1e-6)

    single = gn.Sequential(gn.Linear(2, 1)).initialize(seed=0)
    np.testing.assert_allclose(
        single.predict_proba(x), 1 / (1 + np.exp(-single.predict(x))), rtol=1e-5
    )
    assert single.predict_proba(x).shape == (4, 1)


# --- summary ----------------------------------------------------------------------------------


def test_summary_numbers_by_hand() -> None:
    model = gn.Sequential(
        gn.Conv2d(1, 4, 5, stride=2, padding=1),
        gn.BatchNorm2d(4),
        gn.ReLU(),
        gn.MaxPool2d(3, stride=2),
        gn.Residual(gn.Conv2d(4, 8, 3, padding=1), gn.Conv2d(4, 8, 1, bias=False)),
        gn.Flatten(),
        gn.Linear(288, 10),
    )
    summary = model.summary((1, 28, 28))
    found = [(r.name, r.output_shape, r.parameters, r.multiply_adds) for r in summary.rows]
    assert found == [
        ("0", (4, 13, 13), 4 * 25 + 4, 4 * 25 * 13 * 13),
        ("1", (4, 13, 13), 8, 0),
        ("2", (4, 13, 13), 0, 0),
        ("3", (4, 6, 6), 0, 0),
        ("4.shortcut", (8, 6, 6), 32, 32 * 36),
        ("4.body", (8, 6, 6), 8 * 4 * 9 + 8, 8 * 4 * 9 * 36),
        ("5", (288,), 0, 0),
        ("6", (10,), 2890, 2880),
    ]
    assert summary.parameters == 104 + 8 + 32 + 296 + 2890
    assert summary.parameters == sum(p.size for _, p in model.named_parameters())
    assert summary.multiply_adds == 16900 + 1152 + 10368 + 2880
    assert summary.output_bytes == 4 * (3 * 676 + 144 + 288 + 288 + 288 + 10)
    assert "3,330" in str(summary)
    assert model.astype(np.float64).summary((1, 28, 28)).output_bytes == 2 * summary.output_bytes
    with pytest.raises(gn.ShapeError, match="layer 6, Linear"):
        model.summary((1, 32, 32))


class Mixing(gn.Layer):
    def __init__(self) -> None:
        self.matrix = np.eye(4, dtype=np.float32)

    def forward(self, x, *, training=False, rng=None):
        return x @ self.matrix, x

    def backward(self, dy, cache):
        return dy @ self.matrix.T


class Counted(Mixing):
    def multiply_adds(self, input_shape):
        return 16


class Wider(gn.Linear):
    pass


@pytest.mark.parametrize(
    ("layer", "count", "total", "shown"),
    [(Mixing, None, None, "?"), (Counted, 16, 24, "24"), (lambda: Wider(4, 4), 16, 24, "24")],
)
def test_what_a_layer_of_ones_own_costs_is_known_if_it_says_so(layer, count, total, shown):
    summary = gn.Sequential(layer(), gn.Tanh(), gn.Linear(4, 2)).summary((4,))
    assert [row.multiply_adds for row in summary.rows] == [count, 0, 8]
    assert summary.multiply_adds == total
    assert f" {shown} " in str(summary).splitlines()[-2]
    assert f">{shown}</td>" in summary._repr_html_()


# --- saved state ------------------------------------------------------------------------------


def test_state_dict_gives_copies() -> None:
    model = mlp()
    state = model.state_dict()
    state["0.weight"][...] = 0
    assert model[0].weight.value.any()


def test_load_state_dict_is_strict_and_all_or_nothing() -> None:
    model = mlp()
    before = model.state_dict()
    wrong = {name: a + 1 for name, a in before.items() if name != "0.bias"}
    wrong |= {"2.weight": np.zeros((3, 4)), "5.weight": np.zeros(1)}
    with pytest.raises(gn.CheckpointError) as failure:
        model.load_state_dict(wrong)
    for words in ("missing: 0.bias", "not in the model: 5.weight", "2.weight has shape (3, 4)"):
        assert words in str(failure.value)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_load_state_dict_gives_first_values() -> None:
    model = gn.Sequential(gn.Linear(4, 5), gn.ReLU(), gn.Linear(5, 3))
    state = {name: a.astype(np.float64) for name, a in mlp().state_dict().items()}
    model.load_state_dict(state)
    assert model.dtype == np.float32
    np.testing.assert_array_equal(model.predict(np.eye(4)), mlp().predict(np.eye(4)))
