"""A run over cases: the one shell that pytest and the command line share.

It decides what a resume may skip, has an executor do the work, keeps what came of it and fills in gains. It imports
the engine when the first case runs, not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ptmbench.analysis.gain import settled
from ptmbench.catalog.cases import models_of
from ptmbench.catalog.settings import DeviceName, RunSettings
from ptmbench.catalog.spec import Case
from ptmbench.errors import RecordError, StoreError, UsageError, listed
from ptmbench.records.measured import SHEET, Identity, Missing, Result
from ptmbench.records.record import Record, Status, quality_of
from ptmbench.records.sidecars import ATTRIBUTIONS
from ptmbench.records.store import FolderKey, ResultsFolder
from ptmbench.records.writers import leave
from ptmbench.running import assembly, jobs
from ptmbench.running.executors import Arrivals, Kept, Processes, ThisProcess, Worker, groups_of
from ptmbench.running.floors import NO_FLOOR, NO_FLOORS_FILE, NO_FLOORS_OF_TASK, Floor, Floors
from ptmbench.running.quiet_phase import QuietPhase
from ptmbench.running.work import Fault, Finished, Identified, provenance_of, unidentified
from ptmbench.running.workers import WorkerLost

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

DEFAULT_FOLDER = Path("ptmbench-results")
ELSEWHERE = "{mark} is running this case into the same folder: it was left to that run"
CONTROL_ALONE = "a control, not run: {models} could not be loaded, and it would stand beside nothing"
MOST_KILLS = 3  # at one place: a case is run twice more than it was killed there, in case something else killed it
KILLED = (
    "the process that ran this case was killed {count} times{where}: the system's log may say why (often there was not "
    "enough memory); run it again without --resume, on a machine with more memory"
)
KILLED_BEFORE = "the process was killed while this case ran"  # how earlier versions recorded a single kill


@dataclass(slots=True)
class Session:
    """Runs cases into a results folder (`folder=None`: a default named after budget and device).

    `reused` holds the ids of cases that a resume kept, `written` of those whose record is on disk, `faults` the
    traceback of each case that met a bug of ptmbench, `refused` the task of each case that could not be met, and why.
    `unloaded` holds the names of models that could not be loaded, each with that of the task (a tokenizer may know the
    words of another one), `planned` gives the cases of this run, `at_work` those that run now, the latest last. `notes`
    are what workers could not do that moves no figure, each once.
    """

    settings: RunSettings
    folder: Path | None = None
    floors: Floors | None = None
    resume: bool = False
    reused: set[str] = field(default_factory=set)
    finished: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    unloaded: set[tuple[str, str]] = field(default_factory=set)
    planned: Callable[[], Sequence[Case]] = tuple
    at_work: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    _quiet: QuietPhase = field(default_factory=QuietPhase)
    _coming: Generator[object] | None = None
    _ahead: Arrivals[Record | UsageError] = field(default_factory=lambda: Arrivals((), iter(())))
    _bench: Workbench | None = None
    _store: ResultsFolder | None = None
    _mark: Path | None = None

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
            shared = replace(self.settings, jobs=None, timeout_s=None)  # neither moves what a case's record says
            self._mark = store.join(hashlib.sha256(repr(shared).encode()).hexdigest(), resume=self.resume)
            self._store = store
        return self._store

    def close(self) -> None:
        """Ends the run's claim on its folder, for others to write into."""
        if self._mark is not None:
            leave(self._mark)
            self._mark = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, case: Case) -> Record:
        """The record of a case, run now in this process or, on a resume, as it stands; it is on disk by then.

        Raises `Fault` for a bug of ptmbench, once the record of the failed case is on disk.
        """
        _ = self.store  # a folder of another key is refused before anything runs
        record = self._taken(case) if case in self._ahead else self._record(case, ThisProcess(self.bench))
        if case.id in self.faults:
            raise Fault(record.reason or "", self.faults[case.id])
        return record

    def run_all(self, cases: Sequence[Case]) -> Iterator[Record]:
        """The record of each case as soon as it is on disk; `faults` has the traceback of a bug of ptmbench.

        A case whose data or options cannot be met has no record, and the others go on: `refused` says why. Raises
        `UsageError` once all are through where none of them could be met.
        """
        met = False
        self.plan(cases)
        for case, found in self._mapped(self._attempt, cases):
            if isinstance(found, UsageError):
                self.refused[case.id] = case.task.name, str(found)
            else:
                met = True
                yield found
        if self.refused and not met:
            raise UsageError("\n".join(self.refusals))

    @property
    def refusals(self) -> list[str]:
        """Why cases were not run, each reason once; with its task where there are several."""
        reasons = dict.fromkeys(self.refused.values())
        if len({reason for _, reason in reasons}) == 1:
            return [next(iter(reasons))[1]]
        return [f"{task}: {reason}" for task, reason in reasons]

    def plan(self, cases: Sequence[Case]) -> None:
        """Says which cases this run has, and decides how many run side by side where nobody has said."""
        self.planned = lambda: cases
        before, self.settings = self.settings, jobs.settled(self.settings, cases, self.bench.device.type)
        if before.threads != self.settings.threads:
            self._bench = None  # its making sets the threads of this process

    @contextmanager
    def running_ahead(self, cases: Sequence[Case]) -> Iterator[None]:
        """Inside the block the planned cases run side by side, and `run` waits for the one that it is asked for.

        Where they run one by one, `run` does that when it is asked.
        """
        if self.settings.side_by_side == 1:
            yield
            return
        coming = self._mapped(self._attempt, cases)
        self._ahead, self._coming = Arrivals(cases, coming), coming
        with closing(coming):
            yield

    def _attempt(self, case: Case, worker: Worker) -> tuple[Case, Record | UsageError]:
        """The record of a case, or why its options cannot be met: that is for whoever asks for this case."""
        try:
            return case, self._record(case, worker)
        except UsageError as error:
            return case, error

    def _taken(self, case: Case) -> Record:
        found = self._ahead.take(case)
        if isinstance(found, UsageError):
            raise found
        return found

    def _mapped(self, job: Callable[[Case, Worker], Kept], cases: Sequence[Case]) -> Generator[Kept]:
        _ = self.store  # a folder of another key is refused before anything runs
        if self.settings.side_by_side == 1:
            yield from ThisProcess(self.bench).map(job, [cases])
            return
        device = self.bench.device  # what `auto` stands for is decided once, here
        name: DeviceName = device.type  # type: ignore[assignment]  # what `resolve` gives is one of them
        settings = replace(self.settings, device=name, precision=device.precision)
        yield from Processes(settings, settings.side_by_side).map(job, groups_of(cases))

    def _record(self, case: Case, worker: Worker) -> Record:
        identified = None
        self.at_work[case.id] = None
        try:
            identified = worker.identify(case)
            record = (
                self._kept(case, identified) or self._alone(case, identified) or self._worked(case, identified, worker)
            )
        except WorkerLost as lost:
            identity = (identified or unidentified(self.bench, case, str(lost))).identity
            record = self.keep(self._unrun(case, identity, lost.status, str(lost)))
        finally:
            del self.at_work[case.id]
        self.finished.append(case.id)
        return record

    def _kept(self, case: Case, identified: Identified) -> Record | None:
        """The record that needs no work: of a case that cannot run, or of one that a resume finds done or killed."""
        identity = identified.identity
        if identified.unavailable is not None:
            status: Status = "skipped" if identified.trace is None else "failed"
            unrun = self._unrun(case, identity, status, identified.unavailable)
            self.unloaded.add((case.model.name, case.task.name))
            return self.keep(replace(unrun, trace=identified.trace))
        elsewhere = self.store.run_by(case.id)
        if elsewhere is not None and not elsewhere.is_ours:  # not written: the other run writes the record
            return self._recorded(self._unrun(case, identity, "skipped", ELSEWHERE.format(mark=elsewhere)))
        if not self.resume:
            return None
        standing = self._standing(case, identity)
        if standing is not None:
            self.store.unmark(case.id)
            self.reused.add(case.id)
            self._quiet.note(case, standing)
            return self._held_against_floor(case, standing)
        kills = self.store.kills(case.id, identity.digest)
        if kills and kills.count(kills[-1]) >= MOST_KILLS:
            where = f" at the same place ({kills[-1]})" if kills[-1] else ""
            reason = KILLED.format(count=kills.count(kills[-1]), where=where)
            record = self.keep(self._unrun(case, identity, "failed", reason))
            self.store.unmark(case.id)
            return record
        return None

    def _alone(self, case: Case, identified: Identified) -> Record | None:
        """The record of a control that is not run, since none of its models could be loaded."""
        if not self.unloaded or not case.model.random:
            return None
        task = case.task.name
        models = models_of(case.model, (planned.model for planned in self.planned() if planned.task.name == task))
        if not models or not {(model, task) for model in models} <= self.unloaded:
            return None
        reason = CONTROL_ALONE.format(models=listed(sorted(models)))
        return self.keep(self._unrun(case, identified.identity, "skipped", reason))

    def _worked(self, case: Case, identified: Identified, worker: Worker) -> Record:
        """The record of a case that a worker runs now; a mark tells of it until the record is on disk."""
        digest = identified.identity.digest
        killed_at = self.store.kills(case.id, digest) if self.resume else ()
        with self.store.running(case.id, digest, killed_at) as running:
            try:
                return self.keep(worker.work(case, identified.identity))
            except WorkerLost:
                running.worker_lost = True
                raise

    def _unrun(self, case: Case, identity: Identity, status: Status, reason: str) -> Finished:
        """A case that was not run, with the reason."""
        return Finished(case, identity, status, provenance_of(self.settings, self.bench.device, 0.0), reason=reason)

    def keep(self, finished: Finished) -> Record:
        """Writes what came of a case, its record last, and returns the record."""
        record = self._recorded(finished)
        self.store.write(record)
        self.written.add(record.case.id)
        self._quiet.note(finished.case, record)
        self.faults.pop(record.case.id, None)  # of an earlier run of the case in this session
        if finished.trace is not None:
            self.faults[record.case.id] = finished.trace
        if finished.note is not None:
            self.notes[finished.note] = None
        if finished.unloaded:
            self.unloaded.add((finished.case.model.name, finished.case.task.name))
        return record

    def _recorded(self, finished: Finished) -> Record:
        """The record of what came of a case; its sidecars are on disk, and it is not."""
        case, identity, result = finished.case, finished.identity, finished.result
        budget, precision = self.settings.budget.name, self.bench.device.precision
        if result is None:
            return assembly.unfinished(
                case,
                identity,
                finished.status,
                finished.reason or "",
                budget=budget,
                precision=precision,
                provenance=finished.provenance,
            )
        return assembly.finished(
            case,
            identity,
            result,
            budget=budget,
            precision=precision,
            floor=self._floor(case, identity.split_sha256 if isinstance(identity.split_sha256, str) else None),
            sidecars=self._sidecars(case, result),
            provenance=finished.provenance,
        )

    def _sidecars(self, case: Case, result: Result) -> assembly.Sidecars:
        answers, column = result.answers, result.columns.get("attribution")
        outcomes = self.store.write_outcomes(case.id, answers)
        drawn = [] if answers.pictures is None else [self.store.write_pictures(case.id, answers.pictures)]
        if isinstance(column, Mapping) and SHEET in column:
            drawn.append(self.store.write_pictures(case.id, column[SHEET], ATTRIBUTIONS))
        return assembly.Sidecars(outcomes, drawn)

    def _standing(self, case: Case, identity: Identity) -> Record | None:
        """The record that a resume may keep: same digest, and not merely skipped."""
        try:
            record = self.store.read(case.id)
        except RecordError:
            return None
        if record is None or record.case.digest != identity.digest or record.status == "skipped":
            return None
        lost = record.status != "ok" and bool(self.store.kills(case.id, identity.digest))
        if lost or (record.reason or "").startswith(KILLED_BEFORE):  # a kill is no verdict
            return None
        if not self.store.is_whole(record):
            return None
        asked = self.settings.corruptions and record.quality is not None and not case.task.kind.dense
        if asked and not quality_of(record).corrupted:
            return None
        return None if any(assembly.lacks(record, name) for name in self.settings.columns) else record

    def _held_against_floor(self, case: Case, record: Record) -> Record:
        """A kept record, its floor as the floors file has it now."""
        current = assembly.with_floor(record, self._floor(case, record.case.task.split_sha256))
        if current != record:
            self.store.write(current)
        return current

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

    def time_networks(self, tell: Callable[[str], None]) -> None:
        """Measures the latencies that waited for a quiet machine; `tell` is told where that takes a while."""
        if self._coming is not None:
            self._coming.close()  # a pytest session that ends early still has its workers
        if self._store is not None:
            self._quiet.measure(self.bench, self._store, tell)

    def finish(self) -> tuple[list[Record], list[str]]:
        """Fills in the gains of all records of the folder; returns the records, and what could not be read or kept."""
        if self._store is None:
            return [], []
        records, problems = self._store.read_all()
        self._check_kept(self._store.path, records)
        complete = settled(records, self._store.estimate)
        for before, after in zip(records, complete, strict=True):
            if before is not after and before != after:
                self._store.write(after)
        return complete, [*problems, *self.notes]

    def _check_kept(self, folder: Path, records: Sequence[Record]) -> None:
        """Raises `StoreError` where a record that this run has written is no longer there."""
        gone = sorted(self.written - {record.case.id for record in records})
        if gone:
            raise StoreError(
                f"{len(gone)} of the records that this run has written are gone from {folder}: {listed(gone)}; "
                "run them again into a folder that stays, with --results (pytest: --ptm-results)"
            )
