"""A whole dense network: outputs and back-propagation as in the textbook, sample by sample.

Gradients of the samples are summed in float64. Arguments are those of the NumPy edition.
"""

import math

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, LOSSES, RULES
from glassnet.kernels.reference.update import adam_update, sgd_update

__all__ = ["dense_network_forward", "dense_network_steps"]

Numbers = list[float]


def dense_network_forward(x: Array, layers: Array, slopes: Array, value: Array) -> Array:
    """Return the network's outputs."""
    outputs = [_forward(sample.tolist(), layers, slopes, value)[2] for sample in x]
    return np.array(outputs, x.dtype).reshape(len(x), int(layers[-1, 1]))


def dense_network_steps(
    x: Array,
    labels: Array,
    rows: Array,
    low: float,
    high: float,
    batch: int,
    layers: Array,
    slopes: Array,
    loss: int,
    value: Array,
    grad: Array,
    decayed: int,
    l1: float,
    l2: float,
    clip_norm: float,
    weight_decay: float,
    rule: int,
    settings: Array,
    first: Array,
    second: Array,
    taken: int,
    rates: Array,
    output: Array,
    figures: Array,
) -> int:
    """Take a step on each batch in turn; return how many were taken."""
    classes = output.shape[1]
    for step, rate in enumerate(rates.tolist()):
        chosen = range(step * batch, min((step + 1) * batch, len(x)))
        total, value_of_loss = np.zeros(len(grad)), 0.0
        for n in chosen:
            wanted = rows[n].tolist() if len(rows) else _row(labels[n], classes, low, high)
            inputs, sums, y = _forward(x[n].tolist(), layers, slopes, value)
            output[n] = y
            part, dy = _loss(LOSSES[loss], y, wanted)
            value_of_loss += part / len(chosen)
            total += _backward(dy, inputs, sums, layers, slopes, value) / len(chosen)
        for i in range(decayed):
            total[i] += 2 * l2 * value[i] + l1 * np.sign(value[i])
        norm = math.sqrt(sum(float(g) ** 2 for g in total))
        grad[...], figures[step] = total, (value_of_loss, norm)
        if not math.isfinite(value_of_loss + norm):
            return step
        if norm > clip_norm:
            grad *= clip_norm / norm
        for i in range(decayed):
            value[i] *= 1 - rate * weight_decay
        if RULES[rule] == "adam":
            adam_update(value, grad, first, second, taken + step + 1, rate, *settings.tolist())
        else:
            velocity = None if RULES[rule] == "sgd" else first
            momentum, dampening, _ = settings.tolist()
            nesterov = RULES[rule] == "nesterov"
            sgd_update(value, grad, velocity, rate, momentum, dampening, nesterov)
    return len(rates)


def _row(label: int, classes: int, low: float, high: float) -> Numbers:
    """Return what a label asks of each output; NaN if it is none of the classes."""
    if not 0 <= label < classes:
        return [math.nan] * classes
    return [high if k == label else low for k in range(classes)]


def _forward(
    x: Numbers, layers: Array, slopes: Array, value: Array
) -> tuple[list[Numbers], list[Numbers], Numbers]:
    """Return the inputs of all layers, their weighted sums z = W x + b, and the output."""
    inputs, sums, y = [], [], x
    for (n, m, w, b, kind), slope in zip(layers.tolist(), slopes.tolist(), strict=True):
        z = [float(value[b + o]) if b >= 0 else 0.0 for o in range(m)]
        for o in range(m):
            z[o] += sum(float(value[w + o * n + i]) * y[i] for i in range(n))
        inputs.append(y)
        sums.append(z)
        y = [_activation(ACTIVATIONS[kind], number, slope)[0] for number in z]
    return inputs, sums, y


def _backward(
    dy: Numbers,
    inputs: list[Numbers],
    sums: list[Numbers],
    layers: Array,
    slopes: Array,
    value: Array,
) -> Array:
    """Return the gradient by all parameters, from the gradient by the outputs."""
    grad = np.zeros(len(value))
    for layer in reversed(range(len(layers))):
        n, m, w, b, kind = layers[layer].tolist()
        slope = float(slopes[layer])
        dz = [
            d * _activation(ACTIVATIONS[kind], z, slope)[1]
            for d, z in zip(dy, sums[layer], strict=True)
        ]
        for o in range(m):
            for i in range(n):
                grad[w + o * n + i] = dz[o] * inputs[layer][i]
            if b >= 0:
                grad[b + o] = dz[o]
        dy = [sum(dz[o] * float(value[w + o * n + i]) for o in range(m)) for i in range(n)]
    return grad


def _activation(kind: str, z: float, slope: float) -> tuple[float, float]:
    """Return f(z) and f′(z)."""
    formulas = {
        "identity": lambda: (z, 1.0),
        "relu": lambda: (z, 1.0) if z > 0 else (0.0, 0.0),
        "leaky_relu": lambda: (z, 1.0) if z > 0 else (slope * z, slope),
        "sigmoid": lambda: (_sigmoid(z), _sigmoid(z) * (1 - _sigmoid(z))),
        "tanh": lambda: (math.tanh(z), 1 - math.tanh(z) ** 2),
        "elu": lambda: (z, 1.0) if z > 0 else (slope * math.expm1(z), slope * math.exp(z)),
        "silu": lambda: (z * _sigmoid(z), _sigmoid(z) * (1 + z * (1 - _sigmoid(z)))),
        "gelu": lambda: (z * _normal(z), _normal(z) + z * _density(z)),
    }
    return formulas[kind]()


def _loss(kind: str, y: Numbers, t: Numbers) -> tuple[float, Numbers]:
    """Return a sample's loss and its gradient by the outputs."""
    classes = len(y)
    if kind == "softmax_cross_entropy":
        log_total = max(y) + math.log(sum(math.exp(z - max(y)) for z in y))
        log_p = [z - log_total for z in y]
        value = -sum(q * log for q, log in zip(t, log_p, strict=True))
        return value, [math.exp(log) * sum(t) - q for q, log in zip(t, log_p, strict=True)]
    pairs = list(zip(y, t, strict=True))
    if kind == "squared_error":
        return sum((a - b) ** 2 for a, b in pairs) / classes, [
            2 * (a - b) / classes for a, b in pairs
        ]
    value = sum(max(z, 0) - q * z + math.log1p(math.exp(-abs(z))) for z, q in pairs)
    return value / classes, [(_sigmoid(z) - q) / classes for z, q in pairs]


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
