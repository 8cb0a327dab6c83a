r"""Initial values of weights: named rules (shape, generator) → array.

All draw in float64 and are cast by the parameter, so a float32 and a float64 model of the same
seed start from the same numbers. For a weight of shape (out, in, *kernel) the fans are

    fan_in = in · kernel size,    fan_out = out · kernel size

and what each rule keeps constant from layer to layer is the variance of the activations (fan_in),
of the gradients (fan_out), or a mean of both.
"""

import math
from collections.abc import Callable

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.errors import ConfigError
from glassnet.words import nearest

Initializer = Callable[[Shape, np.random.Generator], Array]


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight of shape (out, in, *kernel).

    Examples
    --------
    >>> fans((10, 784)), fans((8, 4, 5, 5))
    ((784, 10), (100, 200))
    """
    if len(shape) < 2:
        raise ConfigError(
            f"a parameter of shape {shape} has no fan-in and fan-out; give it a rule without "
            "them, such as 'zeros' or 'normal(0.01)'"
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def xavier_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """U(−a, a) with a = √(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""
    bound = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """N(0, σ²) with σ = √(2 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""
    return rng.normal(0.0, math.sqrt(2 / sum(fans(shape))), shape)


def he_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """U(−a, a) with a = √(6 / fan_in): for layers before a ReLU (He et al., 2015)."""
    bound = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def he_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """N(0, σ²) with σ = √(2 / fan_in): for layers before a ReLU (He et al., 2015)."""
    return rng.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def lecun_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """N(0, σ²) with σ = 1 / √fan_in, or randn / √n_in (LeCun et al., 1998)."""
    return rng.normal(0.0, math.sqrt(1 / fans(shape)[0]), shape)


def fan_out_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """N(0, σ²) with σ = 1 / √fan_out: what `lecun_normal` does for activations, for gradients."""
    return rng.normal(0.0, math.sqrt(1 / fans(shape)[1]), shape)


def zeros(shape: Shape, rng: np.random.Generator) -> Array:
    """All zeros: right for biases; for weights it leaves all units of a layer equal for ever."""
    return np.zeros(shape)


def ones(shape: Shape, rng: np.random.Generator) -> Array:
    """All ones: the scale of a normalisation."""
    return np.ones(shape)


def normal(sigma: float) -> Initializer:
    """Return the rule N(0, σ²), whatever the fans."""
    return lambda shape, rng: rng.normal(0.0, sigma, shape)


def uniform(bound: float) -> Initializer:
    """Return the rule U(−bound, bound), whatever the fans."""
    return lambda shape, rng: rng.uniform(-bound, bound, shape)


_RULES: dict[str, Initializer] = {
    rule.__name__: rule
    for rule in (
        xavier_uniform, xavier_normal, he_uniform, he_normal, lecun_normal, fan_out_normal,
        zeros, ones,
    )
}  # fmt: skip
_FAMILIES: dict[str, Callable[[float], Initializer]] = {"normal": normal, "uniform": uniform}

NAMES = (*_RULES, *(f"{name}(x)" for name in _FAMILIES))
"""Every name that `get` understands; x stands for a positive number."""


def get(name: str) -> Initializer:
    """Return the rule of that name.

    Parameters
    ----------
    name : str
        ``"he_normal"``, ``"xavier_uniform"``, …, or ``"normal(0.01)"``, ``"uniform(0.05)"`` with
        the standard deviation or the bound.

    Raises
    ------
    ConfigError
        If there is no such rule; the message lists them.

    Examples
    --------
    >>> get("he_normal")((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    >>> bool(abs(get("uniform(0.05)")((2, 3), np.random.default_rng(0))).max() <= 0.05)
    True
    """
    if name in _RULES:
        return _RULES[name]
    family, _, argument = str(name).partition("(")
    try:
        scale = float(argument.removesuffix(")"))
        if family in _FAMILIES and argument.endswith(")") and scale > 0 and math.isfinite(scale):
            return _FAMILIES[family](scale)
    except ValueError:
        pass
    meant = nearest(str(name), NAMES)
    raise ConfigError(f"no initializer is called {name!r}{meant}; there are {', '.join(NAMES)}")
