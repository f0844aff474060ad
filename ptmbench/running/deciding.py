"""From a race to a decision: what is written down, told and shown."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import Case, TaskSpec
from ptmbench.errors import UsageError
from ptmbench.recommendation.answer import Recommendation, answer_of, beats_chance
from ptmbench.recommendation.evidence import Evidence
from ptmbench.recommendation.race import Plan, Race
from ptmbench.recommendation.rehearsals import Candidate, share
from ptmbench.recommendation.replay import Checked, check
from ptmbench.records.case_record import FULL
from ptmbench.records.decision import Decision, Picked, Promise, Rejected, Scored, Seen, Spent, Tested
from ptmbench.records.hidden_paths import shown_reference
from ptmbench.running.rehearsing import Rehearsals

NO_BETTER = (
    "nothing beats chance: the best candidate reaches {best:.1f} % on {examples} validation examples, and a constant "
    "answer {chance:.1f} %; look at the labels (ptmbench check), or bring more of them"
)
NOTHING_SEEN = "nothing was rehearsed: the run ended before the first candidate did, or none of their cases finished"


def decision_of(
    race: Race,
    known: Evidence,
    rehearsals: Rehearsals,
    *,
    static: Candidate | None,
    tests: Mapping[Candidate, Tested],
    finished: bool,
    everything_s: float,
    rejected: Sequence[Rejected],
    task: str,
) -> Decision:
    """The decision as it stands.

    Args:
        race: As far as it has come.
        known: Evidence of other data sets.
        rehearsals: What the records told of the task.
        static: What a static ranking takes.
        tests: What the picks reached on the test part.
        finished: Whether nothing was cut short by Ctrl-C.
        everything_s: Seconds that training everything in full would take.
        rejected: Whom the limits have dropped.
        task: The task's name.

    Returns:
        All of it.
    """
    found = answer_of(race, known)
    sure = beats_chance(list(race.rehearsals.values()), rehearsals.chance)
    note = None if found is not None and sure else _note(race, rehearsals)
    pick = found if note is None else None
    spent = race.spent_s
    return Decision(
        task=task,
        metric=rehearsals.metric,
        validation_examples=rehearsals.examples,
        finished=finished and not race.cut_short,
        note=note,
        confidence=race.plan.confidence,
        within=race.plan.within,
        pick=None if pick is None else _picked(pick.pick, tests, pick),
        static_pick=None if static is None else _picked(static, tests),
        tied=[_seen(race, candidate) for candidate in (pick.tied if pick else ())],
        behind=[_seen(race, candidate) for candidate in (pick.behind if pick else race.running)],
        rejected=[*rejected, *_dropped(race)],
        scored=_scored(race),
        chance_of_better=None if pick is None else round(pick.chance_of_better, 4),
        cost=Spent(seconds=spent, share=spent / everything_s if everything_s else None, everything_s=everything_s),
        promise=promise_of(known, race.plan, everything_s),
        command=None if pick is None else command_of(rehearsals.cases[pick.pick]),
    )


def command_of(case: Case) -> str:
    """What runs a case at the budget `standard`; folders are shown as records show them."""
    model, here = case.model, Path.cwd()
    named = model.name if model.embedded or any(known.name == model.name for known in ALL_MODELS) else model.reference
    words = ["--model", shown_reference(named, here), "--task", shown_reference(typed_task(case.task), here)]
    return shlex.join(["ptmbench", "run", *words, "--method", case.method.name, "--budget", "standard"])


def typed_task(task: TaskSpec) -> str:
    """What is typed for a task: its name in the catalog, else its reference with its shots."""
    reference = parse(task.dataset)
    if not reference.scheme and not reference.options:
        return task.name
    if not reference.scheme:
        reference = Reference("", f"{reference.name}_full", reference.options)
    return str(reference if task.shots is None else reference.having("shots", str(task.shots)))


def _note(race: Race, rehearsals: Rehearsals) -> str:
    if not race.rehearsals:
        return NOTHING_SEEN
    best = max(rehearsal.value for rehearsal in race.rehearsals.values())
    return NO_BETTER.format(best=100 * best, examples=rehearsals.examples, chance=100 * rehearsals.chance)


def _picked(candidate: Candidate, tests: Mapping[Candidate, Tested], answer: Recommendation | None = None) -> Picked:
    return Picked(
        model=candidate.model,
        method=candidate.method,
        variant=FULL,
        quality=None if answer is None else answer.quality,
        interval=None if answer is None else answer.interval,
        test=tests.get(candidate),
    )


def _seen(race: Race, candidate: Candidate) -> Seen:
    rehearsal = race.rehearsals[candidate]
    return Seen(
        model=candidate.model,
        method=candidate.method,
        stage=rehearsal.stage,
        validation=rehearsal.value,
        quality=share(race.prediction(candidate).logit),
    )


def _dropped(race: Race) -> list[Rejected]:
    """Who was left behind; a model with all its methods once."""
    found: list[Rejected] = []
    for model in race.entrants.models:
        own = {candidate: race.dropped[candidate] for candidate in race.entrants.of_models([model])
               if candidate in race.dropped}  # fmt: skip
        if len(set(own.values())) == 1 and len(own) == len(race.entrants.of_models([model])):
            found.append(Rejected(model=model, method=None, reason=next(iter(own.values()))))
        else:
            found += [Rejected(model=model, method=one.method, reason=reason) for one, reason in own.items()]
    return found


def _scored(race: Race) -> list[Scored]:
    seen = {candidate.model for candidate in race.rehearsals}
    return [
        Scored(
            model=model,
            score=race.entrants.scores.get(model),
            static_rank=race.entrants.static.get(model),
            listed=model in seen,
        )
        for model in race.entrants.order()
    ]


def promise_of(known: Evidence, plan: Plan, everything_s: float) -> Promise | None:
    """How the same procedure fared on the evidence, each data set left out in turn, for the same share of the cost.

    Args:
        known: Evidence of other data sets.
        plan: That of the decision.
        everything_s: Seconds that training everything in full takes.

    Returns:
        Its figures; None without evidence, or where so small a share gave no answer there.
    """
    share_of_all = min(plan.limit_s / everything_s, 1.0) if plan.limit_s and everything_s else None
    try:
        found = check(known, plan, share_of_all)
    except UsageError:
        return None
    return promise_from(found) if found else None


def promise_from(found: Sequence[Checked]) -> Promise:
    """The figures of a check in short."""
    count = len(found)
    return Promise(
        data_sets=len({one.dataset for one in found}),
        tasks=count,
        regret=sum(one.regret for one in found) / count,
        worst=max(one.regret for one in found),
        static_regret=sum(one.static_regret for one in found) / count,
        covered=sum(one.covered for one in found) / count,
    )
