"""Getting the compiled kernels ready before the first array is there."""

from glassnet import threads
from glassnet.kernels import active_kernels


def get_ready() -> None:
    """Import Numba, load what it loads at its first function, and start the threads.

    It takes a third of a second, all of it Python, which can pass while data are being unpacked.
    Nothing is done where the compiled edition is not in use. The first call of a kernel does the
    same.
    """
    if active_kernels() != "numba":
        return
    threads.pool()
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()
