"""Ctrl-C ends a training between two steps, never inside one."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import glassnet as gn
from glassnet.training.interruption import deferred_interruption

from .conftest import network, points

LOSS = gn.SoftmaxCrossEntropy()


class At(gn.Callback):
    def __init__(self, step, action):
        self.step, self.action, self.ended = step, action, 0

    def on_step(self, trainer, record):
        if trainer.step_count == self.step:
            self.action()

    def on_end(self, trainer):
        self.ended += 1


def test_the_step_is_finished_and_the_callbacks_end():
    callback = At(5, lambda: os.kill(os.getpid(), signal.SIGINT))
    trainer = gn.Trainer(network(), LOSS, gn.SGD(lr=0.1), callbacks=[callback])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(points(), epochs=9, batch_size=8)
    assert (trainer.step_count, len(trainer.history), callback.ended) == (5, 1, 1)
    assert trainer.history.stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    trainer.fit(points(), epochs=1, batch_size=8)
    assert trainer.history.stopped == ""


def test_a_second_ctrl_c_does_not_wait():
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        pytest.fail("the second one was not heard")

    callback = At(2, twice)
    trainer = gn.Trainer(network(), LOSS, gn.SGD(lr=0.1), callbacks=[callback])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(points(), epochs=9, batch_size=8)
    assert callback.ended == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_leaves_ctrl_c_as_it_was():
    def fail():
        raise ZeroDivisionError

    trainer = gn.Trainer(network(), LOSS, gn.SGD(), callbacks=[callback := At(1, fail)])
    with pytest.raises(ZeroDivisionError):
        trainer.fit(points(), epochs=1, batch_size=8)
    assert callback.ended == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_ctrl_c_is_ignored_it_stays_so():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with deferred_interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert not interruption.requested


def test_a_training_in_another_thread_leaves_signals_alone():
    handlers = []
    callback = At(1, lambda: handlers.append(signal.getsignal(signal.SIGINT)))
    trainer = gn.Trainer(network(), LOSS, gn.SGD(), callbacks=[callback])
    options = {"epochs": 1, "batch_size": 8}
    thread = threading.Thread(target=trainer.fit, args=(points(),), kwargs=options)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
    assert trainer.step_count == 3


PROGRAM = """
    import signal, sys, threading, time
    import numpy as np
    import glassnet as gn

    class Slowly(gn.SGD):
        # Every weight takes the same step, one half of them a moment after the other.
        def update(self, value, grad, lr):
            half = len(value) // 2
            value[:half] += 1
            time.sleep(0.002)
            value[half:] += 1

    signal.signal(signal.SIGINT, signal.default_int_handler)
    model = gn.Sequential(gn.Linear(3, 4), gn.Linear(4, 2))
    for _, p in model.named_parameters():
        p.value = np.zeros(p.shape)
    trainer = gn.Trainer(model, gn.MeanAbsoluteError(), Slowly())
    x, y = np.ones((1, 3), np.float32), np.ones((1, 2), np.float32)
    print("ready", flush=True)
    try:
        trainer.fit((x, y), epochs=100_000, batch_size=1)
    except KeyboardInterrupt:
        values = {float(v) for _, p in model.named_parameters() for v in p.value.flat}
        print("interrupted", *values, trainer.step_count)
"""


@pytest.mark.parametrize("wait", [0.1, 0.1501])
def test_weights_are_never_half_updated(wait):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "ready\n"
        time.sleep(wait)
        program.send_signal(signal.SIGINT)
        word, *values, steps = program.stdout.read().split()
    assert (word, program.returncode) == ("interrupted", 0)
    assert values == [f"{steps}.0"]  # all weights took as many steps as were counted
