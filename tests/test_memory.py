"""Memory that is freed stays with the program, where its C library can be told so."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource
import numpy as np
from glassnet.memory import keep_freed_memory
{call}
def step():
    return [np.ones(1 << 20) for _ in range(8)]  # 64 MB, as the activations of a step, then free
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(call):
    command = [sys.executable, "-c", STEPS.format(call=call)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_pages_are_asked_for_once():
    assert faults("keep_freed_memory()") < 0.1 * faults("")


def test_another_c_library_is_left_alone(monkeypatch):
    from glassnet import memory

    class Library:
        pass

    monkeypatch.setattr("ctypes.CDLL", lambda name: Library())
    memory.keep_freed_memory()
