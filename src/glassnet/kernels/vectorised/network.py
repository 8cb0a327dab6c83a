"""A whole dense network: its outputs, and steps of its training (NumPy).

The parameters lie in one flat vector. `layers` has a row for each affine layer with the
non-linearity behind it: inputs, outputs, where the weights begin in the vector, where the biases
begin (below 0: there are none), and the number of the non-linearity in `codes.ACTIVATIONS`.
"""

import math

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, LOSSES, RULES, WITH_SLOPE
from glassnet.kernels.vectorised import activation as f
from glassnet.kernels.vectorised.dense import (
    dense_forward,
    dense_input_gradient,
    dense_weight_gradient,
)
from glassnet.kernels.vectorised.softmax import log_softmax_forward
from glassnet.kernels.vectorised.update import adam_update, sgd_update, squared_norm

__all__ = ["dense_network_forward", "dense_network_steps"]

FROM_OUTPUT = ("relu", "sigmoid", "tanh")


def dense_network_forward(x: Array, layers: Array, slopes: Array, value: Array) -> Array:
    """Return the network's outputs.

    Parameters
    ----------
    x : ndarray, shape (N, inputs)
    layers : ndarray of int64, shape (L, 5)
    slopes : ndarray of float64, shape (L,)
        The negative slope of a leaky ReLU, the α of an ELU.
    value : ndarray, shape (P,)
        The parameters.

    Returns
    -------
    ndarray, shape (N, K)
    """
    return _forward(x, layers, slopes, value)[2]


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
    """Take a step on each batch in turn: forward, loss, backward, update; return how many.

    Where the loss or the gradient's norm is not finite, that step is not taken, nor those after it.

    Parameters
    ----------
    x : ndarray, shape (N, inputs)
        Several batches, one after the other; the last may be smaller.
    labels : ndarray of int64, shape (N,) or (0,)
        Classes; a step on one that there is not counts as not finite.
    rows : ndarray, shape (N, K) or (0, K)
        In place of labels: probabilities, or what the outputs should be.
    low, high : float
        What a label asks of the other outputs and of its own.
    batch : int
        Samples of one step.
    layers : ndarray of int64, shape (L, 5)
    slopes : ndarray of float64, shape (L,)
        The negative slope of a leaky ReLU, the α of an ELU.
    loss : int
        Its number in `codes.LOSSES`.
    value, grad : ndarray, shape (P,)
        Written.
    decayed : int
        How many parameters, the first ones, decay.
    l1, l2, weight_decay : float
        2 λ₂ w + λ₁ sign(w) is added to their gradient; they shrink by the factor 1 − lr · decay.
    clip_norm : float
        The norm to which a larger gradient is scaled down; may be infinite.
    rule : int
        Its number in `codes.RULES`.
    settings : ndarray of float64, shape (3,)
        Momentum and dampening; or β₁, β₂ and ε.
    first, second : ndarray, shape (P,) or (0,)
        What the rule remembers: the velocity, or the means of the gradient and its square. Written.
    taken : int
        Steps taken before.
    rates : ndarray of float64, shape (steps,)
        The learning rate of each step.
    output : ndarray, shape (N, K)
        The network's outputs, each before the step on it; written.
    figures : ndarray of float64, shape (steps, 2)
        Loss and norm of the gradient of each step, penalties in the second alone; written.
    """
    for step, rate in enumerate(rates.tolist()):
        part = slice(step * batch, (step + 1) * batch)
        if len(rows):
            wanted = rows[part]
        else:
            own = labels[part, None] == np.arange(output.shape[1])
            wanted = np.where(own, high, low).astype(x.dtype)
            wanted[~own.any(axis=1)] = np.nan
        figures[step, 0], output[part] = _gradient(
            x[part], wanted, layers, slopes, loss, value, grad
        )
        weights = value[:decayed]
        if l1 or l2:
            grad[:decayed] += (2 * l2) * weights + l1 * np.sign(weights)
        figures[step, 1] = norm = math.sqrt(squared_norm(grad))
        if not np.isfinite(figures[step]).all():
            return step
        if norm > clip_norm:
            grad *= clip_norm / norm
        if weight_decay:
            weights *= 1 - rate * weight_decay
        if RULES[rule] == "adam":
            adam_update(value, grad, first, second, taken + step + 1, rate, *settings.tolist())
        else:
            velocity = None if RULES[rule] == "sgd" else first
            momentum, dampening, _ = settings.tolist()
            nesterov = RULES[rule] == "nesterov"
            sgd_update(value, grad, velocity, rate, momentum, dampening, nesterov)
    return len(rates)


def _forward(
    x: Array, layers: Array, slopes: Array, value: Array
) -> tuple[list[Array], list[Array], Array]:
    """Return the inputs of all layers, their weighted sums z = W x + b, and the outputs."""
    inputs, sums, y = [], [], x
    for (n, m, start, bias, kind), slope in zip(layers.tolist(), slopes.tolist(), strict=True):
        weight = value[start : start + m * n].reshape(m, n)
        inputs.append(y)
        z = dense_forward(y, weight, value[bias : bias + m] if bias >= 0 else None)
        sums.append(z)
        y = _activation(ACTIVATIONS[kind], z, slope)
    return inputs, sums, y


def _gradient(
    x: Array, wanted: Array, layers: Array, slopes: Array, loss: int, value: Array, grad: Array
) -> tuple[float, Array]:
    """Write the gradient; return the loss and the outputs."""
    inputs, sums, y = _forward(x, layers, slopes, value)
    outputs = [*inputs[1:], y]
    loss_value, dy = _loss(LOSSES[loss], y, wanted)
    for i in reversed(range(len(layers))):
        n, m, start, bias, kind = layers[i].tolist()
        dz = _activation_backward(ACTIVATIONS[kind], dy, sums[i], outputs[i], float(slopes[i]))
        weight_out = grad[start : start + m * n].reshape(m, n)
        bias_out = grad[bias : bias + m] if bias >= 0 else None
        dense_weight_gradient(dz, inputs[i], weight_out, bias_out)
        if i:
            dy = dense_input_gradient(dz, value[start : start + m * n].reshape(m, n))
    return loss_value, y


def _activation(kind: str, z: Array, slope: float) -> Array:
    if kind == "identity":
        return z
    more = (slope,) if kind in WITH_SLOPE else ()
    y: Array = getattr(f, f"{kind}_forward")(z, *more)
    return y


def _activation_backward(kind: str, dy: Array, z: Array, y: Array, slope: float) -> Array:
    if kind == "identity":
        return dy
    more = (slope,) if kind in WITH_SLOPE else ()
    dz: Array = getattr(f, f"{kind}_backward")(dy, y if kind in FROM_OUTPUT else z, *more)
    return dz


def _loss(kind: str, y: Array, t: Array) -> tuple[float, Array]:
    """Return the mean loss and its gradient by the outputs."""
    if kind == "softmax_cross_entropy":
        log_p = log_softmax_forward(y)
        dy = np.exp(log_p) * t.sum(axis=1, keepdims=True) - t
        return -float((t * log_p).sum()) / len(y), dy / len(y)
    if kind == "squared_error":
        return float(np.square(y - t).mean()), (y - t) * (2 / y.size)
    value = np.maximum(y, 0) - t * y + np.log1p(np.exp(-np.abs(y)))
    return float(value.mean()), (f.sigmoid_forward(y) - t) * (1 / y.size)
