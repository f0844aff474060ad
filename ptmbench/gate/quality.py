"""Quality on the two sides: paired on the stored outcomes, case by case and pooled over all tasks of a model.

Both sides are judged on the same test examples, so what counts is on which of them they differ. One test set serves
several cases (methods, shots): pooled, their differences are added up example by example before anything is said of
their spread, so that an example counts once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtr, stdtr

from ptmbench.gate.findings import Comparison, Tested
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Rules
from ptmbench.records.record import quality_of
from ptmbench.statistics.estimates import Numbers, Sample, Uncertainty, uncertainty, variance_over_examples
from ptmbench.statistics.intervals import Interval
from ptmbench.statistics.power import ByStudent

POOLED = "quality, all tasks"


@dataclass(frozen=True, eq=False, slots=True)
class Difference:
    """What a case lost or won: its pair, the metric's name, and the sample of current minus baseline."""

    pair: Pair
    metric: str
    before: float
    now: float
    sample: Sample
    noise: float

    @property
    def test_set(self) -> tuple[str, int, bool]:
        """Cases that share it are judged on the same examples."""
        return self.pair.baseline[0][1].case.task.dataset, self.sample.examples, self.sample.shares

    @property
    def of_noise(self) -> float:
        """The variance that what `ptmbench calibrate` measured gives the difference."""
        return 2 * self.noise**2 / len(self.sample.seeds)


def difference_of(pair: Pair, rules: Rules) -> Difference:
    """The difference of the two sides' first launches; raises `RecordError` where outcomes cannot be read."""
    (folder, before), (other, now) = pair.baseline[0], pair.current[0]
    sample = other.sample(now).minus(folder.sample(before))
    was, is_now = quality_of(pair.baseline[0][1]), quality_of(pair.current[0][1])
    if not was.higher_is_better:
        sample = sample.negated()
    noise = rules.noise[pair.case_id].quality if pair.case_id in rules.noise else 0.0
    return Difference(pair, was.metric, was.value, is_now.value, sample, noise)


def compare_case(difference: Difference, rules: Rules) -> Tested:
    """One case against the tolerance."""
    sample, tolerance = difference.sample, rules.tolerance.quality
    found = _with_noise(uncertainty(sample), difference.of_noise)
    worse, better = _probabilities(sample.value, found, tolerance)
    if sample.shares and len(sample.seeds) == 1:
        lost, won = int((sample.effects < 0).sum()), int((sample.effects > 0).sum())
        worse, better = max(worse, _sign_test(lost, won)), max(better, _sign_test(won, lost))
    figures = difference.before, difference.now, sample.value
    comparison = _comparison(difference.pair.case_id, difference.metric, figures, found, rules)
    tested = replace(comparison, p_worse=worse, p_better=better, samples=sample.examples)
    return tested, _detector(found, tolerance, sample.examples)


def compare_model(model: str, differences: Sequence[Difference], rules: Rules) -> Tested:
    """All cases of a model at once, each counting the same."""
    cases, value = len(differences), float(np.mean([difference.sample.value for difference in differences]))
    together: defaultdict[tuple[str, int, bool], list[Sample]] = defaultdict(list)
    parts: list[tuple[float, float]] = []
    for difference in differences:
        sample = difference.sample
        together[difference.test_set].append(sample)
        parts += [(variance / cases**2, freedom) for variance, freedom in uncertainty(sample).parts[1:]]
        parts.append((difference.of_noise / cases**2, max(sample.examples - 1, 1)))
    for samples in together.values():  # at several seeds each one's own misses count here too: that errs to caution
        effects: Numbers = np.sum([sample.effects.mean(axis=0) for sample in samples], axis=0) / cases
        parts.append((variance_over_examples(samples[0], effects), max(samples[0].examples - 1, 1)))
    found = Uncertainty(tuple(parts))
    before, now = (float(np.mean([getattr(entry, side) for entry in differences])) for side in ("before", "now"))
    worse, better = _probabilities(value, found, rules.tolerance.quality)
    comparison = _comparison(model, POOLED, (before, now, value), found, rules)
    examples = sum(key[1] for key in together)
    tested = replace(comparison, p_worse=worse, p_better=better, samples=examples)
    return tested, _detector(found, rules.tolerance.quality, examples)


def by_model(differences: Iterable[Difference]) -> dict[str, list[Difference]]:
    """The differences of the cases of each model that has several."""
    models: defaultdict[str, list[Difference]] = defaultdict(list)
    for difference in differences:
        models[difference.pair.baseline[0][1].case.model.name].append(difference)
    return {name: members for name, members in models.items() if len(members) > 1}


def _with_noise(found: Uncertainty, variance: float) -> Uncertainty:
    return Uncertainty((*found.parts, (variance, found.parts[0][1]))) if variance else found


def _probabilities(value: float, found: Uncertainty, tolerance: float) -> tuple[float, float]:
    """The chance of such a loss, and of such a gain, where the truth is no more than the tolerance (one-sided)."""
    error = found.standard_error
    if not error:
        return float(value >= -tolerance), float(value <= tolerance)
    freedom = found.degrees_of_freedom
    return float(stdtr(freedom, (value + tolerance) / error)), float(stdtr(freedom, -(value - tolerance) / error))


def _detector(found: Uncertainty, tolerance: float, examples: int) -> ByStudent:
    return ByStudent(found.standard_error, found.degrees_of_freedom, tolerance, examples)


def _sign_test(more: int, fewer: int) -> float:
    """McNemar's exact one-sided p-value: so many examples against so few, where either is as likely."""
    return float(bdtr(fewer, more + fewer, 0.5)) if more + fewer else 1.0


def _comparison(
    subject: str, metric: str, figures: tuple[float, float, float], found: Uncertainty, rules: Rules
) -> Comparison:
    """What was seen: the figures of both sides and their difference, and how sure that is; not yet tested."""
    before, now, value = figures
    reach = found.quantile * found.standard_error
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
        resolution=rules.asked,
        sampled="test examples",
    )
