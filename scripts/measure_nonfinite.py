"""Inject NaN and infinity everywhere, and see that each is located: docs/reliability.md.

Every kind of layer × forward pass, backward pass, update × step × value: layer, phase and step that
the error names are compared with the truth. ``python scripts/measure_nonfinite.py --write`` puts
the table between its marks; it takes about a minute.
"""

import os
import platform
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("GLASSNET_KERNELS", "numpy")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from tests.fuzz.table import put_between  # noqa: E402
from tests.training.injections import PHASES, cases, inject  # noqa: E402

import glassnet as gn  # noqa: E402
from glassnet.experiments import environment  # noqa: E402

BEGIN, END = "<!-- nonfinite: begin -->", "<!-- nonfinite: end -->"


def main() -> None:
    """Carry out all injections and write or print the table."""
    rows: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for case in cases():
        found = inject(case)
        rows[case.kind][case.phase].append(found == case.truth)
        if found != case.truth:
            print(f"{case}: found {found}", flush=True)
    lines = ["| layer | " + " | ".join(PHASES) + " |", "|---|" + "---:|" * len(PHASES)]
    for kind, phases in rows.items():
        cells = [_share(phases[phase]) if phases[phase] else "–" for phase in PHASES]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    every = [ok for phases in rows.values() for results in phases.values() for ok in results]
    where = environment()
    heading = (
        f"`python scripts/measure_nonfinite.py --write`, {datetime.now(UTC):%Y-%m-%d}, Glassnet "
        f"{gn.__version__}, NumPy {np.__version__}, Python {platform.python_version()}; "
        f"{where['platform']}: **{sum(every)} of {len(every)}** located rightly, layer, phase and "
        "step."
    )
    table = "\n".join([heading, "", *lines])
    if "--write" in sys.argv:
        put_between(ROOT / "docs" / "reliability.md", BEGIN, table, END)
    print(table)
    sys.exit(0 if all(every) else 1)


def _share(results: list[bool]) -> str:
    return f"{sum(results)} of {len(results)}"


if __name__ == "__main__":
    main()
