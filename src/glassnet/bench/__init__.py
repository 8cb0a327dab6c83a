"""How fast Glassnet is on this machine, and how fast it could be."""

from glassnet.bench.kernel_case import KernelCase
from glassnet.bench.kernel_cases import CONVOLUTIONS, DENSE, kernel_cases, product_arrays
from glassnet.bench.machine import describe_machine
from glassnet.bench.measuring import Spread, interleave, readable, timer
from glassnet.bench.roofline import Roof, Work, measure_roof
from glassnet.bench.suite import Case, Result, cases, run
from glassnet.bench.workloads import WORKLOADS, Workload, mlp

__all__ = [
    "CONVOLUTIONS",
    "DENSE",
    "WORKLOADS",
    "Case",
    "KernelCase",
    "Result",
    "Roof",
    "Spread",
    "Work",
    "Workload",
    "cases",
    "describe_machine",
    "interleave",
    "kernel_cases",
    "measure_roof",
    "mlp",
    "product_arrays",
    "readable",
    "run",
    "timer",
]
