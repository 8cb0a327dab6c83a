"""Points in the plane, made on the spot: what a small network's decision boundary is drawn on."""

import numpy as np

from glassnet.arrays import Array
from glassnet.data.dataset import Dataset
from glassnet.data.parts import DataSplits
from glassnet.errors import ConfigError


def moons(samples: int = 1000, noise: float = 0.2, seed: int = 0) -> DataSplits:
    """Make two interleaved half circles of radius 1; `noise` is a standard deviation."""
    from sklearn.datasets import make_moons

    _check(samples, noise, seed, 2)
    return _points("moons", *make_moons(samples, noise=noise, random_state=seed))


def circles(
    samples: int = 1000, noise: float = 0.1, factor: float = 0.5, seed: int = 0
) -> DataSplits:
    """Make a circle of radius 1 around one of radius `factor`."""
    from sklearn.datasets import make_circles

    _check(samples, noise, seed, 2)
    if not 0 < factor < 1:
        raise ConfigError(f"circles: factor must lie between 0 and 1, not be {factor}")
    return _points("circles", *make_circles(samples, noise=noise, factor=factor, random_state=seed))


def blobs(
    samples: int = 1000, noise: float = 1.0, centers: int = 3, features: int = 2, seed: int = 0
) -> DataSplits:
    """Make normal clouds around centres drawn from the cube -10..10."""
    from sklearn.datasets import make_blobs

    _check(samples, noise, seed, centers)
    if features < 1:
        raise ConfigError(f"blobs: features must be at least 1, not {features}")
    x, y = make_blobs(samples, features, centers=centers, cluster_std=noise, random_state=seed)[:2]
    return _points("blobs", x, y)


def spirals(
    samples: int = 1000, noise: float = 0.03, centers: int = 3, turns: float = 0.75, seed: int = 0
) -> DataSplits:
    """Make arms that wind around the origin, `centers` of them, out to radius 1.

    A point at radius r of arm k lies at the angle 2π (k / centers + turns · r).
    """
    _check(samples, noise, seed, centers)
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % centers
    radius = (1 + np.arange(samples) // centers) / -(-samples // centers)
    angle = 2 * np.pi * (y / centers + turns * radius)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _points("spirals", x + rng.normal(0.0, noise, x.shape), y)


def _points(name: str, x: Array, y: Array) -> DataSplits:
    return DataSplits(Dataset(x, y, name=name))


def _check(samples: int, noise: float, seed: int, classes: int) -> None:
    if not 1 <= classes <= samples // 4:
        raise ConfigError(
            f"{samples} samples are too few for {classes} classes; make 4 each or more"
        )
    if not 0 <= noise < np.inf:
        raise ConfigError(f"noise is a standard deviation and must not be {noise}")
    if not 0 <= seed < 1 << 32:
        raise ConfigError(f"seed must be an integer from 0 to 2**32 - 1, not {seed}")
