"""Small trainings that differ in everything a checkpoint must hold; all on the bundled digits."""

import importlib.util
import random
from dataclasses import dataclass

OPTIMIZERS = (
    ("sgd", "lr=0.1"),
    ("sgd", "lr=0.05", "momentum=0.9"),
    ("sgd", "lr=0.05", "momentum=0.9", "nesterov=true"),
    ("adagrad", "lr=0.02"),
    ("rmsprop", "lr=0.002", "momentum=0.5"),
    ("adam", "lr=0.003", "weight_decay=0.01"),
    ("adamw", "lr=0.003"),
)
SCHEDULES = (
    ("one-cycle",),
    ("plateau", "patience=0", "gamma=0.5"),
    ("constant",),
    ("cosine",),
    ("step", "every=2"),
    ("multi-step", "milestones=[2, 4]"),
    ("exponential", "gamma=0.9"),
    ("warmup", "length=3"),
)
LAYERS = {
    "MLP": '["Flatten", {type="Linear", out_features=48}, "ReLU", %s"Linear"]',
    "MLP, batch norm": '["Flatten", {type="Linear", out_features=40}, "BatchNorm1d", "Tanh", '
    '%s"Linear"]',
    "CNN, batch norm": '[{type="Conv2d", out_channels=6, kernel_size=3, padding=1}, "BatchNorm2d", '
    '"ReLU", {type="MaxPool2d", kernel_size=2}, "Flatten", %s"Linear"]',
}
DROPOUT = '{type="Dropout", p=0.3}, '
COMPILED = "numba" if importlib.util.find_spec("numba") else "numpy"
EVERY = (1, 4, 10, 25)


@dataclass(frozen=True)
class Training:
    """What `verify_resume` is asked for, and how a table describes it."""

    network: str
    words: tuple[str, ...]
    overrides: tuple[str, ...]
    every: int
    threads: int
    kernels: str


def training(number: int) -> Training:
    """Return a training; seven in a row have every optimizer, eight every schedule."""
    rng = random.Random(number)
    optimizer = OPTIMIZERS[number % len(OPTIMIZERS)]
    schedule = SCHEDULES[number % len(SCHEDULES)]
    network = "CNN, batch norm" if number % 2 else rng.choice(["MLP", "MLP, batch norm"])
    dropout, augmented, stopping = (rng.random() < share for share in (0.6, 0.4, 0.4))
    recorded, clipped = (rng.random() < 0.3 for _ in range(2))
    words = [optimizer[0], *optimizer[2:], schedule[0]]
    settings = [
        "data.name=digits", f"training.seed={number}", f"training.epochs={rng.randint(5, 8)}",
        f"training.batch_size={rng.choice([16, 32, 50])}",
        "model.name=layers", f"model.layers={LAYERS[network] % (DROPOUT if dropout else '')}",
        f"optimizer.name={optimizer[0]}", *(f"optimizer.{word}" for word in optimizer[1:]),
        f"schedule.name={schedule[0]}", *(f"schedule.{word}" for word in schedule[1:]),
    ]  # fmt: skip
    if dropout:
        words.append("dropout")
    if augmented:
        words.append("augmentation")
        settings += ["augment.rotate=10", "augment.noise=0.5"]
    if stopping:
        words.append("early stopping")
        settings += ["training.patience=2", "checkpoint.keep_best=1"]
    if recorded:
        words.append("records")
        settings += ["training.record_steps=true", "training.record_layers=true",
                     "training.evaluate_every=15"]  # fmt: skip
    if clipped:
        words.append("clipping, L2")
        settings += ["training.clip_norm=1.0", 'regularizers=[{name="l2", strength=0.0001}]']
    return Training(
        network,
        tuple(words),
        tuple(settings),
        EVERY[rng.randrange(len(EVERY))],
        1 + number // 2 % 2,
        "numpy" if number % 3 == 2 else COMPILED,
    )
