"""Random small networks of every layer that Glassnet shares with others."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

import glassnet as gn
from glassnet.arrays import Array, Shape


@dataclass(frozen=True)
class Network:
    """A model with weights that are not 0 or 1 by chance, and the shape of its samples."""

    model: gn.Layer
    shape: Shape

    def sample(self, samples: int = 5) -> Array:
        return np.random.default_rng(3).normal(size=(samples, *self.shape)).astype(np.float32)


ACTIVATIONS = (
    gn.ReLU, lambda: gn.LeakyReLU(0.2), lambda: gn.ELU(0.7), gn.GELU, gn.SiLU, gn.Sigmoid, gn.Tanh,
    gn.Softmax, gn.Identity, lambda: gn.Dropout(0.4),
)  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Draw a network of up to seven layers on flat features or on images."""
    shape: Shape = draw(
        st.one_of(
            st.tuples(st.integers(1, 6)),
            st.tuples(st.integers(1, 3), st.integers(4, 9), st.integers(4, 9)),
        )
    )
    before, stack = shape, []
    for _ in range(draw(st.integers(0, 6))):
        layer = _layer(draw, shape, depth=0)
        stack.append(layer)
        shape = layer.output_shape(shape)
    if len(shape) == 3 and draw(st.booleans()):
        stack += [gn.Flatten(), gn.Linear(int(np.prod(shape)), 3)]
    return Network(valued(gn.Sequential(*stack)), before)


def valued(model: gn.Layer) -> gn.Layer:
    """Give every parameter and running statistic a value of its own."""
    rng = np.random.default_rng(7)
    model.initialize(seed=0)
    for _, parameter in model.named_parameters():
        parameter.value = rng.normal(0, 0.5, parameter.shape)
    for name, buffer in model.named_buffers():
        buffer.value = 3 if name.endswith("tracked") else rng.uniform(0.5, 2, buffer.shape)
    return model


def _layer(draw: st.DrawFn, shape: Shape, depth: int) -> gn.Layer:
    common = ["activation", "layer_norm", "batch_norm", *["residual"] * (depth < 2)]
    kinds = ["linear", "nested"] if len(shape) == 1 else ["conv", "max", "avg", "global", "flatten"]
    kind = draw(st.sampled_from([*common, *kinds]))
    if kind == "activation":
        return draw(st.sampled_from(ACTIVATIONS))()
    if kind == "layer_norm":
        return gn.LayerNorm(shape, eps=1e-3)
    if kind == "batch_norm":
        return (gn.BatchNorm1d if len(shape) == 1 else gn.BatchNorm2d)(shape[0], 1e-3, 0.3)
    if kind == "linear":
        return gn.Linear(shape[0], draw(st.integers(1, 6)), draw(st.booleans()))
    if kind == "nested":
        return gn.Sequential(gn.Linear(shape[0], 4), gn.Tanh())
    if kind == "flatten":
        return gn.Flatten()
    if kind == "global":
        return gn.GlobalAvgPool2d()
    if kind == "residual":
        return _residual(draw, shape, depth)
    kernel = [draw(st.integers(1, min(3, n))) for n in shape[1:]]
    stride = draw(st.tuples(st.integers(1, 2), st.integers(1, 3)))
    if kind == "conv":
        padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
        outputs = draw(st.integers(1, 4))
        return gn.Conv2d(shape[0], outputs, kernel, stride, padding, draw(st.booleans()))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    return (gn.MaxPool2d if kind == "max" else gn.AvgPool2d)(kernel, stride, padding)


def _residual(draw: st.DrawFn, shape: Shape, depth: int) -> gn.Layer:
    inner = _layer(draw, shape, depth + 1)
    if inner.output_shape(shape) == shape:
        return gn.Residual(gn.Sequential(inner, gn.Tanh()))
    size = shape[0]
    if len(shape) == 1:
        return gn.Residual(gn.Linear(size, 3), gn.Sequential(gn.Linear(size, 3), gn.SiLU()))
    return gn.Residual(gn.Conv2d(size, 2, 3, 2, 1), gn.Conv2d(size, 2, 1, 2))
