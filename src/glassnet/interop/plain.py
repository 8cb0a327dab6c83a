"""The layers in evaluation, in NumPy alone: an exported file holds those of them that it needs.

Each function is written into the file as it stands here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """Return x Wᵀ + b."""
    y = x @ weight.T
    return y if bias is None else y + bias


def windows(x: Any, kernel: Any, stride: Any, padding: Any, fill: float = 0.0) -> Any:
    """Return every window of an image, (N, C, Ho, Wo, kh, kw)."""
    (down, across), (top, left) = stride, padding
    x = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)), constant_values=fill)
    found = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return found[:, :, ::down, ::across]


def conv2d(x: Any, weight: Any, bias: Any, stride: Any, padding: Any) -> Any:
    """Return the cross-correlation of images with kernels (O, C, kh, kw)."""
    seen = windows(x, weight.shape[2:], stride, padding)
    y = np.tensordot(seen, weight, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return y if bias is None else y + bias[:, None, None]


def max_pool2d(x: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    """Return the largest value of each window."""
    return windows(x, kernel, stride, padding, fill=-np.inf).max(axis=(4, 5))


def avg_pool2d(x: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    """Return the mean of each window; zeros of the padding count."""
    return windows(x, kernel, stride, padding).mean(axis=(4, 5))


def global_avg_pool2d(x: Any) -> Any:
    """Return the mean of each channel, (N, C)."""
    return x.mean(axis=(2, 3))


def batch_norm(x: Any, weight: Any, bias: Any, mean: Any, variance: Any, eps: float) -> Any:
    """Return γ (x − μ) / √(σ² + ε) + β with the running μ and σ² of each channel."""
    shape = (1, -1) + (1,) * (x.ndim - 2)
    scale = weight / np.sqrt(variance + eps)
    return (x - mean.reshape(shape)) * scale.reshape(shape) + bias.reshape(shape)


def layer_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Return γ (x − μ) / √(σ² + ε) + β with μ and σ² of each sample."""
    axes = tuple(range(1, x.ndim))
    x = x - x.mean(axis=axes, keepdims=True)
    return x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + eps) * weight + bias


def flatten(x: Any) -> Any:
    """Return every sample as one row."""
    return x.reshape(len(x), math.prod(x.shape[1:]))


def relu(x: Any) -> Any:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


def leaky_relu(x: Any, slope: float) -> Any:
    """Return x for x > 0, else slope · x."""
    return np.where(x > 0, x, x * slope)


def elu(x: Any, alpha: float) -> Any:
    """Return x for x > 0, else α (eˣ − 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x: Any) -> Any:
    """Return x Φ(x), Φ being the normal distribution function; erfc keeps its lower tail."""
    tail = np.vectorize(math.erfc, otypes=[float])
    return (x * (0.5 * tail(x / -math.sqrt(2)))).astype(x.dtype)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^{−x}); the exponent is never positive, so nothing overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def silu(x: Any) -> Any:
    """Return x σ(x)."""
    return x * sigmoid(x)


def tanh(x: Any) -> Any:
    """Return tanh x."""
    return np.tanh(x)


def softmax(x: Any) -> Any:
    """Return e^{x_k} / Σ_j e^{x_j} along axis 1."""
    y = np.exp(x - x.max(axis=1, keepdims=True))
    return y / y.sum(axis=1, keepdims=True)
