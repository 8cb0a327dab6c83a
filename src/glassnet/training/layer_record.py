"""The record of how weights, biases, gradients and activations lay, and its file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import CheckpointError
from glassnet.parsing import from_json
from glassnet.storage import in_order

Kind = Literal["weight", "bias", "gradient", "activation"]
KINDS: tuple[Kind, ...] = ("weight", "bias", "gradient", "activation")

BINS = 40

Statistics = tuple[float, float, float, float]
Description = tuple[Statistics, Array]
NOTHING: Description = (math.nan,) * 4, np.zeros(BINS, np.int64)


@dataclass
class Distribution:
    """How some values were distributed, at each time.

    Attributes
    ----------
    statistics : list of four floats
        Minimum, maximum, mean and standard deviation.
    counts : list of arrays of int, shape (BINS,)
        How many values lie in each of the equal bins between minimum and maximum.
    """

    statistics: list[Statistics] = field(default_factory=list)
    counts: list[Array] = field(default_factory=list)

    def add(self, described: Description) -> None:
        """Take in what `described` says of the values of one time."""
        statistics, counts = described
        self.statistics.append(statistics)
        self.counts.append(counts)


def described(values: Array) -> Description:
    """Return statistics and counts of some values; those that are not finite are left out."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return NOTHING
    low, high = float(finite.min()), float(finite.max())
    counts, _ = np.histogram(finite, BINS, (low, high))
    return (low, high, float(finite.mean()), float(finite.std())), counts


@dataclass
class LayerRecord:
    """What a `LayerRecorder` saw.

    Attributes
    ----------
    epochs : list of int
        When; 0 is before the first step.
    distributions : dict of (kind, name) to Distribution
        Of weights, biases and gradients by the parameter's name, of activations by the layer's. The
        gradients are those of the epoch's last step; there are none at 0, nor of what is frozen.
    gradient_norms : dict of str to list of float
        By the parameter's name: the mean over the epoch's steps of the gradient's norm; NaN at 0.
    dead : dict of str to list of float
        By the layer's name: the share of the units of a non-linearity whose output is the same for
        every recorded sample. Of an image's channel, every place counts.
    labels : dict of str to str
        What kind of layer a name stands for.
    """

    epochs: list[int] = field(default_factory=list)
    distributions: dict[tuple[Kind, str], Distribution] = field(default_factory=dict)
    gradient_norms: dict[str, list[float]] = field(default_factory=dict)
    dead: dict[str, list[float]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def names(self, kind: Kind) -> list[str]:
        """Return the names of that kind, from the first layer to the last."""
        return [name for k, name in self.distributions if k == kind]

    def to_bytes(self) -> bytes:
        """Return the record as a safetensors file; the same record gives the same bytes."""
        from safetensors.numpy import save

        tensors: dict[str, Array] = {"epochs": np.array(self.epochs, np.int64)}
        for (kind, name), values in self.distributions.items():
            tensors[f"{kind}/{name}/statistics"] = np.array(values.statistics, np.float64)
            tensors[f"{kind}/{name}/counts"] = np.array(values.counts, np.int64)
        for name, norms in self.gradient_norms.items():
            tensors[f"gradient/{name}/norm"] = np.array(norms, np.float64)
        for name, shares in self.dead.items():
            tensors[f"dead/{name}/share"] = np.array(shares, np.float64)
        # The file sorts its tensors: the order of the layers is told apart.
        told = {"order": json.dumps(list(tensors)), "labels": json.dumps(self.labels)}
        return in_order(save(tensors, told))

    @classmethod
    def from_bytes(cls, content: bytes) -> LayerRecord:
        """Read what `to_bytes` gave.

        Raises
        ------
        CheckpointError
            If it is something else.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            tensors = load(content)
            size = int.from_bytes(content[:8], "little")
            told = from_json(content[8 : 8 + size])["__metadata__"]
            labels = {str(k): str(v) for k, v in from_json(told["labels"]).items()}
            record = cls([int(epoch) for epoch in tensors["epochs"]], labels=labels)
            for key in from_json(told["order"]):
                record._take(key, tensors)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"the record of the layers cannot be read ({error}); train the run anew"
            ) from error
        return record

    def _take(self, key: str, tensors: Mapping[str, Array]) -> None:
        """Take one series of a file in, if it has an entry for every time."""
        times, (kind, _, rest) = len(self.epochs), key.partition("/")
        name, _, what = rest.rpartition("/")
        values = tensors[key]
        shapes = {"statistics": (times, 4), "counts": (times, BINS)}
        if kind != "epochs" and values.shape != shapes.get(what, (times,)):
            raise ValueError(f"{key} has the shape {values.shape}")
        if what in shapes:
            whose = next((k for k in KINDS if k == kind), None)
            if whose is None:
                raise ValueError(f"{key} is of no known kind")
            distribution = self.distributions.setdefault((whose, name), Distribution())
            if what == "counts":
                distribution.counts = list(values)
            else:
                distribution.statistics = [(a, b, c, d) for a, b, c, d in values.tolist()]
        elif kind in ("gradient", "dead"):
            series = self.gradient_norms if kind == "gradient" else self.dead
            series[name] = values.tolist()
