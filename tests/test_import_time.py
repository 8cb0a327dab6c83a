"""`import glassnet` and `glassnet --help` cost next to nothing.

Seconds mean little on a busy machine: most is said by which modules are loaded, the rest by
comparison with a bare Python in the same minute.
"""

import statistics
import subprocess
import sys
import time

import pytest

NOTHING = "pass"
IMPORT = "import glassnet"
HELP = "import sys; sys.argv[1:] = ['--help']; from glassnet.cli import main; main()"


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def loaded(code: str) -> set[str]:
    watched = f"import atexit, sys; atexit.register(lambda: print(*sys.modules)); {code}"
    return {name.partition(".")[0] for name in run(watched).splitlines()[-1].split()}


@pytest.mark.parametrize("code", [IMPORT, HELP], ids=["import", "help"])
def test_nothing_heavy_is_loaded(code):
    heavy = {"numpy", "scipy", "sklearn", "matplotlib", "pydantic", "safetensors", "PIL", "pooch"}
    assert not heavy & loaded(code)
    assert "numpy" in loaded(f"{IMPORT}; glassnet.Linear")  # so it would be seen


def test_compiled_kernels_load_numba_when_they_run():
    code = "import glassnet.kernels.compiled"
    assert not {"numba", "llvmlite"} & loaded(code)
    pytest.importorskip("numba")
    assert "numba" in loaded(f"{code}; import numba")  # so it would be seen


def test_both_are_fast():
    codes = {"nothing": NOTHING, "numpy": "import numpy", "import": IMPORT, "help": HELP}
    seconds = {name: [] for name in codes}
    for _ in range(5):
        for name, code in codes.items():  # in turn, so that a slow moment meets all of them
            start = time.perf_counter()
            run(code)
            seconds[name].append(time.perf_counter() - start)
    cost = {name: statistics.median(times) for name, times in seconds.items()}
    # On a quiet machine nothing costs 0.015 s, numpy 0.1 s, the import 0.02 s, help 0.12 s.
    assert cost["import"] < 0.15 or cost["import"] < cost["nothing"] + 0.5 * cost["numpy"]
    assert cost["help"] < 0.35 or cost["help"] < 3 * cost["numpy"]
