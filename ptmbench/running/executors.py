"""Executors: where the cases of a run are worked on. A job, which may write, maps over cases and is lent a worker.

The job stays in the process that has the store; only what it asks of its worker may be done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from ptmbench.catalog.spec import Case
from ptmbench.records.measured import Identity
from ptmbench.running import work
from ptmbench.running.work import Finished, Identified

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
        return work.identify(self.bench, case)

    def work(self, case: Case, identity: Identity) -> Finished:
        """Runs the case to its end."""
        return work.work(self.bench, case, identity)

    def map(self, job: Callable[[Case, Worker], Kept], groups: Sequence[Group]) -> Iterator[Kept]:
        """What the job gives for each case; a case begins when it is asked for."""
        return (job(case, self) for group in groups for case in group)
