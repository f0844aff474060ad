"""Another process of this machine that works on cases; what it shares between them stays in it.

It is one process of `concurrent.futures`, started afresh (spawned), since a fork would take over threads and locks of
the frameworks. When it dies the next case gets a new one.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, TypeVar

from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Case
from ptmbench.errors import UsageError
from ptmbench.records.measured import Identity
from ptmbench.records.record import Status
from ptmbench.running import work
from ptmbench.running.standard_input import empty_for_good
from ptmbench.running.work import Finished, Identified

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

Value = TypeVar("Value")
KILLED = "the process that ran this case was killed, most likely for want of memory: run it again with fewer --jobs"
NOT_STARTED = "a process for --jobs could not be started ({how}): run without --jobs"


class WorkerLost(Exception):
    """The process that worked on a case is gone; `status` is what that makes of the case."""

    def __init__(self, exit_code: int | None) -> None:
        killed = exit_code == -signal.SIGKILL
        super().__init__(KILLED if killed else f"the process that ran this case {how_it_ended(exit_code)}")
        self.status: Status = "out_of_memory" if killed else "failed"


class Stopped(Exception):
    """The run has ended, and its workers with it."""


def how_it_ended(exit_code: int | None) -> str:
    """What is known of the end of a process, in words."""
    if exit_code is None:
        return "ended"
    return f"ended by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"ended with exit code {exit_code}"


class OtherProcess:
    """A worker in a process of its own, which starts with its first case. `ended` tells that the run is over."""

    def __init__(self, settings: RunSettings, ended: threading.Event) -> None:
        self.settings, self.ended = settings, ended
        self._pool: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None

    def identify(self, case: Case) -> Identified:
        """What the case is made of; raises `WorkerLost`."""
        return self._ask(_identify, case)

    def work(self, case: Case, identity: Identity) -> Finished:
        """Runs the case to its end; raises `WorkerLost`."""
        return self._ask(_work, case, identity)

    def _ask(self, function: Callable[..., Value], *arguments: object) -> Value:
        try:
            return self._started().submit(function, self.settings, *arguments).result()
        except BrokenProcessPool:
            exit_code = self.close()
            if self.ended.is_set():
                raise Stopped from None
            raise WorkerLost(exit_code) from None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin)
            try:
                pid = self._pool.submit(os.getpid).result()
            except BrokenProcessPool:
                raise UsageError(NOT_STARTED.format(how=how_it_ended(self.close()))) from None
            self._process = next((child for child in multiprocessing.active_children() if child.pid == pid), None)
        if self.ended.is_set():
            raise Stopped
        return self._pool

    def close(self) -> int | None:
        """Lets the process end; returns its exit code, where it is known."""
        pool, process = self._pool, self._process
        self._pool = self._process = None
        if pool is not None:
            pool.shutdown()
        return None if process is None else process.exitcode

    def kill(self) -> None:
        """Ends the process at once, whatever it is doing."""
        process = self._process
        if process is not None:
            process.kill()


def _begin() -> None:
    """Sets a worker up: an end is asked of the process that has the store, and a worker does not outlive that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    empty_for_good()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a CI that cancels sends it to the whole group
    threading.Thread(target=_end_with_parent, name="ptmbench-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@functools.lru_cache(maxsize=1)
def _bench(settings: RunSettings) -> Workbench:
    """What the cases of this process share."""
    from ptmbench.engine.workbench import Workbench

    return Workbench(settings)


def _identify(settings: RunSettings, case: Case) -> Identified:
    return work.identify(_bench(settings), case)


def _work(settings: RunSettings, case: Case, identity: Identity) -> Finished:
    return work.work(_bench(settings), case, identity)
