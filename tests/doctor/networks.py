"""Healthy networks at random: every layer, loss and regularizer, in every mood."""

from typing import Any

import numpy as np

import glassnet as gn


def healthy_patient(seed: int) -> dict[str, Any]:
    """Return arguments of `gradcheck` that must come out clean."""
    rng = np.random.default_rng(seed)
    samples = int(rng.choice([1, 2, 3, 5, 9]))
    images = rng.random() < 0.5
    shape = _image(rng) if images else (int(rng.integers(2, 8)),)
    layers = _image_layers(rng, shape) if images else _flat_layers(rng, shape[0])
    x = _input(rng, (samples, *shape))
    loss, outputs, target = _loss(rng, samples)
    width = gn.Sequential(*layers).output_shape(shape)[0]
    layers += _ending(rng, width, outputs, loss)
    model = gn.Sequential(*layers).initialize(seed=seed)
    for _, p in model.named_parameters():
        if rng.random() < 0.2:
            p.value = p.value * 10 ** rng.uniform(-2, 1)
        p.trainable = rng.random() > 0.1
    penalties = [gn.L2(float(10 ** rng.uniform(-5, 0))), gn.L1(float(10 ** rng.uniform(-5, 0)))]
    return {
        "model": model,
        "x": x,
        "target": target,
        "loss": loss,
        "regularizers": [r for r in penalties if rng.random() < 0.3],
        "training": bool(rng.random() < 0.75),
        "seed": seed,
    }


def _image(rng: np.random.Generator) -> tuple[int, int, int]:
    return int(rng.integers(1, 4)), int(rng.integers(6, 11)), int(rng.integers(6, 11))


def _activation(rng: np.random.Generator) -> gn.Layer:
    slope = float(rng.uniform(0.01, 0.5))
    kinds = [gn.ReLU(), gn.LeakyReLU(slope), gn.ELU(slope * 4), gn.GELU(), gn.SiLU()]
    kinds += [gn.Sigmoid(), gn.Tanh(), gn.ReLU(), gn.Softmax(), gn.Identity()]
    return kinds[rng.integers(len(kinds))]


def _image_layers(rng: np.random.Generator, shape: tuple[int, int, int]) -> list[gn.Layer]:
    layers: list[gn.Layer] = []
    for _ in range(rng.integers(1, 5)):
        channels, height, width = shape
        side = min(height, width)
        kernel = int(rng.integers(1, min(side, 4) + 1))
        stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, kernel // 2 + 1))
        new = int(rng.integers(1, 5))
        body = gn.Sequential(gn.Conv2d(channels, channels, 3, padding=1), _activation(rng))
        short = gn.Conv2d(channels, channels, 1) if rng.random() < 0.5 else None
        kinds = [
            gn.Conv2d(channels, new, kernel, stride, padding, bias=bool(rng.random() < 0.8)),
            gn.Conv2d(channels, new, kernel, stride, padding),
            gn.MaxPool2d(kernel, stride, padding),
            gn.AvgPool2d(kernel, stride, padding),
            gn.BatchNorm2d(channels),
            gn.LayerNorm(shape),
            gn.Dropout(float(rng.uniform(0, 0.8))),
            gn.Residual(body, short),
            _activation(rng),
            _activation(rng),
        ]
        layer = kinds[rng.integers(len(kinds))]
        layers.append(layer)
        shape = layer.output_shape(shape)
    layers.append(gn.GlobalAvgPool2d() if rng.random() < 0.3 else gn.Flatten())
    return layers


def _flat_layers(rng: np.random.Generator, features: int) -> list[gn.Layer]:
    layers: list[gn.Layer] = []
    for _ in range(rng.integers(1, 6)):
        new = int(rng.integers(1, 9))
        body = gn.Sequential(gn.Linear(features, features), _activation(rng))
        kinds = [
            gn.Linear(features, new, bias=bool(rng.random() < 0.8)),
            gn.Linear(features, new),
            gn.BatchNorm1d(features),
            gn.LayerNorm(features),
            gn.Dropout(float(rng.uniform(0, 0.8))),
            gn.Residual(body),
            _activation(rng),
            _activation(rng),
        ]
        pick = int(rng.integers(len(kinds)))
        layers.append(kinds[pick])
        features = new if pick < 2 else features
    return layers


def _input(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    x = rng.standard_normal(shape)
    mood = rng.integers(8)
    if mood == 0:
        x *= 1e-6
    elif mood == 1:
        x *= 1e4
    elif mood == 2:
        x = np.rint(x)  # ties, and zeros at kinks
    elif mood == 3:
        x *= rng.random(shape) < 0.3  # mostly background
    elif mood == 4:
        x = np.zeros(shape)
    elif mood == 5:
        x = rng.integers(0, 256, shape).astype(np.uint8)
    return x.astype(np.float32) if rng.random() < 0.5 else x


def _loss(rng: np.random.Generator, samples: int) -> tuple[gn.Loss, int, np.ndarray]:
    outputs = int(rng.integers(2, 6))
    labels = rng.integers(outputs, size=samples)
    rows = rng.dirichlet(np.ones(outputs), samples)
    weights = tuple(rng.uniform(0.1, 2, outputs).tolist())
    values = rng.standard_normal((samples, outputs))
    kinds = [
        (gn.SoftmaxCrossEntropy(), outputs, labels),
        (gn.SoftmaxCrossEntropy(label_smoothing=0.1), outputs, labels),
        (gn.SoftmaxCrossEntropy(class_weight=weights), outputs, labels),
        (gn.SoftmaxCrossEntropy(), outputs, rows),
        (gn.BinaryCrossEntropy(), 1, (labels > 0).astype(np.float32)),
        (gn.MeanSquaredError(), outputs, labels),
        (gn.MeanSquaredError(), outputs, values.astype(np.float32)),
        (gn.MeanAbsoluteError(), outputs, values),
        (gn.Huber(float(rng.uniform(0.1, 2))), outputs, values),
    ]
    return kinds[rng.integers(len(kinds))]


def _ending(rng: np.random.Generator, width: int, outputs: int, loss: gn.Loss) -> list[gn.Layer]:
    ending: list[gn.Layer] = [gn.Linear(width, outputs)]
    if loss.kind == "regression" and rng.random() < 0.3:
        ending.append(gn.Softmax() if rng.random() < 0.5 else gn.Sigmoid())
    return ending
