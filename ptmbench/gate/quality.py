"""Quality on the two sides: paired on the stored outcomes, case by case and pooled over all tasks of a model.

Both sides are judged on the same test examples, so what counts is on which of them they differ. One test set serves
several cases (methods, shots): pooled, their differences are added up example by example before anything is said of
their spread, so that an example counts once.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from ptmbench.gate.findings import Comparison, Tested
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Rules
from ptmbench.records.record import quality_of
from ptmbench.statistics.estimates import (
    Estimate,
    Numbers,
    Part,
    Uncertainty,
    uncertainty_of_difference,
    variance_over_examples,
)
from ptmbench.statistics.intervals import Interval, exchanged
from ptmbench.statistics.power import ByStudent

POOLED = "quality, all tasks"
TestSet = tuple[str, int, bool]  # data set, number of examples, and whether the metric is a share of them


@dataclass(frozen=True, eq=False, slots=True)
class Difference:
    """What a case lost or won: its pair, the metric's name, and the estimate of current minus baseline."""

    pair: Pair
    metric: str
    before: float
    now: float
    estimate: Estimate
    noise: float

    @property
    def test_set(self) -> TestSet:
        """Cases that share it are judged on the same examples."""
        return self.pair.baseline[0][1].case.task.dataset, self.estimate.examples, self.estimate.shares

    @property
    def of_noise(self) -> float:
        """The variance that what `ptmbench calibrate` measured gives the difference."""
        return 2 * self.noise**2 / len(self.estimate.seeds)


def difference_of(pair: Pair, rules: Rules) -> Difference:
    """The difference of the two sides' first launches; raises `RecordError` where outcomes cannot be read."""
    (folder, before), (other, now) = pair.baseline[0], pair.current[0]
    estimate = other.estimate(now, once=True).minus(folder.estimate(before, once=True))
    was, is_now = quality_of(pair.baseline[0][1]), quality_of(pair.current[0][1])
    if not was.higher_is_better:
        estimate = estimate.negated()
    noise = rules.noise[pair.case_id].quality if pair.case_id in rules.noise else 0.0
    return Difference(pair, was.metric, was.value, is_now.value, estimate, noise)


def compare_case(difference: Difference, rules: Rules) -> Tested:
    """One case against the tolerance."""
    estimate, tolerance = difference.estimate, rules.tolerance.quality
    found = _with_noise(uncertainty_of_difference(estimate), difference.of_noise)
    worse, better = _probabilities(estimate.value, found, tolerance)
    if estimate.shares:
        changes = np.rint(estimate.effects.sum(axis=0)).astype(np.int64)
        worse, better = max(worse, exchanged(changes)), max(better, exchanged(-changes))
    figures = difference.before, difference.now, estimate.value
    comparison = _comparison(difference.pair.case_id, difference.metric, figures, found, rules)
    tested = replace(comparison, p_worse=worse, p_better=better, samples=estimate.examples)
    return tested, _detector(found, tolerance, estimate.examples)


@dataclass(slots=True)
class PooledCases:
    """The differences of a model's cases, added up one by one: what each showed by itself is not kept."""

    figures: list[tuple[float, float, float]] = field(default_factory=list)  # before, now, and their difference
    of_seeds: list[tuple[TestSet, Part]] = field(default_factory=list)
    noise: list[Part] = field(default_factory=list)
    first: dict[TestSet, Estimate] = field(default_factory=dict)
    effects: dict[TestSet, Numbers] = field(default_factory=dict)

    def add(self, difference: Difference) -> None:
        """Adds what a case lost or won."""
        estimate, test_set = difference.estimate, difference.test_set
        self.figures.append((difference.before, difference.now, estimate.value))
        self.of_seeds += [(test_set, part) for part in uncertainty_of_difference(estimate).seeds]
        self.noise.append(Part(difference.of_noise, max(estimate.examples - 1, 1)))
        effects = estimate.effects.mean(axis=0)
        if test_set in self.effects:
            self.effects[test_set] += effects
        else:
            self.first[test_set], self.effects[test_set] = estimate, effects

    def parts(self) -> tuple[list[Part], list[Part]]:
        """The variance of the mean over the cases: what examples and noise add to it, and what seeds do."""
        cases = len(self.figures)
        of_seeds = [Part(part.variance / cases**2, part.freedom, part.own / cases**2) for _, part in self.of_seeds]
        own: defaultdict[TestSet, float] = defaultdict(float)
        for test_set, part in self.of_seeds:
            own[test_set] += float(part.own) / cases**2
        of_examples = [Part(part.variance / cases**2, part.freedom) for part in self.noise]
        for test_set, effects in self.effects.items():
            first = self.first[test_set]
            variance = max(variance_over_examples(first, effects / cases) - own[test_set], 0.0)
            of_examples.append(Part(variance, max(first.examples - 1, 1)))
        return of_examples, of_seeds


def compare_model(model: str, pool: PooledCases, rules: Rules) -> Tested:
    """All cases of a model at once, each counting the same."""
    before, now, value = (float(np.mean(side)) for side in zip(*pool.figures, strict=True))
    of_examples, of_seeds = pool.parts()
    examples = sum(key[1] for key in pool.effects)
    found = Uncertainty(tuple(of_examples), tuple(of_seeds)).unlike_certainty(value, examples)
    worse, better = _probabilities(value, found, rules.tolerance.quality)
    comparison = _comparison(model, POOLED, (before, now, value), found, rules)
    tested = replace(comparison, p_worse=worse, p_better=better, samples=examples)
    return tested, _detector(found, rules.tolerance.quality, examples)


def _with_noise(found: Uncertainty, variance: float) -> Uncertainty:
    if not variance:
        return found
    return replace(found, examples=(*found.examples, Part(variance, found.examples[0].freedom)))


def _probabilities(value: float, found: Uncertainty, tolerance: float) -> tuple[float, float]:
    """The chance of such a loss, and of such a gain, where the truth is no more than the tolerance (one-sided)."""
    return float(found.chance(-(value + tolerance))), float(found.chance(value - tolerance))


def _detector(found: Uncertainty, tolerance: float, examples: int) -> ByStudent:
    return ByStudent(float(found.standard_error), float(found.degrees_of_freedom), tolerance, examples)


def _comparison(
    subject: str, metric: str, figures: tuple[float, float, float], found: Uncertainty, rules: Rules
) -> Comparison:
    """What was seen: the figures of both sides and their difference, and how sure that is; not yet tested."""
    before, now, value = figures
    reach = found.half_width
    interval: Interval = (value - reach, value + reach)
    return Comparison(
        subject=subject,
        metric=metric,
        unit="points",
        baseline=before,
        current=now,
        change=value,
        tolerance=rules.tolerance.quality,
        interval=interval,
        interval_kind="seeds_and_examples" if found.seeds else "examples",
        resolution=rules.asked,
        sampled="test examples",
    )
