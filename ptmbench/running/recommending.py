"""The shell of `recommend`: limits first, then scores, then the race, then one answer, tested once.

Everything that is measured becomes a record in the decision's folder, so that a run that was killed goes on there and
gives the same answer. The answer is written beside them as `decision.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ptmbench.catalog.builtin import METHODS
from ptmbench.catalog.cases import product, why_no_case
from ptmbench.catalog.data_references import on_validation, scored_on_validation
from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.settings import RunSettings
from ptmbench.catalog.spec import Case, MethodSpec, ModelSpec, TaskSpec
from ptmbench.errors import PtmbenchError, UsageError, WeightsError
from ptmbench.reading import json_of, text_of
from ptmbench.recommendation.answer import beats_chance
from ptmbench.recommendation.calibration import calibration_of
from ptmbench.recommendation.demands import Demands
from ptmbench.recommendation.earlier import of_records, of_tables, together
from ptmbench.recommendation.evidence import Evidence, evidence
from ptmbench.recommendation.limits import Limits, Miss, ModelCost, misses, none_left
from ptmbench.recommendation.published import published_tables
from ptmbench.recommendation.race import Entrants, Race
from ptmbench.recommendation.rehearsals import Candidate, Stage
from ptmbench.recommendation.replay import static_pick
from ptmbench.records.cost_record import BUSY
from ptmbench.records.decision import DECISION, Decision, Rejected, Tested, decision_text
from ptmbench.records.measured import LatencySamples, Missing
from ptmbench.records.record import Record
from ptmbench.records.writing import write_atomically
from ptmbench.running.deciding import decision_of
from ptmbench.running.rehearsing import Rehearsals
from ptmbench.statistics.transferability import DECIDES

if TYPE_CHECKING:
    from ptmbench.engine.workbench import Workbench

SCORES = "scores.json"
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be decided: which of these models, by which of these methods, for this task."""

    models: tuple[ModelSpec, ...]
    task: TaskSpec
    methods: tuple[MethodSpec, ...] = ()
    demands: Demands = field(default_factory=Demands)

    def cases(self) -> dict[Candidate, Case]:
        """The candidates with their cases; raises `UsageError` where there are not two, or no test part is left."""
        if scored_on_validation(self.task.dataset):
            raise UsageError("leave score=validation out: candidates are rehearsed on the validation part anyway")
        methods = self.methods or tuple(method for method in METHODS if len(method.grid) > 1)
        models = tuple(model for model in self.models if model.pretrained or not model.random)
        found = {
            Candidate(case.model.name, case.method.name, str(case.method.trains)): case
            for case in product(models, [self.task], methods)
        }
        if len(found) > 1:
            return found
        why = dict.fromkeys(
            reason for model in models for method in methods if (reason := why_no_case(model, self.task, method))
        )
        told = f": {'; '.join(list(why)[:3])}" if why and not found else ""
        raise UsageError(
            f"expected two candidates or more to choose from, got {len(found)} "
            f"({', '.join(map(str, found)) or 'none'}){told}; "
            f"name more with --model or --method, or take ptmbench run"
        )


def check_demands(demands: Demands, models: Sequence[ModelSpec] = ()) -> None:
    """Raises `UsageError` with everything in the demands that makes no sense; licences are those of all models."""
    found = demands.faults([model.licence for model in (*ALL_MODELS, *models)])
    if found:
        raise UsageError("; ".join(found))


@dataclass(slots=True)
class Recommender:
    """Answers a question in a folder; `told` is handed a line for every step, `earlier` are records on other data."""

    question: Question
    settings: RunSettings
    folder: Path
    told: Told
    facts: Evidence = field(default_factory=evidence)
    earlier: Sequence[Record] = ()
    rejected: list[Rejected] = field(default_factory=list)
    interrupted: bool = False

    def decide(self) -> Decision:
        """The answer, written beside its records; on Ctrl-C the best so far.

        Raises:
            UsageError: Nothing can be decided: fewer than two candidates, limits that no model keeps, faulty data, a
                budget too small for any answer.
            StoreError: The folder cannot be used.
        """
        check_demands(self.question.demands, self.question.models)
        cases = self.question.cases()
        rehearsals = Rehearsals(cases, on_validation(self.question.task), self.settings, self.folder, self.told)
        try:
            return self._decided(cases, rehearsals)
        finally:
            rehearsals.close()

    def _decided(self, cases: dict[Candidate, Case], rehearsals: Rehearsals) -> Decision:
        known = self.facts.of_kind(self.question.task.kind).without(self.question.task.dataset)
        within = self._within_limits(cases, rehearsals)
        scores, spent_s = self._scores(within, rehearsals)
        models = tuple(dict.fromkeys(candidate.model for candidate in within))
        elsewhere = self._elsewhere(known)
        entrants = Entrants(tuple(within), scores, elsewhere.static_ranks(models))
        everything_s = sum(rehearsals.full_s(candidate) for candidate in within)
        plan = replace(self.question.demands.plan, limit_s=self.question.demands.limit_s(everything_s))
        race = Race(entrants, plan, calibration_of(known), rehearsals, self.told, spent_s)
        tests = dict[Candidate, Tested]()
        static = static_pick(entrants, elsewhere, self.question.task.shots is not None)
        try:
            race.run()
            if beats_chance(list(race.rehearsals.values()), rehearsals.chance):
                tests = self._tested([pick for pick in (race.leader, static) if pick is not None], rehearsals, race)
        except KeyboardInterrupt:
            self.interrupted = True
            self.told("interrupted: this is the best answer so far; the same command goes on from here")
        if race.rehearsals:  # which have told how fast cases run here
            everything_s = sum(rehearsals.full_s(candidate) for candidate in within)
        found = decision_of(
            race,
            known,
            rehearsals,
            static=static,
            tests=tests,
            finished=not self.interrupted,
            everything_s=everything_s,
            rejected=self.rejected,
            task=self.question.task.name,
        )
        write_atomically(self.folder / DECISION, decision_text(found).encode())
        return found

    def _elsewhere(self, known: Evidence) -> Evidence:
        """What is known of the models on other data sets: what ships, what a user named, and published tables."""
        dataset = self.question.task.dataset
        return together(
            known, of_records(self.earlier, dataset), of_tables(self.question.models, published_tables(), dataset)
        )

    def _within_limits(self, cases: Mapping[Candidate, Case], rehearsals: Rehearsals) -> dict[Candidate, Case]:
        """The candidates that keep all limits; raises `UsageError` where none does."""
        limits = self.question.demands.limits
        first = {case.model.name: case for case in reversed([*cases.values()])}
        missed: dict[str, list[Miss]] = {}
        for name, case in first.items():
            facts = ModelCost(case.model.licence)
            if limits.measured:
                self.told(f"measuring {name}")
                try:
                    facts = _measured(
                        rehearsals.session(Stage.QUICK).bench, replace(case, task=rehearsals.scored), limits
                    )
                except WeightsError as error:
                    self.rejected.append(Rejected(model=name, method=None, reason=f"not loaded: {error}"))
                    missed[name] = [Miss(f"not loaded: {error}", float("inf"))]
                    continue
            found = misses(facts, replace(limits, train_s=None))
            if found:
                missed[name] = found
                self.rejected.append(Rejected(model=name, method=None, reason="; ".join(miss.reason for miss in found)))
        kept = {candidate: case for candidate, case in cases.items() if candidate.model not in missed}
        if not kept:
            raise UsageError(none_left(missed))
        return kept if limits.train_s is None else self._within_training(kept, rehearsals, limits)

    def _within_training(
        self, cases: dict[Candidate, Case], rehearsals: Rehearsals, limits: Limits
    ) -> dict[Candidate, Case]:
        """The candidates whose training in full takes no longer than it may, as far as a forecast knows."""
        missed: dict[str, list[Miss]] = {}
        for candidate, case in cases.items():
            facts = ModelCost(case.model.licence, train_s=rehearsals.full_s(candidate))
            found = misses(facts, Limits(train_s=limits.train_s))
            if found:
                missed[str(candidate)] = found
                reason = "; ".join(miss.reason for miss in found)
                self.rejected.append(Rejected(model=candidate.model, method=candidate.method, reason=reason))
        kept = {candidate: case for candidate, case in cases.items() if str(candidate) not in missed}
        if not kept:
            raise UsageError(none_left(missed))
        return kept

    def _scores(self, cases: Mapping[Candidate, Case], rehearsals: Rehearsals) -> tuple[dict[str, float | None], float]:
        """The deciding score of each model with the seconds of all, kept on disk for a run that goes on."""
        from ptmbench.engine.transfer.transfer_scores import transfer_scores

        path = self.folder / SCORES
        kept = _kept_scores(path)
        first = {case.model.name: case for case in reversed([*cases.values()])}
        found: dict[str, float | None] = {}
        seconds = 0.0
        if self.question.task.kind.dense:
            return dict.fromkeys(first), 0.0
        session = rehearsals.session(Stage.QUICK)
        self.told(f"scores: {len(first)} models")
        for name, case in first.items():
            scored = replace(case, task=rehearsals.scored)
            key = session.bench.task_data(scored).sha256 + scored.model.reference  # faulty data ends all of it here
            if key not in kept:
                try:
                    values, elapsed = transfer_scores(session.bench, scored)
                except PtmbenchError as error:  # the model's alone; its cases will say so too, in records
                    self.told(f"  {name}: {error}")
                    values, elapsed = {DECIDES: None}, 0.0
                kept[key] = {"score": values[DECIDES], "seconds": elapsed}
                write_atomically(path, json.dumps(kept, indent=1).encode())
            found[name] = kept[key]["score"]
            seconds += kept[key]["seconds"] or 0.0
        return found, seconds

    def _tested(self, picks: Sequence[Candidate], rehearsals: Rehearsals, race: Race) -> dict[Candidate, Tested]:
        """The picks on the test part, which is read here and nowhere else, as far as the limit goes."""
        found = {}
        for candidate in dict.fromkeys(picks):
            if not race.within_limit(candidate):
                self.told(f"not tested, since the limit leaves no time for it: {candidate}")
                continue
            self.told(f"test part, once: {candidate}")
            for tested, record in rehearsals.tested([candidate]):
                race.spent_s += record.provenance.duration_s
                if record.quality is not None:
                    found[tested] = _test_of(record)
        return found


def _test_of(record: Record) -> Tested:
    quality = record.quality
    if quality is None:
        raise TypeError(f"{record.case.id} is {record.status}: expected a record that is ok")
    return Tested(case=record.case.id, value=quality.value, interval95=quality.interval95)


def _kept_scores(path: Path) -> dict[str, dict[str, float | None]]:
    """The scores of an earlier run into the same folder; none where there are none that can be read."""
    try:
        found = json_of(text_of(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _measured(bench: Workbench, case: Case, limits: Limits) -> ModelCost:
    """What the case's model costs on this machine at the task's input shape; of a busy machine no latency is told."""
    from ptmbench.running.work import time_network

    footprint = bench.footprint(case)
    memory = footprint.inference_bytes
    p95 = None
    if limits.latency_p95_s is not None:
        timing = time_network(bench, case, bench.task_data(case).classes, bench.encoded(case).shape)
        if isinstance(timing.latency, LatencySamples) and (timing.latency.waited or 0.0) <= BUSY:
            p95 = float(np.percentile(timing.latency.samples, 95))
    return ModelCost(case.model.licence, p95, footprint.size_bytes, None if isinstance(memory, Missing) else memory)
