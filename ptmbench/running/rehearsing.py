"""Rehearsals on this machine: cases scored on the validation part, run and kept as any other case is."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import numpy as np

from ptmbench.catalog.settings import BUDGETS, RunSettings
from ptmbench.catalog.sizes import Parts
from ptmbench.catalog.spec import Case, TaskSpec
from ptmbench.errors import PtmbenchError
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage
from ptmbench.records.record import Record, chance_of, quality_of
from ptmbench.records.store import ResultsFolder
from ptmbench.running import forecast, machine_pace
from ptmbench.running.session import Session
from ptmbench.statistics.estimates import uncertainty

Told = Callable[[str], None]


@dataclass(slots=True)
class Rehearsals:
    """The sessions of a decision, one a stage, with what their records tell; a folder that has records keeps them.

    `cases` are the candidates' cases on the task itself, `scored` the task with its validation part scored. `settings`
    say where and how cases run. `chance` is what the best constant answer reaches on the validation part.
    """

    cases: Mapping[Candidate, Case]
    scored: TaskSpec
    settings: RunSettings
    folder: Path
    told: Told
    chance: float = 0.0
    metric: str | None = None
    examples: int | None = None
    _sessions: dict[Stage, Session] = field(default_factory=dict)
    _parts: Parts | None = None
    _macs: dict[str, float] = field(default_factory=dict)
    _pace: float | None = None
    _actual_s: float = 0.0
    _forecast_s: float = 0.0

    def session(self, stage: Stage) -> Session:
        """The session of a stage, made when it is first asked for."""
        if stage not in self._sessions:
            settings = replace(self.settings, budget=BUDGETS[stage], seeds=1)
            session = Session(settings, folder=self.folder / stage, resume=True)
            session.plan([self._scored(case) for case in self.cases.values()])
            self._sessions[stage] = session
        return self._sessions[stage]

    def close(self) -> None:
        """Ends the claims of all sessions on their folders."""
        for session in self._sessions.values():
            session.close()

    def _scored(self, case: Case) -> Case:
        return replace(case, task=self.scored)

    def rehearse(self, candidates: Sequence[Candidate], stage: Stage) -> Iterator[tuple[Candidate, Rehearsal]]:
        """Runs each candidate's case on the validation part; raises `UsageError` where none of them can be met."""
        by_id = {self._scored(self.cases[candidate]).id: candidate for candidate in candidates}
        session = self.session(stage)
        for record in session.run_all([self._scored(self.cases[candidate]) for candidate in candidates]):
            candidate = by_id[record.case.id]
            if record.quality is None:
                self.told(f"  {candidate}: {record.status}: {record.reason}")
                continue
            self._note(candidate, stage, record)
            yield candidate, rehearsal_of(session.store, record)

    def _note(self, candidate: Candidate, stage: Stage, record: Record) -> None:
        """Takes note of what a record tells of the task, and of how fast cases run here."""
        task = record.case.task
        self.chance = max(chance_of(task) or 0.0, task.balance.get("majority", 0.0))
        self.metric, self.examples = quality_of(record).metric, task.test_size
        self._actual_s += record.provenance.duration_s
        self._forecast_s += self._seconds(candidate, stage)

    def tested(self, candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Record]]:
        """Runs these candidates on the test part: one training each, at full length."""
        by_id = {self.cases[candidate].id: candidate for candidate in candidates}
        for record in self.session(Stage.SINGLE).run_all([self.cases[candidate] for candidate in candidates]):
            yield by_id[record.case.id], record

    def expected_s(self, candidate: Candidate, stage: Stage) -> float:
        """Seconds of a rehearsal, as MACs, examples and the machine's pace tell, corrected by those that ran."""
        return self._seconds(candidate, stage) * self._correction

    def full_s(self, candidate: Candidate) -> float:
        """Seconds of the candidate's case at the budget `standard`: rates tried, and all its seeds."""
        settings = replace(self.settings, budget=BUDGETS["standard"], seeds=None)
        case, parts = self.cases[candidate], self._parts_of_task()
        held = parts.train + parts.validation + parts.test
        known = self.session(Stage.QUICK).bench.task_data(self._scored(case))
        whole = Parts(parts.train + parts.validation, parts.test, max(len(known.samples.ids) - held, 0))
        facts = forecast.Facts(self._macs_of(candidate), whole)
        return forecast.seconds(case, settings, facts, first=False) * self._correction * self._machine()

    @property
    def _correction(self) -> float:
        return self._actual_s / self._forecast_s if self._forecast_s else 1.0

    def _seconds(self, candidate: Candidate, stage: Stage) -> float:
        case = self._scored(self.cases[candidate])
        facts = forecast.Facts(self._macs_of(candidate), self._parts_of_task())
        return forecast.seconds(case, self.session(stage).settings, facts, first=False) * self._machine()

    def _machine(self) -> float:
        """How much slower this machine is than that of the forecast's figures."""
        if self._pace is None:
            self._pace = median(machine_pace.seconds()) / forecast.PACE_S
        return self._pace

    def _parts_of_task(self) -> Parts:
        if self._parts is None:
            case = self._scored(next(iter(self.cases.values())))
            split = self.session(Stage.QUICK).bench.task_data(case).split
            self._parts = Parts(len(split.train), len(split.validation), len(split.test))
        return self._parts

    def _macs_of(self, candidate: Candidate) -> float:
        """MACs of one input: as the catalog knows them, else as the engine counts them; 0 where it cannot."""
        if candidate.model not in self._macs:
            case = self._scored(self.cases[candidate])
            known = forecast.known(case).macs
            self._macs[candidate.model] = self._counted(case) if known is None else known
        return self._macs[candidate.model]

    def _counted(self, case: Case) -> float:
        try:
            counted = self.session(Stage.QUICK).bench.footprint(case).macs
        except PtmbenchError:  # of a model that cannot be loaded: its cases will say why
            return 0.0
        return float(counted) if isinstance(counted, int) else 0.0


def rehearsal_of(folder: ResultsFolder, record: Record) -> Rehearsal:
    """The rehearsal that a record of one seed holds.

    Args:
        folder: Where it lies, its outcomes beside it.
        record: One that is `ok`.

    Returns:
        The rehearsal, with right and wrong answers where the metric is a share of examples.

    Raises:
        RecordError: Its outcomes cannot be read.
    """
    estimate = folder.estimate(record)
    error = float(uncertainty(estimate).standard_error)
    return Rehearsal(
        Stage(record.budget),
        quality_of(record).value,
        record.provenance.duration_s,
        estimate.examples,
        error if math.isfinite(error) else 1.0,
        estimate.effects[0].astype(np.bool_) if estimate.shares else None,
    )
