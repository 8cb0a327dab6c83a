"""From the walk through a model to the whole: what is examined, in which order."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from glassnet.arrays import Array
from glassnet.doctor.compare import along, random_direction
from glassnet.doctor.curve import ErrorCurve, error_curve
from glassnet.doctor.evaluation import watch_evaluation
from glassnet.doctor.examine import examine_together
from glassnet.doctor.exceptions import words
from glassnet.doctor.findings import Finding
from glassnet.doctor.kinds import KINDS
from glassnet.doctor.layer_probes import LayerProbe, WholeProbe
from glassnet.doctor.outside import check_loss, check_regularizer
from glassnet.doctor.part import check_layer
from glassnet.doctor.probes import LossFunction, LossProbe, Penalty, RegularizerProbe
from glassnet.doctor.report import Check, Fault
from glassnet.doctor.walk import Visit, Walk, walk
from glassnet.errors import ConfigError
from glassnet.layers import Layer, Residual, Sequential
from glassnet.regularizers import Regularizer

SAMPLES = 16
"""Samples of the batch that are used for the whole model; more would only cost time."""
LAYER_SAMPLES = 6
"""Samples on which a single layer is examined."""


@dataclass
class _Result:
    """What is known so far."""

    faults: list[Fault] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Rounds(_Result):
    """One examination, from the walk through the model to the whole."""

    def __init__(
        self,
        model: Layer,
        x: ArrayLike,
        target: ArrayLike,
        loss: LossFunction,
        regularizers: Sequence[Regularizer | Penalty],
        thorough: bool,
        seed: int,
        training: bool,
    ) -> None:
        super().__init__()
        x = np.asarray(x)
        if x.ndim < 1 or not len(x):
            raise ConfigError(f"gradcheck needs a batch of samples, (N, ...), not {x.shape}")
        self.x = np.array(x[:SAMPLES], np.float64)
        target = np.asarray(target)
        fits = target.ndim > 0 and len(target) == len(x)
        self.target = np.array(target[:SAMPLES] if fits else target)
        self.loss, self.regularizers = loss, tuple(regularizers)
        self.thorough, self.seed, self.training = thorough, seed, training
        self.rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(77,)))
        self.model = copy.deepcopy(model).initialize(seed, missing_only=True).astype(np.float64)
        self._make_generic()
        self.whole: WholeProbe | None = None

    def work(self) -> None:
        """Go through the model once, examine every part, and then all together."""
        if not self.training:  # statistics as after training, not 0 and 1
            for seed in (1, 2, 3):
                walk(self.model, self.x, training=True, seed=seed)
        trip = walk(copy.deepcopy(self.model), self.x, training=self.training, seed=self.seed)
        for visit in trip.visits.values():
            if not visit.is_container:
                self._layer(visit)
        for visit in reversed(list(trip.visits.values())):
            if visit.is_container and type(visit.layer) not in (Sequential, Residual):
                self._container(visit)
        self._regularizers()
        if trip.error is not None:
            self._stopped(trip, trip.error)
        elif trip.output is not None:
            self._loss(trip.output)
            self._together(trip)

    def _make_generic(self) -> None:
        for _, p in self.model.named_parameters():
            if p.trainable and p.size and np.ptp(p.value) == 0:
                p.value = p.value + 0.1 * self.rng.standard_normal(p.shape)

    def _layer(self, visit: Visit) -> None:
        checks, findings = self._examined(visit, thorough=self.thorough)
        if visit.calls > 1:
            self.notes.append(f"{visit.place} is used {visit.calls} times in one pass")
        self._record(visit.place, checks, findings)
        if not any(f.kind == "raises" for f in findings):
            self._record(visit.place, [], watch_evaluation(visit, self.seed))

    def _container(self, visit: Visit) -> None:
        """Check how a container chains its layers, if these are right."""
        if any(f.layer.startswith(visit.prefix) for f in self.faults):
            return
        checks, findings = self._examined(visit, container=True)
        text = "the layers inside are right alone; what the container makes of them is not"
        findings = [
            replace(f, kind="composition", message=text)
            if f.kind == "wrong-gradient"
            and (f.parameter == "input" or "." in f.parameter.removeprefix(visit.prefix))
            else f
            for f in findings
        ]
        if findings:
            self._record(visit.place, checks, findings)

    def _examined(self, visit: Visit, **how: bool) -> tuple[list[Check], list[Finding]]:
        layer = copy.deepcopy(visit.layer)
        probe = LayerProbe(
            visit.place,
            layer,
            visit.x[:LAYER_SAMPLES],
            dict(layer.named_parameters(visit.prefix)),
            training=self.training,
            seed=self.seed + 1,
        )
        try:
            probe.hold_indices()
            return check_layer(probe, self.rng, **how)
        except Exception as error:  # a layer that runs at one point, and at another does not
            text = f"while it was examined, it raised {words(error)}"
            return [], [Finding("input", "raises", text)]

    def _loss(self, output: Array) -> None:
        place = f"loss {_name_of(self.loss)}"
        probe = LossProbe(place, self.loss, output, self.target)
        self._record(place, *check_loss(probe, self.rng))

    def _regularizers(self) -> None:
        parameters = dict(self.model.named_parameters())
        decayed = [p.value.ravel() for p in parameters.values() if p.trainable and p.decay]
        weights = np.concatenate([np.zeros(0), *decayed])
        for regularizer in self.regularizers:
            place = f"regularizer {_name_of(regularizer)}"
            probe = RegularizerProbe(place, regularizer, weights[:4000])
            if len(weights):
                self._record(place, *check_regularizer(probe, self.rng))
        for name, p in parameters.items() if self.regularizers else ():
            if p.decay and _is_bias(name, p.shape):
                message = f"{name} is a bias, and decays like a weight"
                self._record("regularizers", [], [Finding(name, "regularizer-on-bias", message)])

    def _together(self, trip: Walk) -> None:
        model = copy.deepcopy(self.model)
        self.whole = WholeProbe(
            model, self.x, self.target, self.loss, self.regularizers,
            training=self.training, seed=self.seed,
        )  # fmt: skip
        try:
            self.whole.hold_indices()
            checks = examine_together(self.whole, self.rng, 4 if self.thorough else 2)
        except Exception as error:
            if not self.faults:
                text = f"the backward pass of the whole model raised {words(error)}"
                self._record("whole model", [], [Finding("input", "raises", text)])
            return
        self.checks += checks
        wrong = any(c.verdict == "wrong" for c in checks)
        if wrong and not self.faults:
            self._containers(trip, max(c.error for c in checks))
        if not wrong and self._cancel():
            self.notes.append(
                "the last layer's and the loss's gradients are each wrong alone, but right "
                "together; keep them together"
            )
            self.faults = []

    def _containers(self, trip: Walk, size: float) -> None:
        """All layers are right and the whole is wrong: find the container that is to blame."""
        for visit in reversed(list(trip.visits.values())):
            if visit.is_container:
                self._container(visit)
            if self.faults:
                return
        text = "the layers, the loss and the regularizers are right alone, but not together"
        self._record("whole model", [], [Finding("all together", "composition", text, size)])

    def _cancel(self) -> bool:
        """Whether the only faults are the last layer's and the loss's, and cancel each other."""
        if not all(f.size > 0 for f in self.faults):
            return False
        pair = {(f.layer.startswith("loss"), f.parameter) for f in self.faults}
        places = {f.layer for f in self.faults}
        return len(places) == 2 and pair == {(True, "output"), (False, "input")}

    def _stopped(self, trip: Walk, error: Exception) -> None:
        visit = trip.visits.get(trip.stopped_at or "")
        place = visit.place if visit else "whole model"
        if not any(f.layer == place for f in self.faults):
            text = f"forward raised {words(error)}"
            self._record(place, [], [Finding("input", "raises", text)])
        self.notes.append("the model could not be run to its end; what follows was not checked")

    def _record(self, place: str, checks: list[Check], findings: list[Finding]) -> None:
        self.checks += checks
        for f in findings:
            mend = KINDS[f.kind]
            self.faults.append(Fault(place, f.parameter, f.kind, f.size, f.message, mend))

    def curve(self) -> ErrorCurve:
        """Return the V-shaped curve of this model and loss, along one random direction."""
        assert self.whole is not None
        with np.errstate(all="ignore"):
            gradients = self.whole.gradients(np.ones(1))
            direction = random_direction(self.whole, list(gradients), np.random.default_rng(0))
            analytic = sum(float(along(gradients[n], d).sum()) for n, d in direction.items())
            with self.whole.unmoved():
                return error_curve(self.whole.curve(direction), np.ones(1), analytic)


def _name_of(thing: object) -> str:
    return getattr(thing, "__name__", None) or repr(thing)


def _is_bias(name: str, shape: tuple[int, ...]) -> bool:
    last = name.rsplit(".", 1)[-1].lower()
    flat = sum(size > 1 for size in shape) <= 1
    return flat and (last in ("b", "beta", "offset") or last.startswith("bias"))
