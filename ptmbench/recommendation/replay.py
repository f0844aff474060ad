"""The check: the very same procedure on records, as if each data set were unknown, beside a static ranking and chance.

Of the data set that is asked about nothing is read but the rehearsals that the procedure pays for. What other data sets
tell calibrates it, and what full training reached on the test part says afterwards how good the pick was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ptmbench.recommendation.answer import answer_of
from ptmbench.recommendation.calibration import calibration_of
from ptmbench.recommendation.evidence import Evidence, Row, TaskFacts
from ptmbench.recommendation.published import TransferTable
from ptmbench.recommendation.race import Entrants, Plan, Race
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage
from ptmbench.recommendation.static_ranking import kendall_tau, regret, static_order


@dataclass(frozen=True, slots=True)
class Recorded:
    """Rehearsals from the rows of a task."""

    rows: Mapping[Candidate, Row]

    def rehearse(self, candidates: Sequence[Candidate], stage: Stage) -> Iterator[tuple[Candidate, Rehearsal]]:
        """The recorded rehearsals."""
        for candidate in candidates:
            yield candidate, self.rows[candidate].rehearsal(stage)

    def expected_s(self, candidate: Candidate, stage: Stage) -> float:
        """The seconds that the rehearsal took."""
        return self.rows[candidate].rehearsal(stage).seconds


@dataclass(frozen=True, slots=True)
class Checked:
    """What the procedure did on a task of the evidence, in shares of the metric; `static_` is what a ranking did.

    `share` is the cost of scores and rehearsals, of that of training everything; `share_with_test` holds the trainings
    of the picks that are tested, too, as far as the limit goes; `tested` says whether it went as far as the pick's.
    `tau` are of the scores and of the static ranking, over models. `covered`: whether the pick's interval held what it
    reached. `better`: whether any candidate was better by more than the margin, of which the chance was said to be
    `chance_of_better`.
    """

    task: str
    dataset: str
    modality: str
    pick: Candidate
    regret: float
    regret_at_3: float
    static_regret: float
    static_regret_at_3: float
    chance_regret: float
    share: float
    share_with_test: float
    tested: bool
    tau: float | None
    static_tau: float | None
    covered: bool
    width: float
    better: bool
    chance_of_better: float


def check(evidence: Evidence, plan: Plan, budget_share: float | None = None) -> list[Checked]:
    """The procedure on every task of the evidence, each data set left out in turn.

    Args:
        evidence: All of it.
        plan: How far a race goes.
        budget_share: What it may cost, as a share of training everything in full; None: what the plan takes.

    Returns:
        One entry a task.
    """
    found = []
    for facts in evidence.tasks.values():
        others = evidence.of_modality(facts.modality).without(facts.dataset)
        if others.rows:
            found.append(_checked(evidence.of_task(facts.name), facts, others, plan, budget_share))
    return found


def _checked(
    rows: Sequence[Row], facts: TaskFacts, others: Evidence, plan: Plan, budget_share: float | None
) -> Checked:
    by_candidate = {row.candidate: row for row in rows}
    brute = sum(row.full_s for row in rows)
    entrants = Entrants.of_task(others, facts, tuple(by_candidate))
    limit = None if budget_share is None else budget_share * brute
    race = Race(
        entrants, replace(plan, limit_s=limit), calibration_of(others), Recorded(by_candidate), told=lambda _line: None
    )
    race.spent_s = sum(facts.scores_s.values())
    race.run()
    answer = answer_of(race, others)
    if answer is None:
        raise ValueError(f"the evidence of {facts.name} holds no rehearsal")
    full = {row.candidate: row.full for row in rows}
    best, margin = max(full.values()), plan.within
    static = static_pick(entrants, others, facts.few_shot)
    raced_s, tested = race.spent_s, set[Candidate]()
    for pick in dict.fromkeys(each for each in (answer.pick, static) if each is not None):
        if race.within_limit(pick):
            race.spent_s += by_candidate[pick].rehearsal(Stage.SINGLE).seconds
            tested.add(pick)
    order = race.running[:3]
    leaders = [max(value for candidate, value in full.items() if candidate.model == model) for model in entrants.models]
    scores = [entrants.scores[model] for model in entrants.models]
    reached = full[answer.pick]
    return Checked(
        facts.name,
        facts.dataset,
        facts.modality,
        answer.pick,
        regret=best - reached,
        regret_at_3=best - max(full[candidate] for candidate in order),
        static_regret=best - full[static] if static else best - float(np.mean(list(full.values()))),
        static_regret_at_3=best - _best_of_static(entrants, full, 3),
        chance_regret=best - float(np.mean(list(full.values()))),
        share=raced_s / brute,
        share_with_test=race.spent_s / brute,
        tested=answer.pick in tested,
        tau=None if None in scores else kendall_tau([score or 0.0 for score in scores], leaders),
        static_tau=kendall_tau([-entrants.static.get(model, 0.0) for model in entrants.models], leaders),
        covered=answer.interval is None or answer.interval[0] <= reached <= answer.interval[1],
        width=1.0 if answer.interval is None else answer.interval[1] - answer.interval[0],
        better=any(value > reached + margin for value in full.values()),
        chance_of_better=answer.chance_of_better,
    )


def static_pick(entrants: Entrants, evidence: Evidence, few_shot: bool) -> Candidate | None:  # noqa: FBT001  one fact
    """What a static ranking takes: the model that was best elsewhere, by the method that was best with it there.

    Args:
        entrants: Who can be picked.
        evidence: Of other data sets.
        few_shot: Whether the task has few labels.

    Returns:
        A candidate; None where no model is known.
    """
    model = entrants.static_leader
    if model is None:
        return None
    own = entrants.of_models([model])
    method = evidence.static_method(model, [candidate.method for candidate in own], few_shot=few_shot)
    return next((candidate for candidate in own if candidate.method == method), None)


def _best_of_static(entrants: Entrants, full: Mapping[Candidate, float], count: int) -> float:
    """The best that any method reached with the models that were best elsewhere."""
    first = sorted(entrants.static, key=lambda model: (entrants.static[model], model))[:count]
    return max(value for candidate, value in full.items() if candidate.model in (first or entrants.models))


@dataclass(frozen=True, slots=True)
class TableCheck:
    """A published table: mean regrets, in shares, of a static ranking and of the short list trained in full."""

    name: str
    tasks: int
    models: int
    tau: float
    static_regret: float
    regret: float
    worst: float
    share: float


def check_table(table: TransferTable, shortlist: int) -> TableCheck:
    """What the part of the procedure does that needs no weights: a short list by the static ranking, then training it.

    Args:
        table: Published accuracies of fully trained models.
        shortlist: How many models are trained in full on the data set asked about.

    Returns:
        Means over its tasks, each left out in turn.
    """
    accuracy = np.array(table.accuracy)
    taus, static, listed = [], [], []
    for at in range(len(table.tasks)):
        order = static_order(accuracy, left_out=at)
        places = np.empty(len(order))
        places[list(order)] = np.arange(len(order))
        taus.append(kendall_tau(-places, accuracy[at]))
        static.append(regret(accuracy[at], order, 1))
        listed.append(regret(accuracy[at], order, shortlist))
    return TableCheck(
        table.name,
        len(table.tasks),
        len(table.models),
        float(np.mean([tau for tau in taus if tau is not None])),
        float(np.mean(static)),
        float(np.mean(listed)),
        float(np.max(listed)),
        min(shortlist / len(table.models), 1.0),
    )


@dataclass(frozen=True, slots=True)
class ScoreCheck:
    """How a score, or the static ranking, orders the models of a modality: means over tasks, regrets in shares."""

    modality: str
    name: str
    tau: float
    regret: float
    regret_at_3: float
    below_static: bool
    static: bool = False


def check_scores(evidence: Evidence) -> list[ScoreCheck]:
    """Every score that the evidence holds, and the static ranking, against the best of all methods in full.

    Args:
        evidence: All of it.

    Returns:
        The static ranking of each modality, then its scores; those that most tasks lack are left out.
    """
    found = []
    for modality in dict.fromkeys(task.modality for task in evidence.tasks.values()):
        own = evidence.of_modality(modality)
        static = _ordered(own, modality, None)
        names = dict.fromkeys(name for task in own.tasks.values() for score in task.scores.values() for name in score)
        scores = [_ordered(own, modality, name) for name in names]
        found += [static, *(replace(one, below_static=one.tau < static.tau) for one in scores)]
    return found


def _ordered(evidence: Evidence, modality: str, name: str | None) -> ScoreCheck:
    """The order by one score; None: by the static ranking of the other data sets."""
    taus, regrets, of_three = [], [], []
    for task, facts in evidence.tasks.items():
        rows = evidence.of_task(task)
        models = tuple(dict.fromkeys(row.candidate.model for row in rows))
        full = np.array([max(row.full for row in rows if row.candidate.model == model) for model in models])
        if name is None:
            ranks = evidence.without(facts.dataset).static_ranks(models)
            values = [-ranks[model] if model in ranks else None for model in models]
        else:
            values = [facts.scores.get(model, {}).get(name) for model in models]
        if None in values:
            continue
        numbers = np.array(values, dtype=float)
        order = np.argsort(-numbers, kind="stable").tolist()
        found = kendall_tau(numbers, full)
        taus += [] if found is None else [found]
        regrets.append(regret(full, order, 1))
        of_three.append(regret(full, order, 3))
    tau, first, three = (float(np.mean(each)) if each else float("nan") for each in (taus, regrets, of_three))
    return ScoreCheck(modality, name or "static ranking", tau, first, three, below_static=False, static=name is None)
