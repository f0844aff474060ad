"""The race: which candidates are rehearsed, for how long, and which are dropped on the way.

One procedure decides on a user's data and is checked on records: where rehearsals come from is for `Source` to know.
First come all methods of a short list of models, the trained ones for a few steps; then the best trained ones at full
length. A candidate is dropped where its prediction lies below the leader's by more than chance explains, with the
chance of a wrong drop spread over rounds and pairs (Bonferroni).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from scipy.special import ndtr

from ptmbench.errors import UsageError
from ptmbench.recommendation.calibration import Calibration, Prediction
from ptmbench.recommendation.evidence import Evidence, TaskFacts
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Source, Stage, paired_variance
from ptmbench.statistics.transferability import DECIDES

ROUNDS: Final = 2
ALPHA: Final = 0.05  # the chance that the best of all is dropped anywhere
REACHES: Final = 0.25  # a chance below it of lying above the leader is not worth a training at full length
MIDDLE: Final = 0.5  # the place, as a share of all, of a model of which nothing is known
LEAST_CONFIDENCE: Final = 0.5
MOST_LISTED: Final = 1000
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How far the race goes: models on the short list, trainings at full length, and seconds at most.

    `within` is by how much of the metric another candidate may be better, `confidence` how sure intervals are.
    """

    shortlist: int = 3
    finalists: int = 2
    limit_s: float | None = None
    within: float = 0.01
    confidence: float = 0.95

    def faults(self) -> list[str]:
        """A line for each number that makes no sense; whatever a user gave in place of one is shown."""
        found = []
        if not (isinstance(self.within, float) and 0 <= self.within < 1):
            found.append(f"expected points of the metric from 0 to below 100 for `within`, got {_points(self.within)}")
        if not (isinstance(self.confidence, float) and LEAST_CONFIDENCE <= self.confidence < 1):
            found.append(
                f"expected a confidence from {LEAST_CONFIDENCE} to below 1, such as 0.95, got {self.confidence}"
            )
        if not (isinstance(self.shortlist, int) and 1 <= self.shortlist <= MOST_LISTED):
            found.append(f"expected a short list of 1 to {MOST_LISTED:,} models, got {self.shortlist}")
        return found


def _points(share: object) -> object:
    return f"{100 * share:g}" if isinstance(share, float) else repr(share)


@dataclass(frozen=True, slots=True)
class Entrants:
    """What is known before the race: candidates, the score of each model, and its mean rank on other data sets."""

    candidates: tuple[Candidate, ...]
    scores: Mapping[str, float | None]
    static: Mapping[str, float]

    @classmethod
    def of_task(cls, evidence: Evidence, task: TaskFacts, candidates: Sequence[Candidate]) -> "Entrants":
        """The entrants of a task of the evidence, as if it were unknown: evidence is of other data sets."""
        models = tuple(dict.fromkeys(candidate.model for candidate in candidates))
        scores = {model: task.scores.get(model, {}).get(DECIDES) for model in models}
        return cls(tuple(candidates), scores, evidence.static_ranks(models))

    @property
    def models(self) -> tuple[str, ...]:
        """All models, each once."""
        return tuple(dict.fromkeys(candidate.model for candidate in self.candidates))

    @property
    def static_leader(self) -> str | None:
        """The model that was best elsewhere; None where nothing is known of any."""
        return min(self.static, key=lambda model: (self.static[model], model)) if self.static else None

    def order(self) -> tuple[str, ...]:
        """The models by the mean of two places: by their scores, and by what they did on other data sets.

        A model that is known from one side only takes that place for both; one of which nothing is known, the middle.
        """
        scored = {model: score for model, score in self.scores.items() if score is not None}
        by_score = _places(scored, rising=False)
        by_static = _places(self.static, rising=True)

        def mean_place(model: str) -> float:
            found = [places[model] for places in (by_score, by_static) if model in places] or [MIDDLE]
            return fmean(found)

        return tuple(sorted(self.models, key=lambda model: (mean_place(model), model)))

    def shortlist(self, count: int) -> tuple[str, ...]:
        """The first models of that order, and the static leader whatever its place."""
        first = self.order()[:count]
        leader = self.static_leader
        return first if leader is None or leader in first else (*first, leader)

    def of_models(self, models: Sequence[str]) -> tuple[Candidate, ...]:
        """The candidates of some models."""
        return tuple(candidate for candidate in self.candidates if candidate.model in models)


def _places(values: Mapping[str, float], *, rising: bool) -> dict[str, float]:
    """The place of each model in the order of some values, as a share of all; equal values share a place."""
    found = sorted(values.values(), reverse=not rising)
    count = max(len(found), 1)
    return {model: (found.index(value) + 1 + (found.count(value) - 1) / 2) / count for model, value in values.items()}


@dataclass(slots=True)
class Race:
    """What has been seen so far, who is out and why, and the seconds of it all."""

    entrants: Entrants
    plan: Plan
    calibration: Calibration
    source: Source
    told: Told = lambda _line: None
    spent_s: float = 0.0
    rehearsals: dict[Candidate, Rehearsal] = field(default_factory=dict)
    dropped: dict[Candidate, str] = field(default_factory=dict)
    cut_short: bool = False
    _listed: tuple[Candidate, ...] = ()
    _keeps_back: bool = True

    @property
    def running(self) -> tuple[Candidate, ...]:
        """Who has been rehearsed and is not out, the best prediction first; of equals who trains nothing.

        One frozen backbone can serve many tasks, and costs less to adapt.
        """
        left = [candidate for candidate in self.rehearsals if candidate not in self.dropped]

        def place(candidate: Candidate) -> tuple[float, bool, str]:
            return -round(self.prediction(candidate).logit, 6), not candidate.frozen, str(candidate)

        return tuple(sorted(left, key=place))

    @property
    def leader(self) -> Candidate | None:
        """The best so far."""
        return next(iter(self.running), None)

    def prediction(self, candidate: Candidate) -> Prediction:
        """What the last rehearsal of a candidate tells of full training."""
        return self.calibration.predict(candidate, self.rehearsals[candidate])

    def run(self) -> None:
        """All rounds; whatever ends them early leaves what has been seen."""
        models = self._affordable()
        for model in self.entrants.models:
            if model not in models:
                for candidate in self.entrants.of_models([model]):
                    self.dropped[candidate] = self._why_not_listed(model, models)
        self._listed = self.entrants.of_models(models)
        self._round("probes", [candidate for candidate in self._listed if candidate.frozen], Stage.QUICK)
        self._round("short trainings", [candidate for candidate in self._listed if not candidate.frozen], Stage.QUICK)
        self._drop()
        self._round("full trainings", self._finalists(), Stage.SINGLE)
        self._drop()

    def _affordable(self) -> tuple[str, ...]:
        """The longest short list whose first round and one test the limit allows, or the first model as far as it goes.

        Raises:
            UsageError: The limit does not allow a single rehearsal of it.
        """
        limit, first = self.plan.limit_s, self.entrants.order()[0]
        for count in range(self.plan.shortlist, 0, -1):
            models = self.entrants.shortlist(count)
            own = self.entrants.of_models(models)
            if limit is None or self.spent_s + self._expected_s(own) + self._test_s(own) <= limit:
                return models
        least = min(self._expected_s([candidate]) for candidate in self.entrants.of_models([first]))
        if limit is None or self.spent_s + least <= limit:
            self._keeps_back = False  # an answer without a test is better than none
            return (first,)
        raise UsageError(
            f"the budget is too small for any answer: the scores and the shortest rehearsal of {first} take about "
            f"{self.spent_s + least:.3g} s, and {limit:.3g} s are allowed; raise --time or --budget-share"
        )

    def _expected_s(self, candidates: Sequence[Candidate], stage: Stage = Stage.QUICK) -> float:
        return sum(self.source.expected_s(candidate, stage) for candidate in candidates)

    def _test_s(self, candidates: Sequence[Candidate]) -> float:
        """Seconds that the test of any of these may take: one training at full length, and what it is scored on."""
        return max((self.source.expected_s(candidate, Stage.SINGLE) for candidate in candidates), default=0.0)

    def _kept_back_s(self) -> float:
        """Seconds kept back for the test of the pick: of the leader, once trainings were seen that may become it."""
        if not self._keeps_back:
            return 0.0
        leader = self.leader
        seen = all(candidate.frozen for candidate in self._listed) or any(
            not candidate.frozen for candidate in self.rehearsals
        )
        return self._test_s([leader] if seen and leader is not None else self._listed)

    def within_limit(self, candidate: Candidate) -> bool:
        """Whether the limit has seconds left for the test of a candidate."""
        return self.plan.limit_s is None or self.spent_s + self._test_s([candidate]) <= self.plan.limit_s

    def _round(self, name: str, candidates: Sequence[Candidate], stage: Stage) -> None:
        """Rehearses candidates, as far as the limit goes, and keeps what was seen."""
        affordable = self._affordable_of(candidates, stage)
        if not affordable:
            return
        self.told(f"{name}: {len(affordable)} of {len(self.entrants.candidates)} candidates{self._so_far()}")
        for candidate, rehearsal in self.source.rehearse(affordable, stage):
            self.rehearsals[candidate] = rehearsal
            self.spent_s += rehearsal.seconds
        for candidate in affordable:
            if candidate not in self.rehearsals:
                self.dropped[candidate] = "its case did not finish: see its record"

    def _so_far(self) -> str:
        """The leader, and what has been spent, of the limit where there is one."""
        limit = self.plan.limit_s
        best = "" if self.leader is None else f"; best so far {self.leader}"
        share = "" if limit is None else f", {100 * self.spent_s / limit:.0f} % of the limit"
        return f"{best}; {self.spent_s:.0f} s spent{share}"

    def _affordable_of(self, candidates: Sequence[Candidate], stage: Stage) -> list[Candidate]:
        """The candidates that the limit has seconds for, in their order, when the pick is to be tested too."""
        if self.plan.limit_s is None:
            return list(candidates)
        kept, left = [], self.plan.limit_s - self.spent_s - self._kept_back_s()
        for candidate in candidates:
            expected = self.source.expected_s(candidate, stage)
            if expected > left:
                self.cut_short = True
                continue
            left -= expected
            kept.append(candidate)
        return kept

    def _finalists(self) -> list[Candidate]:
        """The best trained candidates that may turn out above the leader, and the leader to see how far it gets."""
        leader, found = self.leader, []
        for candidate in self.running:
            near = candidate == leader or self._chance(candidate) >= REACHES
            if near and not candidate.frozen:
                found.append(candidate)
        return found[: self.plan.finalists]

    def _chance(self, candidate: Candidate) -> float:
        """The probability that a candidate, trained in full, lies above the leader."""
        leader = self.leader
        return 0.5 if leader is None else chance_above(self.prediction(candidate), self.prediction(leader))

    def _drop(self) -> None:
        """Drops who lies below the leader by more than chance explains."""
        leader = self.leader
        if leader is None:
            return
        alpha = ALPHA / ROUNDS / max(len(self.entrants.candidates) - 1, 1)
        for candidate in self.running[1:]:
            if self._chance(candidate) < alpha:
                self.dropped[candidate] = (
                    f"on validation {100 * self.rehearsals[candidate].value:.1f} % "
                    f"({self.rehearsals[candidate].stage}), surely below {leader}"
                )

    def _why_not_listed(self, model: str, models: Sequence[str]) -> str:
        """Why a model did not come on the short list."""
        order = self.entrants.order()
        sides = ["scores"] if self.entrants.scores.get(model) is not None else []
        sides += ["earlier records"] if model in self.entrants.static else []
        told = " and ".join(sides) or "nothing known of it"
        return f"place {order.index(model) + 1} of {len(order)} by {told}: not on the short list of {len(models)}"


def chance_above(first: Prediction, second: Prediction, margin: float = 0.0) -> float:
    """The probability that the first candidate, trained in full, lies above the second by more than a margin.

    Args:
        first: A prediction.
        second: The other one.
        margin: Of the metric; turned into logits at the second.

    Returns:
        Under normal errors: of the two translations, and of the validation examples, paired where they can be.
    """
    of_examples = paired_variance(first.rehearsal, second.rehearsal, (first.slope, second.slope))
    deviation = (of_examples + first.deviation**2 + second.deviation**2) ** 0.5
    return float(ndtr((first.logit - second.logit - margin * second.rehearsal.steepness) / deviation))
