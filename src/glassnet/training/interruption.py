"""Ctrl-C between two steps, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether somebody asked the training to end."""

    requested = False


@contextmanager
def deferred_interruption() -> Iterator[Interruption]:
    """While this is active, the first Ctrl-C only sets `requested`; the second interrupts at once.

    A step that is cut in the middle would leave weights that are half old and half new. This does
    nothing outside the main thread, where Python delivers no signals, and nothing where the signal
    is ignored, as it is for a program in the background of a shell script.
    """
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before in (None, signal.SIG_IGN):
        yield interruption
        return

    def note(number: int, frame: FrameType | None) -> None:
        interruption.requested = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
