"""Executors: where the cases of a run are worked on. A job, which may write, maps over cases and is lent a worker.

The job stays in the process that has the store; only what it asks of its worker may be done elsewhere.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Case
from ptmbench.records.measured import Identity
from ptmbench.running import work
from ptmbench.running.standard_input import empty_input
from ptmbench.running.work import Finished, Identified
from ptmbench.running.workers import OtherProcess

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

Kept = TypeVar("Kept")
Group = Sequence[Case]


class Worker(Protocol):
    """What works on cases one after the other, and keeps what they share: data, weights, features."""

    def identify(self, case: Case) -> Identified:
        """What the case is made of."""
        ...

    def work(self, case: Case, identity: Identity) -> Finished:
        """Runs the case to its end."""
        ...


class Executor(Protocol):
    """Maps a job over groups of cases; the cases of a group meet one worker, in their order."""

    def map(self, job: Callable[[Case, Worker], Kept], groups: Sequence[Group]) -> Iterator[Kept]:
        """What the job gives for each case, as soon as it is there."""
        ...


@dataclass(frozen=True, slots=True)
class ThisProcess:
    """The worker that is this very process, and the executor that has no other: case by case, in order."""

    bench: Workbench

    def identify(self, case: Case) -> Identified:
        """What the case is made of."""
        with empty_input():
            return work.identify(self.bench, case)

    def work(self, case: Case, identity: Identity) -> Finished:
        """Runs the case to its end."""
        with empty_input():
            return work.work(self.bench, case, identity)

    def map(self, job: Callable[[Case, Worker], Kept], groups: Sequence[Group]) -> Iterator[Kept]:
        """What the job gives for each case; a case begins when it is asked for."""
        return (job(case, self) for group in groups for case in group)


def groups_of(cases: Sequence[Case]) -> list[Group]:
    """The cases that share model and data, group by group, so that one worker computes their features once."""
    groups: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.model.name, case.task.dataset].append(case)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Processes:
    """Several processes on this machine, each with a thread here in which the job runs.

    The thread waits for its worker, so that the job always knows what that worker is at: a mark stands only while its
    case runs, and a process that dies is laid to the case that it ran.
    """

    settings: RunSettings
    count: int

    def map(self, job: Callable[[Case, Worker], Kept], groups: Sequence[Group]) -> Iterator[Kept]:
        """What the job gives for each case, in the order in which they end; work goes on while nobody asks.

        Whatever ends the iteration, Ctrl-C too, ends all workers; an error of the job ends it.
        """
        ended, waiting = threading.Event(), SimpleQueue[Group]()
        for group in groups:
            waiting.put(group)
        results: SimpleQueue[Future[Kept] | None] = SimpleQueue()
        workers = [OtherProcess(self.settings, ended) for _ in range(min(self.count, len(groups)))]
        threads = [
            threading.Thread(target=_serve, args=(worker, job, waiting, results), daemon=True) for worker in workers
        ]
        for thread in threads:
            thread.start()
        try:
            yield from _arriving(results, len(threads))
        finally:
            ended.set()
            for worker in workers:
                worker.kill()
            for thread in threads:
                thread.join()


def _arriving(results: SimpleQueue[Future[Kept] | None], threads: int) -> Iterator[Kept]:
    """The results until every thread has said that it is done."""
    while threads:
        found = results.get()
        if found is None:
            threads -= 1
        else:
            yield found.result()


def _serve(
    worker: OtherProcess,
    job: Callable[[Case, Worker], Kept],
    waiting: SimpleQueue[Group],
    results: SimpleQueue[Future[Kept] | None],
) -> None:
    """Has a worker do group after group, until none is left or the job fails; its errors go where results are read."""
    try:
        while True:
            for case in waiting.get_nowait():
                found: Future[Kept] = Future()
                try:
                    found.set_result(job(case, worker))
                except BaseException as error:  # noqa: BLE001  raised where the result is asked for
                    found.set_exception(error)
                results.put(found)
                if found.exception() is not None:
                    return
    except Empty:
        return
    finally:
        worker.close()
        results.put(None)


class Arrivals(Generic[Kept]):
    """Results that come in any order, to be taken by case: work goes on while nobody asks."""

    def __init__(self, cases: Sequence[Case], results: Iterator[tuple[Case, Kept]]) -> None:
        self._results, self._expected = results, {case.id for case in cases}
        self._there: dict[str, Kept] = {}

    def __contains__(self, case: Case) -> bool:
        """Whether the case is among those that come, and was not taken."""
        return case.id in self._expected

    def take(self, case: Case) -> Kept:
        """Waits for the result of a case that comes."""
        while case.id not in self._there:
            arrived, result = next(self._results)
            self._there[arrived.id] = result
        self._expected.discard(case.id)
        return self._there.pop(case.id)
