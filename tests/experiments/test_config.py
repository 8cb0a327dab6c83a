"""A configuration says everything, survives being written down, and refuses what it cannot mean."""

import random

import pytest

import glassnet as gn
from glassnet.experiments import Config, recipe_names
from glassnet.experiments.models import LayerList
from glassnet.experiments.registry import LOSSES, OPTIMIZERS, REGULARIZERS, SCHEDULES, option_types
from glassnet.mlp import MLP

SMALL = '[data]\nname = "digits"\n'


def written(tmp_path, config, name="again"):
    path = tmp_path / f"{name}.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    return path


def config_of(tmp_path, text, overrides=()):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return Config.from_recipe(str(path), overrides)


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_survives_being_written(recipe, tmp_path):
    config = Config.from_recipe(recipe)
    path = written(tmp_path, config)
    assert Config.from_recipe(str(path)) == config
    assert config.name == recipe
    assert path.read_text("utf-8") == Config.from_recipe(str(path)).to_toml()


VALUES = {
    "lr": 0.05, "momentum": 0.5, "weight_decay": 1e-3, "eps": 1e-6, "beta1": 0.8, "beta2": 0.99,
    "decay": 0.9, "gamma": 0.5, "every": 3, "milestones": [1, 4], "length": 5, "floor": 1e-5,
    "warmup": 0.25, "start": 10.0, "end": 100.0, "patience": 2, "threshold": 0.01,
    "unit": '"epoch"',
    "strength": 1e-4, "delta": 2.0, "label_smoothing": 0.1, "class_weight": [1.0, 2.0, 3.0],
}  # fmt: skip


@pytest.mark.parametrize("seed", range(15))
def test_random_overrides_survive_being_written(seed, tmp_path):
    rng = random.Random(seed)
    overrides = [
        f"training.epochs={rng.randint(1, 9)}",
        f"training.metrics={rng.choice([['accuracy'], ['top2', 'accuracy']])}",
        f"training.clip_norm={rng.uniform(0.1, 9)!r}",
        f"training.shuffle={rng.choice(['true', 'false'])}",
        f"data.valid={rng.uniform(0.1, 0.3)!r}",
        f"model.hidden={[rng.randint(1, 99) for _ in range(rng.randint(0, 3))]}",
    ]
    for section, kinds in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES)):
        name = rng.choice(list(kinds))
        overrides.append(f"{section}.name={name}")
        needed = {"step": "every", "multi-step": "milestones", "warmup": "length"}
        for option in option_types(kinds[name]):
            is_needed = needed.get(name) == option or (name, option) == ("exponential", "gamma")
            if option in VALUES and (is_needed or rng.random() < 0.6):
                overrides.append(f"{section}.{option}={VALUES[option]}")
    rng.shuffle(overrides)
    punished = ", ".join(f'{{name="{name}", strength=1e-4}}' for name in REGULARIZERS)
    config = Config.from_recipe("digits-mlp", [*overrides, f"regularizers=[{punished}]"])
    again = Config.from_recipe(str(written(tmp_path, config, "digits-mlp")))
    assert again == config
    assert again.regularizers == (gn.L1(1e-4), gn.L2(1e-4))


def test_values_are_written_as_in_toml_and_text_without_quotes():
    config = Config.from_recipe(
        "digits-mlp",
        [
            "optimizer.lr=0.05", "training.epochs = 3", 'model.activation="tanh"', "name=mine",
            "model.init=he_normal", "training.metrics=[\"accuracy\", 'top3']",
            "training.shuffle=false",
        ],
    )  # fmt: skip
    assert (config.optimizer.lr, config.training.epochs, config.name) == (0.05, 3, "mine")
    assert (config.model.activation, config.model.init) == ("tanh", "he_normal")
    assert config.training.metrics == ("accuracy", "top3")
    assert config.training.shuffle is False


def test_another_name_drops_the_options_of_the_first():
    config = Config.from_recipe("digits-mlp", ["optimizer.name=sgd"])
    assert config.optimizer == gn.SGD()
    same = Config.from_recipe("digits-mlp", ["optimizer.name=adam"])
    assert same.optimizer == gn.Adam(lr=0.003)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_name_and_options_does_not_matter(order):
    overrides = ["optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.lr=0.5"][::order]
    assert Config.from_recipe("digits-mlp", overrides).optimizer == gn.SGD(lr=0.5, momentum=0.9)
    twice = ["training.epochs=1", "training.epochs=2"]
    assert Config.from_recipe("digits-mlp", twice).training.epochs == 2


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("optimiser.lr=1", r"no section \[optimiser\] \(did you mean 'optimizer'\?\)"),
        ("optimizer.learning_rate=1", "optimizer.learning_rate is not an option of 'adam'.*has lr"),
        ("optimizer.bta1=0.5", "did you mean 'beta1'"),
        ("optimizer.name=adm", "optimizer.name is 'adm' .did you mean 'adam'"),
        ("optimizer.lr=fast", "optimizer.lr must be a number, not 'fast'"),
        ('optimizer.lr="0.1"', "optimizer.lr must be a number, not '0.1'"),
        ("optimizer.lr=true", "optimizer.lr must be a number, not True"),
        ("optimizer.lr=[1]", "optimizer.lr must be a number, not .1."),
        ("optimizer.lr=-1", "lr must be a number of at least 0"),
        ("optimizer.lr=nan", "lr must be a number"),
        ("optimizer=5", "optimizer"),
        ("training.epochs=2.5", "training.epochs must be a whole number, not 2.5"),
        ("training.epochs=0", "training.epochs must be at least 1"),
        ("training.seed=-1", "training.seed must be at least 0"),
        ("training.shuffle=perhaps", "training.shuffle must be true or false, not 'perhaps'"),
        ("training.epoch=3", "training.epoch is not an option .*did you mean 'epochs'"),
        ("model.hiden=[3]", "did you mean 'hidden'"),
        ("model.hidden=3", r"model.hidden must be a list, such as \[16\], not 3"),
        ("model.name=cnn", "model.name is 'cnn'.*there are mlp, layers"),
        ("loss.name=mean", "loss.name is 'mean'"),
        ("loss.label_smoothing=2", "label_smoothing must lie in"),
        ("schedule.name=step", "schedule.every is missing: 'step' needs it, e.g. every = 10"),
        ('regularizers=[{name="l3", strength=1}]', r"regularizers\[0\].name is 'l3'"),
        ("regularizers=[5]", r"regularizers\[0\]"),
        ('regularizers=[{name="l2"}]', r"regularizers\[0\].strength is missing: 'l2' needs it"),
        ("regularizers=5", "regularizers must be a list of tables"),
        ("data=5", "--set takes section.option=value"),
        ("optimizer.lr", "--set takes section.option=value, such as optimizer.lr=0.05"),
        ("=3", "--set takes"),
        ("a..b=3", "--set takes"),
        ("optimizer.lr.more=3", "lr is not a table"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(override, words):
    with pytest.raises(gn.ConfigError, match=words):
        Config.from_recipe("digits-mlp", [override])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs .data. with a name"),
        ("[data]\nname = 3", "needs .data. with a name"),
        ("[data\n", "config.toml cannot be read as TOML: .*line 1"),
        (SMALL + "[optimizer]\nlr = fast\n", "cannot be read as TOML: .*line 4"),
        (SMALL + '[modle]\nname = "mlp"', "did you mean 'model'"),
        ("model = 5\n" + SMALL, "model must be a table"),
        (SMALL + "[regularizers]\nname = 'l2'", "regularizers must be a list of tables"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(text, words, tmp_path):
    with pytest.raises(gn.ConfigError, match=words):
        config_of(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(gn.ConfigError, match=r"called 'digits-mpl' .did you mean 'digits-mlp'"):
        Config.from_recipe("digits-mpl")
    with pytest.raises(gn.ConfigError, match="no recipe and no file"):
        Config.from_recipe(str(tmp_path))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(gn.ConfigError, match="cannot be read as TOML"):
        Config.from_recipe(str(tmp_path / "binary.toml"))


def test_what_is_left_out_has_a_sensible_default(tmp_path):
    config = config_of(tmp_path, SMALL)
    assert (config.name, config.model, config.optimizer) == ("config", MLP(), gn.Adam())
    assert Config("x", config.data, config.model).optimizer == config.optimizer
    assert (config.loss, config.schedule, config.regularizers) == (None, gn.Constant(), ())
    assert config_of(tmp_path, SMALL, ["optimizer.lr=0.5"]).optimizer == gn.Adam(lr=0.5)


def test_the_data_s_own_options_are_those_of_the_data_set():
    config = Config.from_recipe("moons-mlp", ["data.samples=60", "data.noise=0.0", "data.test=0.5"])
    data = config.data.load()
    assert (len(data.test), data.sample_shape) == (30, (2,))
    with pytest.raises(gn.ConfigError, match=r"no option 'noisy' .did you mean 'noise'"):
        Config.from_recipe("moons-mlp", ["data.noisy=1"]).data.load()


# --- networks ------------------------------------------------------------------------------------


def test_a_perceptron():
    model = MLP((5, 4), activation="leaky-relu", dropout=0.25, batch_norm=True, init="he_normal")
    built = model.build((1, 3, 2), 7)
    kinds = [type(layer).__name__ for layer in built]
    hidden = ["Linear", "BatchNorm1d", "LeakyReLU", "Dropout"]
    assert kinds == ["Flatten", *hidden, *hidden, "Linear"]
    assert built.output_shape((1, 3, 2)) == (7,)
    assert [type(layer).__name__ for layer in MLP(()).build((6,), 2)] == ["Linear"]
    with pytest.raises(gn.ConfigError, match=r"MLP: activation is 'relo' .did you mean 'relu'"):
        MLP(activation="relo").build((3,), 2)
    with pytest.raises(gn.ConfigError, match=r"MLP: output is 'sigmod' .did you mean 'sigmoid'"):
        MLP(output="sigmod").build((3,), 2)
    bare = MLP((4,), bias=False, output="sigmoid").build((3,), 2)
    assert [name for name, _ in bare.named_parameters()] == ["0.weight", "2.weight"]
    assert isinstance(bare[3], gn.Sigmoid)


def test_a_perceptron_whose_layers_differ(tmp_path):
    model = MLP((5, 4), activation=("tanh", "relu"), dropout=(0.0, 0.5))
    kinds = [type(layer).__name__ for layer in model.build((3,), 2)]
    assert kinds == ["Linear", "Tanh", "Linear", "ReLU", "Dropout", "Linear"]
    with pytest.raises(gn.ConfigError, match="activation has 1 values for 2 hidden layers"):
        MLP((5, 4), activation=("tanh",)).build((3,), 2)
    config = config_of(
        tmp_path, SMALL + '[model]\nhidden = [5, 4]\nactivation = ["tanh", "relu"]\n'
    )
    assert config.model == MLP((5, 4), activation=("tanh", "relu"))
    again = Config.from_recipe(str(written(tmp_path, config)))
    assert again.model == config.model


def test_sizes_follow_from_the_shapes():
    layers = (
        {"type": "Conv2d", "out_channels": 4, "kernel_size": [3, 5], "padding": [1, 2]},
        "BatchNorm2d", "ReLU", {"type": "AvgPool2d", "kernel_size": 2}, "Flatten",
        {"type": "Linear", "out_features": 12}, "LayerNorm", "GELU", "BatchNorm1d", "Linear",
    )  # fmt: skip
    model = LayerList(layers).build((3, 8, 8), 5)
    assert model.output_shape((3, 8, 8)) == (5,)
    assert model[0].weight.shape == (4, 3, 3, 5)
    assert (model[5].weight.shape, model[9].weight.shape) == ((12, 64), (5, 12))
    assert (model[1].weight.shape, model[6].weight.shape) == ((4,), (12,))
    assert model.initialize(seed=0).predict([[[[1.0] * 8] * 8] * 3]).shape == (1, 5)


def test_a_residual_block_holds_lists_of_layers(tmp_path):
    text = (
        SMALL
        + """
        [model]
        name = "layers"
        layers = [
          { type = "Residual", body = [
              { type = "Conv2d", out_channels = 3, kernel_size = 3, padding = 1 }, "ReLU",
              { type = "Residual", body = ["BatchNorm2d"] },
            ], shortcut = [{ type = "Conv2d", out_channels = 3, kernel_size = 1 }] },
          "GlobalAvgPool2d", "Flatten", "Linear",
        ]
    """
    )
    config = config_of(tmp_path, text)
    model = config.model.build((1, 8, 8), 10)
    assert model.output_shape((1, 8, 8)) == (10,)
    assert "0.body.2.body.0.weight" in dict(model.named_parameters())
    assert "0.shortcut.0.weight" in dict(model.named_parameters())
    assert Config.from_recipe(str(written(tmp_path, config, "config"))) == config


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["Liner"], r"model.layers\[0\]: no layer is called 'Liner' .did you mean 'Linear'"),
        (["Flatten", {"type": "Linear", "units": 3}], r"layers\[1\].units is not an option"),
        ([{"out_features": 3}], r"layers\[0\] must be a layer's name or a table with its type"),
        ([{"type": "Conv2d"}], "out_channels, .*kernel_size are missing: Conv2d needs them"),
        (["Linear"], r"layers\[0\]: Linear takes flat features but gets \(1, 8, 8\); put Flatten"),
        (["Flatten", "Linear", "Linear", "BatchNorm2d"], "layers"),
        (["Flatten", {"type": "Conv2d", "out_channels": 2, "kernel_size": 3}], "layers"),
        ([{"type": "MaxPool2d", "kernel_size": 9}], r"layers\[0\]"),
        ([{"type": "Dropout", "p": 2}], "[Dd]ropout"),
        ([{"type": "Dropout", "p": "much"}], r"layers\[0\].p must be a number, not 'much'"),
        ([{"type": "Residual"}], r"layers\[0\]: Residual needs a body"),
        ([{"type": "Residual", "body": "ReLU"}], r"layers\[0\].body"),
        ([{"type": "Residual", "bod": []}], r"layers\[0\].bod is not an option of Residual"),
        (
            [{"type": "Residual", "body": ["Flatten", {"type": "Linear", "out_features": 3}]}],
            r"layers\[0\].*adds a body of output shape \(3,\) to a short cut of shape \(1, 8, 8\)",
        ),
        (
            [{"type": "Residual", "body": ["Flatten", "Linear"]}],
            "out_features is missing: Linear needs it",
        ),
        (["Sequential"], "no layer is called 'Sequential'"),
    ],
)
def test_layers_that_do_not_meet_are_named(layers, words):
    with pytest.raises((gn.ConfigError, gn.ShapeError), match=words) as error:
        LayerList(tuple(layers)).build((1, 8, 8), 10)
    assert "\n" not in str(error.value)
