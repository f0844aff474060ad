"""Tests of `ptmbench.running.work`: what becomes of a case, without any store."""

import pickle
import time
from dataclasses import replace

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.engine import runner
from ptmbench.engine.datasets.builtin import DATASETS
from ptmbench.errors import TimedOut, Unavailable, UnknownName, UsageError
from ptmbench.running.work import deadline, identify, work

CASE = find_case("pixels", "digits_1shot", "knn")


def test_what_comes_back_can_be_sent(bench):
    """A finished case, its result with it, comes out of a pickle as it went in."""
    finished = work(bench, CASE)

    sent = pickle.loads(pickle.dumps(finished))  # noqa: S301  made in this test

    assert "ok" == sent.status
    assert (CASE, finished.identity, finished.provenance) == (sent.case, sent.identity, sent.provenance)
    assert finished.result.answers.values == sent.result.answers.values
    assert finished.result.footprint == sent.result.footprint


def test_an_unknown_name_can_be_sent():
    """An error whose text is made of several arguments comes out of a pickle with the same text."""
    error = UnknownName("model", "resnet", ["resnet18"])

    sent = pickle.loads(pickle.dumps(error))  # noqa: S301  made in this test

    assert str(error) == str(sent)
    assert isinstance(sent, UsageError)


def test_identifying_first_changes_nothing(bench):
    """A case identified beforehand is the case that identifies itself."""
    known = identify(bench, CASE)

    assert work(bench, CASE).identity == work(bench, CASE, known.identity).identity == known.identity


@pytest.mark.parametrize("error", [SystemExit(3), ZeroDivisionError("oops")])
def test_a_fault_is_a_failed_case_with_its_traceback(bench, monkeypatch, error):
    """Whatever a case raises, a call of exit too, it is failed with the traceback, and the process goes on."""

    def fail(_bench, _prepared):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(runner, "run", fail)
        finished = work(bench, CASE)

    assert ("failed", f"{type(error).__name__}: {error}") == (finished.status, finished.reason)
    assert "in fail" in finished.trace


def test_what_cannot_be_had_is_skipped(bench, monkeypatch):
    """A case without its data is skipped with the reason, and identified by what is known."""

    def missing():
        raise Unavailable("digits: not here")

    monkeypatch.setitem(DATASETS, "digits", missing)

    finished = work(type(bench)(bench.settings), CASE)

    assert ("skipped", "digits: not here") == (finished.status, finished.reason)
    assert finished.result is None


def test_options_that_cannot_be_met_end_the_run(bench, monkeypatch):
    """A usage error is no failure of one case: every other one would meet it too."""

    def refuse(_bench, _case):
        raise UsageError("no such option")

    monkeypatch.setattr(runner, "prepare", refuse)

    with pytest.raises(UsageError, match="no such option"):
        work(bench, CASE)


def test_a_case_that_takes_too_long_is_timed_out(bench, monkeypatch):
    """The timeout of the settings ends the case."""
    impatient = type(bench)(replace(bench.settings, timeout_s=0.05))
    monkeypatch.setattr(runner, "prepare", lambda _bench, _case: time.sleep(5))

    finished = work(impatient, CASE)

    assert ("timed_out", "took longer than 0.05 s") == (finished.status, finished.reason)


def test_a_deadline_interrupts():
    """Work that takes too long is interrupted and says how long it had."""
    with pytest.raises(TimedOut, match=r"took longer than 0\.05 s"), deadline(0.05):
        time.sleep(5)


def test_a_deadline_that_is_met_leaves_no_alarm():
    """After the block no alarm is left to go off."""
    with deadline(0.05):
        pass

    time.sleep(0.1)
