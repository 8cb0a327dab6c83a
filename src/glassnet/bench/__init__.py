"""How fast Glassnet is on this machine, and how fast it could be."""

from glassnet.bench.machine import describe_machine
from glassnet.bench.measuring import Spread, interleave, timer
from glassnet.bench.roofline import Roof, Work, measure_roof
from glassnet.bench.suite import Case, Result, cases, run
from glassnet.bench.workloads import WORKLOADS, Workload, mlp

__all__ = [
    "WORKLOADS",
    "Case",
    "Result",
    "Roof",
    "Spread",
    "Work",
    "Workload",
    "cases",
    "describe_machine",
    "interleave",
    "measure_roof",
    "mlp",
    "run",
    "timer",
]
