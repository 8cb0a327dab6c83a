"""How far a program that was written differs from the model it was written from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import __version__
from glassnet.arrays import Array
from glassnet.files import write_atomically

TOLERANCE = 1e-4
"""Largest difference that float32 may make, relative to the largest value compared."""


@dataclass(frozen=True)
class Difference:
    """The largest difference between two computations of the same numbers."""

    compared: str
    """What was compared with what."""
    largest: float
    scale: float
    """The largest magnitude of the numbers themselves."""
    samples: int

    @classmethod
    def between(cls, compared: str, ours: Array, theirs: Array) -> Difference:
        """Compare two arrays of equal shape.

        Examples
        --------
        >>> Difference.between("halves", np.array([1.0, 2.0]), np.array([1.0, 2.5])).largest
        0.5
        """
        ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        if ours.shape != theirs.shape:
            return cls(f"{compared}: {ours.shape} and {theirs.shape}", np.inf, 0.0, len(ours))
        largest = float(np.abs(ours - theirs).max(initial=0))
        scale = float(np.abs(ours).max(initial=0))
        return cls(compared, np.inf if np.isnan(largest) else largest, scale, len(ours))

    @property
    def ok(self) -> bool:
        """Whether rounding explains the difference."""
        return self.largest <= TOLERANCE * max(self.scale, 1.0)


@dataclass(frozen=True)
class Certificate:
    """What was compared, and what could not be.

    Attributes
    ----------
    file : str
        Name of the file that was checked.
    differences : list of Difference
    unchecked : list of str
        What was not compared, and why.
    libraries : list of str
        Whose versions belong to the result.
    form : str
        Which version of a file format it has, where there are several.
    seed : int
        Of the random inputs.
    """

    file: str
    differences: list[Difference] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    libraries: tuple[str, ...] = ("numpy",)
    form: str = ""
    seed: int = 0

    @property
    def ok(self) -> bool:
        """Whether all that was compared agrees."""
        return all(difference.ok for difference in self.differences)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain numbers and texts."""
        return {
            "file": self.file,
            "ok": self.ok,
            "differences": [asdict(d) | {"ok": d.ok} for d in self.differences],
            "unchecked": self.unchecked,
            "tolerance": TOLERANCE,
            "seed": self.seed,
            **({"format": self.form} if self.form else {}),
            "versions": {"glassnet": __version__} | _versions(self.libraries),
        }

    def sentences(self) -> list[str]:
        """Return one line for each comparison, and for each that was not made.

        Examples
        --------
        >>> Certificate("m.py", [Difference("outputs", 2e-7, 3.0, 64)]).sentences()
        ['outputs: largest difference 2.0e-07 of 3, 64 samples']
        """
        made = [
            f"{d.compared}: largest difference {d.largest:.1e} of {d.scale:.3g}, "
            f"{d.samples} samples{'' if d.ok else ': TOO MUCH'}"
            for d in self.differences
        ]
        if self.form:
            made.insert(0, self.form)
        return made + [f"not compared: {reason}" for reason in self.unchecked]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        content = {
            key: value if key != "differences" else [_finite(d) for d in value]
            for key, value in self.to_dict().items()
        }
        write_atomically(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _finite(difference: dict[str, Any]) -> dict[str, Any]:
    """Write an infinite difference as null, as JSON has it."""
    return {k: None if v in (np.inf, -np.inf) else v for k, v in difference.items()}


def _versions(libraries: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
