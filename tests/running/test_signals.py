"""Tests of `ptmbench.running.signals`: SIGTERM ends a run like Ctrl-C."""

import os
import signal
import threading

import pytest

from ptmbench.running.signals import ended_like_ctrl_c


def test_sigterm_is_an_interrupt_inside_the_block():
    """Code that clears up behind Ctrl-C clears up behind SIGTERM, and the usual handling comes back."""
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), ended_like_ctrl_c():
        os.kill(os.getpid(), signal.SIGTERM)

    assert before == signal.getsignal(signal.SIGTERM)


def test_a_second_one_does_not_disturb_the_clearing_up():
    """SIGTERM while the block clears up is ignored."""
    cleared = []
    with pytest.raises(KeyboardInterrupt), ended_like_ctrl_c():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleared.append(True)

    assert [True] == cleared


def test_a_handler_of_others_stays():
    """Whoever handles SIGTERM goes on doing so."""
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append(True))
    try:
        with ended_like_ctrl_c():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert [True] == seen


def test_other_threads_are_left_alone():
    """Outside the main thread the block runs as it is."""
    ran = []

    def run():
        with ended_like_ctrl_c():
            ran.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert [True] == ran
