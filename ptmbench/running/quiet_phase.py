"""Times taken once all cases are done and nothing else runs: those of networks whose cases ran side by side.

A network's latency is measured once for all cases that share it, and their records, which stand on disk without it
until then, are written anew. A run that ends before leaves them so, and a resume takes it up again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ptmbench.catalog.settings import LATER
from ptmbench.catalog.spec import Case
from ptmbench.errors import RecordError
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.running import machine_pace, work
from ptmbench.running.assembly import with_timing
from ptmbench.running.standard_input import empty_input

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

Network = tuple[str, str, int, tuple[int, ...], str]
TELL: Final = "measuring the latency of {count} network{s}, nothing else running"


def waits(record: Record) -> bool:
    """Whether the record's latency is still to be measured."""
    return record.missing.get("cost.latency_s") == LATER


def _network(case: Case, record: Record) -> Network | None:
    """What two cases share that are served by one network; None where the record's latency need not be measured."""
    task, taken = record.case.task, record.case.input
    if not waits(record) or task.classes is None or taken is None:
        return None
    return case.model.architecture, case.variant.name, task.classes, tuple(taken.shape), case.task.kind.value


@dataclass(slots=True)
class QuietPhase:
    """The cases of a run whose networks are to be measured at its end."""

    cases: dict[str, Case] = field(default_factory=dict)

    def note(self, case: Case, record: Record) -> None:
        """Takes the case up if its record waits."""
        if waits(record):
            self.cases[case.id] = case

    def measure(self, bench: Workbench, store: ResultsFolder, tell: Callable[[str], None]) -> None:
        """Measures each network once and completes the records on disk; no worker may be left by then.

        Args:
            bench: Of this process.
            store: Has the records. What cannot be read there is left as it is.
            tell: Is told what goes on, where there is anything to measure.
        """
        waiting: dict[Network, list[tuple[Case, Record]]] = {}
        for case in self.cases.values():
            record = _read(store, case.id)
            network = None if record is None else _network(case, record)
            if record is not None and network is not None:
                waiting.setdefault(network, []).append((case, record))
        if waiting:
            tell(TELL.format(count=len(waiting), s="s" * (len(waiting) != 1)))
        for (_, _, classes, shape, _), entries in sorted(waiting.items()):
            with empty_input():
                found = work.time_network(bench, entries[0][0], classes, shape)
            for case, record in entries:
                store.write(with_timing(record, found, machine_pace.seconds()))
                del self.cases[case.id]


def _read(store: ResultsFolder, case_id: str) -> Record | None:
    with suppress(RecordError):
        return store.read(case_id)
    return None
