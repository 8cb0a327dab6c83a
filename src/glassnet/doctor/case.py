"""A wrong gradient, and what a hypothesis about it may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.compare import along
from glassnet.doctor.examine import Examination
from glassnet.doctor.layer_probes import LayerProbe
from glassnet.doctor.probes import Probe

Verdict = tuple[str, str] | None
"""Kind of fault and what was seen, or None: the hypothesis does not explain it."""
Hypothesis = Callable[["Case"], Verdict]


@dataclass
class Case:
    """One wrong gradient of one part.

    A hypothesis explains it in one of two ways. Either it knows a cure: a candidate gradient made
    from the wrong one that agrees with all numeric slopes (`cured_by`). Or it predicts the wrong
    gradient itself, number by number (`is_exactly`).

    Attributes
    ----------
    probe : Probe
    name : str
        Of the array whose gradient is wrong.
    exam : Examination
        Upstream gradient, claimed gradients and numeric slopes, all at the probe's present point.
    twin : Examination or None
        The same part with a batch of another size.
    stochastic : bool
        Whether the output depends on random numbers.
    cure : ndarray or None
        The upstream gradient that made backward right, if a hypothesis found one.
    """

    probe: Probe
    name: str
    exam: Examination
    twin: Examination | None = None
    stochastic: bool = False
    cure: Array | None = None

    @property
    def gradient(self) -> Array:
        """The wrong gradient."""
        return self.exam.gradients[self.name]

    @property
    def value(self) -> Array:
        """The values by which is differentiated."""
        return self.probe.point[self.name]

    @property
    def upstream(self) -> Array:
        """∂L/∂y."""
        return self.exam.upstream

    @property
    def x(self) -> Array:
        """The layer's input (of a loss: the output of the model)."""
        return self.probe.point.get("input", self.value)

    @property
    def output(self) -> Array:
        """The layer's output."""
        return self.probe.output()

    @property
    def short_name(self) -> str:
        """The parameter's name in its layer, in small letters."""
        return self.name.rsplit(".", 1)[-1].lower()

    def cured_by(self, candidate: Array | None) -> bool:
        """Whether a candidate gradient agrees with all numeric slopes."""
        if candidate is None or candidate.shape != self.value.shape:
            return False
        usable = [
            w for w in self.exam.witnesses[self.name] if not w.is_vague({self.name: candidate})
        ]
        if not usable or not np.isfinite(candidate).all():
            return False
        return all(w.agrees({self.name: candidate}) for w in usable)

    def cured_by_upstream(self, upstream: Array) -> bool:
        """Whether the layer's own backward is right if it is given another upstream gradient."""
        if not np.isfinite(upstream).all():
            return False
        cured = self.cured_by(self.probe.gradients(upstream).get(self.name))
        if cured:
            self.cure = upstream
        return cured

    def is_exactly(self, predicted: Array, rtol: float = 1e-7) -> bool:
        """Whether the wrong gradient is just the predicted one."""
        wrong = self.gradient
        if predicted.shape != wrong.shape or not np.isfinite(predicted).all():
            return False
        top = float(np.abs(wrong).max(initial=0.0))
        return top > 0 and float(np.abs(predicted - wrong).max()) <= rtol * top

    def factor(self, exam: Examination | None = None) -> float | None:
        """Return c if the wrong gradient is c times the right one."""
        exam = exam or self.exam
        if self.name not in exam.witnesses:
            return None
        gradient = exam.gradients[self.name]
        witnesses = exam.witnesses[self.name]
        analytic = np.array([along(gradient, w.direction[self.name]).sum() for w in witnesses])
        numeric = np.array([w.slope.value for w in witnesses])
        below = float(analytic @ numeric)
        if not np.isfinite(below) or below == 0:
            return None
        cure = float(numeric @ analytic) / float(analytic @ analytic)
        if all(w.agrees({self.name: cure * gradient}) for w in witnesses) and cure:
            return 1 / cure
        return None

    def layer_gradients(self, upstream: Array) -> Array:
        """Return what backward gives for another upstream gradient."""
        return self.probe.gradients(upstream)[self.name]

    @property
    def layer_probe(self) -> LayerProbe | None:
        """The probe, if the part is a layer."""
        return self.probe if isinstance(self.probe, LayerProbe) else None

    def is_bias(self) -> bool:
        """Whether it is added to the output, every entry to its own channel."""
        flat = sum(size > 1 for size in self.value.shape) <= 1
        if self.layer_probe is None or self.name == "input" or not flat:
            return False
        weights = any(p.value.ndim >= 2 for p in self.layer_probe.parameters.values())
        if self.short_name[0] == "b" or weights:
            return True
        with self.probe.unmoved():
            before = self.probe.output()
            self.probe.place_at(self.name, self.value + 1.0)
            return bool(np.allclose(self.probe.output() - before, 1.0))
