"""A run over cases: the one shell that pytest and the command line share.

It decides what a resume may skip, guards each case (time, memory, a kill), writes records and fills in gains. It
imports the engine when the first case runs, not before.
"""

from __future__ import annotations

import datetime as dt
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import ptmbench
from ptmbench.analysis.gain import settled
from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Case
from ptmbench.errors import (
    Diverged,
    OutOfMemory,
    PtmbenchError,
    RecordError,
    StoreError,
    TimedOut,
    Unavailable,
    UsageError,
)
from ptmbench.records import environment
from ptmbench.records.measured import Answers, Identity, Missing
from ptmbench.records.record import Provenance, Record, Status, quality_of
from ptmbench.records.store import FolderKey, ResultsFolder
from ptmbench.running import assembly, machine_pace
from ptmbench.running.floors import NO_FLOOR, NO_FLOORS_FILE, NO_FLOORS_OF_TASK, Floor, Floors

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

DEFAULT_FOLDER = Path("ptmbench-results")
KILLED = "the process was killed while this case ran, most likely for want of memory; run it again without --resume"


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raises `TimedOut` inside the block once the seconds are over (by SIGALRM: main thread of a POSIX system)."""
    if seconds is None:
        yield
        return
    if not hasattr(signal, "SIGALRM"):
        raise UsageError("a timeout needs SIGALRM, which this system does not have: leave --timeout out")

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TimedOut(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def status_of(error: PtmbenchError) -> Status:
    """The status that an error gives its case."""
    kinds: tuple[tuple[type[PtmbenchError], Status], ...] = (
        (Unavailable, "skipped"),
        (Diverged, "diverged"),
        (OutOfMemory, "out_of_memory"),
        (TimedOut, "timed_out"),
    )
    return next((status for kind, status in kinds if isinstance(error, kind)), "failed")


@dataclass(slots=True)
class Session:
    """Runs cases one by one into a results folder (`folder=None`: a default named after budget and device)."""

    settings: RunSettings
    folder: Path | None = None
    floors: Floors | None = None
    resume: bool = False
    reused: set[str] = field(default_factory=set)
    finished: list[str] = field(default_factory=list)
    _bench: Workbench | None = None
    _store: ResultsFolder | None = None

    @property
    def bench(self) -> Workbench:
        """The engine's shared state; imports the frameworks on first use."""
        if self._bench is None:
            from ptmbench.engine.workbench import Workbench

            self._bench = Workbench(self.settings)
        return self._bench

    @property
    def store(self) -> ResultsFolder:
        """The results folder, opened for this run's budget, device and precision."""
        if self._store is None:
            device = self.bench.device
            key = FolderKey(self.settings.budget.name, device.type, device.precision)
            store = ResultsFolder(self.folder or DEFAULT_FOLDER / key.name)
            store.open_for(key)
            self._store = store
        return self._store

    def run(self, case: Case) -> Record:
        """The record of a case, run now or, on a resume, as it stands; it is on disk when this returns."""
        record = self._record(case)
        self.finished.append(case.id)
        return record

    def _record(self, case: Case) -> Record:
        from ptmbench.engine.runner import identify, identify_unavailable

        store = self.store
        try:
            identity = identify(self.bench, case)
        except Unavailable as error:
            identity = identify_unavailable(self.bench, case, str(error))
            return self._fail(case, identity, "skipped", str(error), time.perf_counter())
        if self.resume:
            standing = self._standing(case, identity)
            if standing is not None:
                self.reused.add(case.id)
                return self._held_against_floor(case, standing)
            if store.take_killed(case.id, identity.digest):
                return self._fail(case, identity, "out_of_memory", KILLED, time.perf_counter())
        started = time.perf_counter()
        try:
            with store.running(case.id, identity.digest), deadline(self.settings.timeout_s):
                return self._run(case, identity, started)
        except (UsageError, StoreError):
            raise  # not this case's fault: every other one would meet it too
        except PtmbenchError as error:
            return self._fail(case, identity, status_of(error), str(error), started)
        except Exception as error:
            self._fail(case, identity, "failed", f"{type(error).__name__}: {error}", started)
            raise

    def _run(self, case: Case, identity: Identity, started: float) -> Record:
        from ptmbench.engine.runner import prepare, run

        result = run(self.bench, prepare(self.bench, case))
        record = assembly.finished(
            case,
            identity,
            result,
            budget=self.settings.budget.name,
            precision=self.bench.device.precision,
            floor=self._floor(case, identity.split_sha256 if isinstance(identity.split_sha256, str) else None),
            sidecars=self._sidecars(case, result.answers),
            provenance=self._provenance(time.perf_counter() - started),
        )
        self.store.write(record)
        return record

    def _sidecars(self, case: Case, answers: Answers) -> assembly.Sidecars:
        outcomes = self.store.write_outcomes(case.id, answers)
        drawn = [] if answers.pictures is None else [self.store.write_pictures(case.id, answers.pictures)]
        return assembly.Sidecars(outcomes, drawn)

    def _standing(self, case: Case, identity: Identity) -> Record | None:
        """The record that a resume may keep: same digest, and not merely skipped."""
        try:
            record = self.store.read(case.id)
        except RecordError:
            return None
        if record is None or record.case.digest != identity.digest or record.status == "skipped":
            return None
        asked = self.settings.corruptions and record.quality is not None and not case.task.kind.dense
        return None if asked and not quality_of(record).corrupted else record

    def _held_against_floor(self, case: Case, record: Record) -> Record:
        """A kept record, its floor as the floors file has it now."""
        current = assembly.with_floor(record, self._floor(case, record.case.task.split_sha256))
        if current != record:
            self.store.write(current)
        return current

    def _fail(self, case: Case, identity: Identity, status: Status, reason: str, started: float) -> Record:
        record = assembly.unfinished(
            case,
            identity,
            status,
            reason,
            budget=self.settings.budget.name,
            precision=self.bench.device.precision,
            provenance=self._provenance(time.perf_counter() - started),
        )
        self.store.write(record)
        return record

    def _floor(self, case: Case, split_sha256: str | None) -> Floor | Missing:
        budget = self.settings.budget
        if not budget.asserts_floors:
            return Missing(f"the budget {budget.name} asserts no floors")
        usual, asked = budget.seeds_for(case.method, case.task), self.settings.seeds_for(case.method, case.task)
        if usual != asked:  # one seed may lie further from another than a floor lies from its value
            return Missing(f"the floors are for {usual} seeds, and this run has {asked}")
        if self.floors is None:
            return Missing(NO_FLOORS_FILE)
        found = self.floors.find(budget.name, case.id, self.bench.device.precision)
        if found is not None and not found.fits(split_sha256):
            return Missing(
                "the floor was measured on other text: this set is made of what is installed, and that differs"
            )
        known = self.floors.knows(budget.name, case.task.name)
        return found or Missing(NO_FLOOR if known else NO_FLOORS_OF_TASK)

    def _provenance(self, duration_s: float) -> Provenance:
        device = self.bench.device
        started = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=duration_s)
        return Provenance(
            ptmbench=ptmbench.__version__,
            commit=environment.commit(),
            packages=environment.packages(),
            machine=environment.machine(device.gpu, device.threads),
            device=device.type,
            started_at=started.isoformat(timespec="seconds"),
            duration_s=duration_s,
            reference_s=list(machine_pace.seconds()) if self.settings.measures_latency else [],
        )

    def finish(self) -> tuple[list[Record], list[str]]:
        """Fills in the gains of all records of the folder; returns the records and what could not be read."""
        if self._store is None:
            return [], []
        records, problems = self._store.read_all()
        complete = settled(records, self._store.sample)
        for before, after in zip(records, complete, strict=True):
            if before != after:
                self._store.write(after)
        return complete, problems
