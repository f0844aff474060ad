"""Samples: a metric seen at some seeds on some test examples, and how far it may lie from the truth.

Both are drawn: other seeds and other test examples would give another figure. Seeds and examples are crossed (every
seed is judged on the same examples), so the variance of the mean over seeds has two parts (the two-way analysis of
variance, Searle, Casella & McCulloch 1992, chapter 4): the spread between seeds, known at few degrees of freedom, which
holds what each seed gets wrong by itself, and the spread that the examples have in common at all seeds (for a metric
that is no share of examples, from a bootstrap over them, the same draws at every seed). Resampling two or three seeds
as well would find a third to a half of their variance too little; instead Student's quantile is taken at
Satterthwaite's (1946) degrees of freedom.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ptmbench.statistics.intervals import CONFIDENCE, Interval, resamplings, wilson
from ptmbench.statistics.tallies import Ratios, Tally

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A metric at each seed [s], and what the test examples do to it [s, k]; of two samples, their difference.

    `effects` holds each example's own share where `shares`, else the metric under each of k resamplings.
    """

    seeds: tuple[int, ...]
    values: Numbers
    effects: Numbers
    examples: int
    shares: bool

    @classmethod
    def of(cls, seeds: Sequence[int], tallies: Sequence[Tally]) -> "Sample":
        """The sample of one tally a seed, all of the same test examples."""
        examples = tallies[0].count
        if all(isinstance(tally, Ratios) and tally.of_shares for tally in tallies):
            hits = np.stack([tally.parts[:, 0] for tally in tallies if isinstance(tally, Ratios)]).astype(float)
            return cls(tuple(seeds), hits.mean(axis=1), hits, examples, shares=True)
        weights = np.concatenate([np.ones((1, examples), dtype=np.int64), resamplings(examples)])
        under = np.stack([tally.under(weights) for tally in tallies])
        return cls(tuple(seeds), under[:, 0], under[:, 1:], examples, shares=False)

    def minus(self, other: "Sample") -> "Sample":
        """The difference at the seeds that both have, example by example."""
        common = tuple(seed for seed in self.seeds if seed in other.seeds)
        mine, theirs = ([side.seeds.index(seed) for seed in common] for side in (self, other))
        return Sample(
            common,
            self.values[mine] - other.values[theirs],
            self.effects[mine] - other.effects[theirs],
            self.examples,
            self.shares,
        )

    def judged_like(self, other: "Sample") -> bool:
        """Whether both hold as many examples and effects, so that they can be paired one by one."""
        mine, theirs = ((side.examples, side.shares, side.effects.shape[1]) for side in (self, other))
        return mine == theirs

    def negated(self) -> "Sample":
        """The sample of minus the metric."""
        return replace(self, values=-self.values, effects=-self.effects)

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return float(self.values.mean())


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The variance of an estimate in independent parts, each with the degrees of freedom that it is known at."""

    parts: tuple[tuple[float, float], ...]

    @property
    def standard_error(self) -> float:
        """The root of the whole variance."""
        return float(np.sqrt(sum(variance for variance, _ in self.parts)))

    @property
    def degrees_of_freedom(self) -> float:
        """Satterthwaite's: how well the standard error itself is known."""
        squares = sum(variance**2 / freedom for variance, freedom in self.parts)
        return self.standard_error**4 / squares if squares else max(freedom for _, freedom in self.parts)

    @property
    def quantile(self) -> float:
        """Student's quantile for an interval that holds the truth 95 times in 100."""
        return float(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def reach(self) -> float:
        """Half the width of the interval of one figure.

        Satterthwaite's is too narrow where a few seeds happen to agree, and each part at its own quantile too wide
        where they do not differ: the root of the mean of both squares held the truth 93 to 98 times in 100
        (`benchmarks/validation/coverage.py`).
        """
        apart = sum(variance * float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) ** 2 for variance, freedom in self.parts)
        return float(np.sqrt((apart + (self.quantile * self.standard_error) ** 2) / 2))


def uncertainty(sample: Sample) -> Uncertainty:
    """What the draw of test examples and the draw of seeds add to the variance of the sample's mean over seeds."""
    of_examples = variance_over_examples(sample, sample.effects.mean(axis=0))
    freedom = float(max(sample.examples - 1, 1))
    seeds = len(sample.seeds)
    if seeds == 1:
        return Uncertainty(((of_examples, freedom),))
    # how far a seed strays from the others because each fails on examples of its own: seen in `of_examples` too
    own = sum(variance_over_examples(sample, row) for row in sample.effects - sample.effects.mean(axis=0)) / (seeds - 1)
    of_seeds = float(sample.values.var(ddof=1)) / seeds
    return Uncertainty(((max(of_examples - own / seeds, 0.0), freedom), (of_seeds, float(seeds - 1))))


def variance_over_examples(sample: Sample, effects: Numbers) -> float:
    """The variance that the draw of test examples gives a metric with these effects [k] of the sample's kind."""
    return float(effects.var(ddof=1)) / (sample.examples if sample.shares else 1)


def kind_of(sample: Sample) -> str:
    """What an interval of the sample is over."""
    return "seeds_and_examples" if len(sample.seeds) > 1 else "examples"


def interval_of(sample: Sample) -> tuple[Interval, str]:
    """The 95 % interval of a metric between 0 and 1, and what it is over.

    It has Wilson's form at the number of examples that would give a plain share the same variance, so that it stays
    inside 0 and 1 and leans away from them.
    """
    found, value = uncertainty(sample), sample.value
    spread = found.reach / found.quantile  # a standard error, as `wilson` takes it with Student's quantile
    worth = value * (1 - value) / spread**2 if spread and 0 < value < 1 else float(sample.examples)
    return wilson(value, worth, found.quantile), kind_of(sample)


def difference_interval(difference: Sample) -> tuple[Interval, float]:
    """The 95 % interval of a difference, and the probability of one as large where there is none (two-sided)."""
    found, value = uncertainty(difference), difference.value
    error = found.standard_error
    if not error:
        return (value, value), 0.0 if value else 1.0
    reach = found.quantile * error
    return (value - reach, value + reach), float(2 * stdtr(found.degrees_of_freedom, -abs(value) / error))


def differences(sample: Sample, others: Sequence[Sample]) -> tuple[Numbers, Numbers]:
    """By how much a sample lies above each of the others, and `difference_interval`'s probability of each, at once.

    A sample that shares no seed with it or was judged on other examples cannot be told apart from it (0, and 1).
    """
    values, chances = np.zeros(len(others)), np.ones(len(others))
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, other in enumerate(others):
        if set(sample.seeds) & set(other.seeds) and sample.judged_like(other):
            alike[other.seeds].append(index)
    for members in alike.values():
        values[members], chances[members] = _differences(sample, [others[index] for index in members])
    return values, chances


def _differences(sample: Sample, others: Sequence[Sample]) -> tuple[Numbers, Numbers]:
    """The same for others that all have the same seeds: `uncertainty` over an axis more."""
    common = [seed for seed in sample.seeds if seed in others[0].seeds]
    mine, theirs = ([side.seeds.index(seed) for seed in common] for side in (sample, others[0]))
    values = sample.values[mine] - np.stack([other.values[theirs] for other in others])
    effects = sample.effects[mine] - np.stack([other.effects[theirs] for other in others])
    worth, seeds = (sample.examples if sample.shares else 1), len(common)
    freedom = float(max(sample.examples - 1, 1))
    means = effects.mean(axis=1)
    variance = means.var(ddof=1, axis=-1) / worth
    squares = variance**2 / freedom
    if seeds > 1:
        own = ((effects - means[:, None]).var(ddof=1, axis=-1) / worth).sum(axis=1) / (seeds - 1)
        of_seeds, of_examples = values.var(ddof=1, axis=1) / seeds, np.maximum(variance - own / seeds, 0.0)
        squares = of_examples**2 / freedom + of_seeds**2 / (seeds - 1)
        variance = of_examples + of_seeds
    means_of_values = values.mean(axis=1)
    certain = variance == 0
    known = np.divide(variance**2, squares, out=np.full_like(variance, freedom), where=squares > 0)
    steps = np.divide(-np.abs(means_of_values), np.sqrt(variance), out=np.zeros_like(variance), where=~certain)
    return means_of_values, np.where(certain, means_of_values == 0, 2 * stdtr(known, steps))
