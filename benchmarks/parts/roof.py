"""The roof: Glassnet against what the machine can do, by `glassnet bench`."""

import json
import subprocess
import sys

from tables import table
from targets import LARGE, ROOF_SHARE
from team import environment

from glassnet.bench import readable

TITLE = "Against the machine"
PROSE = """\
Output of `GLASSNET_KERNELS={edition} glassnet bench`. The roof of a case is the least time in which
its operations could be done at BLAS's rate and its bytes moved at the rate of copying (which
depends on the cache that they fit); a share above 100 % is faster than BLAS. Of a training step,
matrix products and the update of the weights alone count as work."""


def measure(options):
    """Return what `glassnet bench --json` says."""
    command = [sys.executable, "-m", "glassnet", "bench", "--json", "--threads"]
    ended = subprocess.run(
        [*command, str(options.threads)], check=True, text=True, stdout=subprocess.PIPE,
        env=environment(options.threads) | {"GLASSNET_KERNELS": "auto"},
    )  # fmt: skip
    options.say("glassnet bench")
    return json.loads(ended.stdout.splitlines()[-1])


def report(results, _):
    """Return the section."""
    roof = results["roof"]
    edition = results["machine"]["kernels"]
    rows = []
    for case in results["cases"]:
        rate = f"{case['gflops']:.1f} GFLOP/s"
        if not case["gflops"]:
            rate = f"{case['gbytes_per_second']:.1f} GB/s"
        share = case["roof_share"]
        target = ""
        if case["name"] in LARGE:
            target = f"{ROOF_SHARE:.0%}: {'met' if share >= ROOF_SHARE else '**not met**'}"
        low, high = case["seconds_quartiles"]
        spread = f"{readable(low)}–{readable(high)}"
        cells = [readable(case["seconds"]), spread, rate, f"{100 * share:.3g} %", target]
        rows.append([f"{case['family']}: {case['name']}", *cells])
    copying = ", ".join(
        f"{rate:.0f} GB/s in {int(size) >> 10:,} KiB"
        for size, rate in roof["gbytes_per_second"].items()
    )
    arithmetic = roof["multiply_add_gflops"]
    extra = f" (multiply-adds in registers: {arithmetic:.0f})" if arithmetic else ""
    head = ["case", "time", "quartiles", "rate", "of the roof", "target, at least"]
    return (
        f"{PROSE.format(edition=edition)}\n\nThe roof: {roof['gflops']:.0f} GFLOP/s in matrix "
        f"products{extra}; copying {copying}.\n\n{table(head, rows)}"
    )
