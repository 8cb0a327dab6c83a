"""What the doctor hands over: faults, the single checks, and a short table of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from glassnet.doctor.curve import ErrorCurve
from glassnet.errors import ConfigError
from glassnet.markup import BAD, DOUBTFUL, GOOD, Markup, badge, escaped, table


@dataclass(frozen=True)
class Fault:
    """Something wrong, where it is, what it most likely is, and what mends it.

    Attributes
    ----------
    layer : str
        Place and layer, such as ``"2 Conv2d(1, 4, 5)"``; or the loss, a regularizer, the model.
    parameter : str
        Whose gradient: ``"2.weight"``, ``"input"``, ``"output"`` of the model for a loss.
    kind : str
        A short stable name, one of `glassnet.doctor.KINDS`.
    size : float
        Relative error of the gradient; 0 where the fault is not one of size.
    message, mend : str
        What was seen, and what to do, one line each.
    """

    layer: str
    parameter: str
    kind: str
    size: float
    message: str
    mend: str

    def __str__(self) -> str:
        size = f" (relative error {self.size:.1e})" if self.size else ""
        head = f"{self.layer}, {self.parameter}: {self.kind}{size}"
        return f"{head}\n  {self.message}\n  mend: {self.mend}"


@dataclass(frozen=True)
class Check:
    """One comparison of the backward pass with a finite difference.

    `error` is relative: |analytic − numeric| / max(|analytic|, |numeric|, typical size), and so is
    `tolerance`; `verdict` is "ok", "wrong", or "kink" where no point could be found at which the
    function has a slope to compare with.
    """

    layer: str
    parameter: str
    what: str
    analytic: float
    numeric: float
    error: float
    tolerance: float
    verdict: str


@dataclass(frozen=True)
class Report:
    """The result of `gradcheck`.

    Attributes
    ----------
    faults : list of Fault
    checks : list of Check
    notes : list of str
        What could not be checked, or is worth knowing.
    seconds : float
    """

    faults: list[Fault]
    checks: list[Check]
    notes: list[str]
    seconds: float
    _curve: Callable[[], ErrorCurve] | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def error_curve(self) -> ErrorCurve:
        """Return the error of finite differences of this very model and loss, over the step."""
        if self._curve is None:
            raise ConfigError("the model could not be run, so there is no error curve of it")
        return self._curve()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for JSON."""
        return {
            "ok": self.ok,
            "seconds": self.seconds,
            "faults": [asdict(fault) for fault in self.faults],
            "checks": [asdict(check) for check in self.checks],
            "notes": list(self.notes),
        }

    def rows(self) -> list[tuple[str, str, int, float, str]]:
        """Return layer, parameter, number of checks, worst error and verdict, a row for each."""
        groups: dict[tuple[str, str], list[Check]] = {}
        for check in self.checks:
            groups.setdefault((check.layer, check.parameter), []).append(check)
        for fault in self.faults:
            groups.setdefault((fault.layer, fault.parameter), [])
        rows = []
        for (layer, parameter), checks in groups.items():
            kinds = [f.kind for f in self.faults if (f.layer, f.parameter) == (layer, parameter)]
            believed = [c.error for c in checks if c.verdict != "kink"]
            verdict = ", ".join(kinds) or ("ok" if believed else "kink")
            if not kinds and any(c.verdict == "wrong" for c in checks):
                verdict = "wrong"
            rows.append((layer, parameter, len(checks), max(believed, default=0.0), verdict))
        return rows

    def __str__(self) -> str:
        rows = [(_cut(a), b, str(n), f"{e:.0e}", v) for a, b, n, e, v in self.rows()]
        rows.insert(0, ("layer", "gradient of", "checks", "worst error", "verdict"))
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {n:>{widths[2]}}  {e:>{widths[3]}}  {v}"
            for a, b, n, e, v in rows
        ]
        lines.append(self.summary())
        lines += [str(fault) for fault in self.faults]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    def summary(self) -> str:
        """Return the verdict in one line."""
        count = f"{len(self.checks)} checks in {self.seconds:.1f} s"
        if self.ok:
            return f"All gradients are right: {count}."
        faults = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return f"{faults} found: {count}."

    def _repr_html_(self) -> str:
        verdict = badge("right", GOOD) if self.ok else badge("wrong", BAD)
        rows = [
            (_cut(layer), parameter, _coloured(word), checks, f"{error:.0e}")
            for layer, parameter, checks, error, word in self.rows()
        ]
        head = ("layer", "gradient of", "verdict", "checks", "worst error")
        faults = "".join(
            f"<li>{badge(f.kind, BAD).html} in {escaped(f.layer)}, {escaped(f.parameter)}: "
            f"{escaped(f.message)}<br><i>mend:</i> {escaped(f.mend)}</li>"
            for f in self.faults
        )
        listed = f"<ul>{faults}</ul>" if faults else ""
        notes = "".join(f"<p>note: {escaped(note)}</p>" for note in self.notes)
        return (
            f"<p>{verdict.html} {escaped(self.summary())}</p>{listed}"
            f"{table(head, rows, left=3)}{notes}"
        )


def _coloured(verdict: str) -> Markup:
    grounds = {"ok": GOOD, "kink": DOUBTFUL}
    return badge(verdict, grounds.get(verdict, BAD))


def _cut(text: str, length: int = 44) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
