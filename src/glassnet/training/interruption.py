"""Ctrl-C, SIGTERM and SIGHUP between two steps, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATIONS = ("SIGTERM", "SIGHUP")
"""With which a system, a queue or a terminal that is closed ends a program."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C has ended a training between two steps, when the callbacks had ended it too."""

    def saying(self, message: str) -> Interrupted:
        """Return the same with a message."""
        return Interrupted(message)


class Terminated(SystemExit):
    """SIGTERM or SIGHUP has, in the same way; uncaught it ends the program with 128 + its number.

    Parameters
    ----------
    number : int
        Of the signal.
    message : str
    """

    def __init__(self, number: int, message: str = "") -> None:
        super().__init__(128 + number)
        self.number, self.message = number, message

    def saying(self, message: str) -> Terminated:
        """Return the same with a message."""
        return Terminated(self.number, message)

    def __str__(self) -> str:
        return self.message


class Interruption:
    """Whether the training was asked to end, and by which signal; 0 for none."""

    number = 0

    @property
    def requested(self) -> bool:
        """Whether it was."""
        return self.number != 0

    def error(self) -> Interrupted | Terminated:
        """Return what a training raises that has ended because of it."""
        return Interrupted() if self.number == signal.SIGINT else Terminated(self.number)


@contextmanager
def prompt_termination() -> Iterator[None]:
    """While this is active, SIGTERM and SIGHUP raise `Terminated` where the program just is.

    Without it they would end a program that leaves its helping processes behind. Like
    `deferred_interruption`, it leaves alone what is ignored or handled already.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    numbers = [getattr(signal, name) for name in TERMINATIONS if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def deferred_interruption() -> Iterator[Interruption]:
    """While this is active, a signal only sets `number`; a second Ctrl-C interrupts at once.

    A step that is cut in the middle would leave weights that are half old and half new. This does
    nothing outside the main thread, where Python delivers no signals, nothing where a signal is
    ignored, as Ctrl-C is for a program in the background of a shell script and SIGHUP with nohup,
    and nothing where the program does something of its own at SIGTERM or SIGHUP.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def note(number: int, frame: FrameType | None) -> None:
        interruption.number = interruption.number or number
        if number == signal.SIGINT:
            signal.signal(number, before[number])

    before = {}
    for name in ("SIGINT", *TERMINATIONS):
        number = getattr(signal, name, None)
        if number is None:  # Windows has no SIGHUP
            continue
        handler = signal.getsignal(number)
        own = name == "SIGINT" and handler not in (None, signal.SIG_IGN)
        if own or handler == signal.SIG_DFL:
            before[number] = handler
    for number in before:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
