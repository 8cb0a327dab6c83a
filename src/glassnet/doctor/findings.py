"""What watching and comparing find, before the report gives it place and mend."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """A fault of a part, before the report gives it place and mend."""

    parameter: str
    kind: str
    message: str
    size: float = 0.0


@dataclass
class Conduct:
    """What was found, and whether gradients can be compared at all."""

    findings: list[Finding] = field(default_factory=list)
    usable: bool = True
    stochastic: bool = False

    def add(self, parameter: str, kind: str, message: str) -> None:
        """Note a fault, once."""
        finding = Finding(parameter, kind, message)
        if finding not in self.findings:
            self.findings.append(finding)

    def has(self, kind: str) -> bool:
        """Whether such a fault was found."""
        return any(f.kind == kind for f in self.findings)
