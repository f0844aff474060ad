"""The answer: who is picked, who cannot be told apart, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from ptmbench.recommendation.calibration import calibration_of
from ptmbench.recommendation.evidence import Evidence
from ptmbench.recommendation.race import Entrants, Race, chance_above
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage, clipped, logit, paired_variance, share

DRAWS: Final = 20_000
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a race comes to; `tied` cannot be told apart from the pick, `behind` can, the best prediction first.

    `quality` is what the pick is expected to reach in full on test examples, within `interval`; None where too few
    errors are known for the confidence asked for. `chance_of_better` is the probability that any other candidate is
    better by more than the plan's margin.
    """

    pick: Candidate
    quality: float
    interval: Interval | None
    tied: tuple[Candidate, ...]
    behind: tuple[Candidate, ...]
    chance_of_better: float


def answer_of(race: Race, evidence: Evidence) -> Recommendation | None:
    """The answer that a race gives now; None where nothing has been seen.

    Args:
        race: As far as it has come.
        evidence: Of other data sets.

    Returns:
        The answer.
    """
    running = race.running
    if not running:
        return None
    pick, others = running[0], running[1:]
    apart = (1 - race.plan.confidence) / max(len(race.entrants.candidates) - 1, 1)
    best = race.prediction(pick)
    tied = tuple(other for other in others if chance_above(race.prediction(other), best) >= apart)
    errors = errors_of(evidence)
    reach = conformal(errors, race.plan.confidence)
    return Recommendation(
        pick,
        share(best.logit),
        (share(best.logit - reach), share(best.logit + reach)) if math.isfinite(reach) else None,
        tied,
        tuple(other for other in others if other not in tied),
        _chance_of_better(race, others, evidence),
    )


def _chance_of_better(race: Race, others: Sequence[Candidate], evidence: Evidence) -> float:
    """The probability that a candidate in the race, or a model that was not, is better than the pick by the margin."""
    best = race.prediction(race.running[0])
    rng = np.random.default_rng(0)
    margin = race.plan.within * best.rehearsal.steepness
    pick = best.logit + best.deviation * rng.standard_normal(DRAWS)
    better = np.zeros(DRAWS, dtype=bool)
    for other in others:
        found = race.prediction(other)
        # the examples' part of the difference is laid to the other one: paired, it is the difference's
        spread = math.sqrt(max(_spread(race, other, race.running[0]), 0.0))
        better |= found.logit + spread * rng.standard_normal(DRAWS) > pick + margin
    seen = {candidate.model for candidate in race.rehearsals}
    unseen = [model for model in race.entrants.models if model not in seen]
    return 1 - (1 - float(better.mean())) * (1 - _missed(evidence, len(seen), race.plan.within) * bool(unseen))


def _spread(race: Race, other: Candidate, pick: Candidate) -> float:
    """The variance of another candidate's prediction against the pick's, the pick's own translation left out."""
    first, second = race.prediction(other), race.prediction(pick)
    return paired_variance(first.rehearsal, second.rehearsal, (first.slope, second.slope)) + first.deviation**2


def _missed(evidence: Evidence, listed: int, within: float) -> float:
    """How often, on the tasks of the evidence, a model outside such a short list was better by more than the margin."""
    missed, asked = 0, 0
    for task, facts in evidence.tasks.items():
        rows = evidence.of_task(task)
        entrants = Entrants.of_task(evidence.without(facts.dataset), facts, [row.candidate for row in rows])
        inside = entrants.shortlist(listed)[:listed] if listed else ()
        best = {side: [row.full for row in rows if (row.candidate.model in inside) == side] for side in (True, False)}
        if best[True] and best[False]:
            asked += 1
            missed += max(best[False]) - max(best[True]) > within
    return (missed + 1) / (asked + 2)


def errors_of(evidence: Evidence) -> list[float]:
    """How far, in logits, predictions of likely picks lay from the truth on each task, other data sets teaching them.

    Of each task the three best predictions count: picks are taken from among such, and lie higher than they should.
    """
    found = []
    for dataset in evidence.data_sets:
        lines = calibration_of(evidence.without(dataset))
        for task, facts in evidence.tasks.items():
            if facts.dataset != dataset:
                continue
            predicted = [
                (lines.predict(row.candidate, row.rehearsal(Stage.SINGLE)).logit, row.full)
                for row in evidence.of_task(task)
            ]
            found += [abs(logit(full) - said) for said, full in sorted(predicted, reverse=True)[:3]]
    return found


def conformal(errors: Sequence[float], confidence: float) -> float:
    """The split-conformal quantile of absolute errors (Vovk et al. 2005): infinite where there are too few."""
    place = math.ceil((len(errors) + 1) * confidence)
    return math.inf if place > len(errors) else sorted(errors)[place - 1]


def beats_chance(rehearsals: Sequence[Rehearsal], chance: float, alpha: float = 0.05) -> bool:
    """Whether the best of some rehearsals lies above a constant answer by more than chance explains.

    Args:
        rehearsals: All that were taken: the best of many lies above by chance more often than one.
        chance: What the best constant answer reaches, between 0 and 1.
        alpha: The chance of a wrong yes.

    Returns:
        True where a rehearsal's one-sided bound lies above.
    """
    quantile = float(ndtri(1 - alpha / max(len(rehearsals), 1)))
    floor = clipped(chance)
    return any(
        rehearsal.value
        > chance + quantile * max(rehearsal.deviation, (floor * (1 - floor) / max(rehearsal.examples, 1)) ** 0.5)
        for rehearsal in rehearsals
    )
