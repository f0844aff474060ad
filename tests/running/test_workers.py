"""Tests of `ptmbench.running.workers`: a process that works, dies, is replaced, and is ended."""

import os
import signal
import threading
from dataclasses import replace

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import UsageError
from ptmbench.running.workers import OtherProcess, Stopped, WorkerLost

CASE = find_case("pixels", "digits_1shot", "knn")
SETTINGS = check_settings(budget="smoke", device="cpu", threads=1, jobs=2)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_until_the_run_ends():
    """Errors come back; a killed process is a lost worker; the next case gets a new one; after the end none starts."""
    ended = threading.Event()
    worker = OtherProcess(SETTINGS, ended)
    with pytest.raises(UsageError, match="no data set is called 'digitz'"):
        worker.identify(replace(CASE, task=replace(CASE.task, dataset="digitz")))
    identified = worker.identify(CASE)
    first = worker._process.pid
    os.kill(first, signal.SIGKILL)

    with pytest.raises(WorkerLost, match="was killed, most likely for want of memory") as lost:
        worker.work(CASE, identified.identity)

    assert "out_of_memory" == lost.value.status
    assert "ok" == worker.work(CASE, identified.identity).status
    assert first != worker._process.pid
    process = worker._process
    ended.set()
    worker.kill()
    with pytest.raises(Stopped):
        worker.work(CASE, identified.identity)
    worker.close()
    assert not process.is_alive()
