"""Estimates: a metric seen at some seeds on some test examples, and how far it may lie from the truth.

Both are drawn: other seeds and other test examples would give another figure. Seeds and examples are crossed (every
seed is judged on the same examples), so the variance of the mean over seeds has two parts (the two-way analysis of
variance, Searle, Casella & McCulloch 1992, chapter 4): the spread between seeds, known at few degrees of freedom, which
holds what each seed gets wrong by itself, and the spread that the examples have in common at all seeds (for a metric
that is no share of examples, from a bootstrap over them, the same draws at every seed). Resampling two or three seeds
as well would find a third to a half of their variance too little; instead Student's quantile is taken at
Satterthwaite's (1946) degrees of freedom.

Two or three seeds may agree by chance, and their spread alone would then say that nothing varies. What each one gets
wrong by itself does vary, and every example tells by how much: the part of the seeds is never below what that gives the
mean, so that the whole is never below what the examples show. This floor is better known than the spread of a few
seeds: a test counts its degrees of freedom twice. An interval does not, and is the more careful of the two.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from ptmbench.statistics.intervals import CONFIDENCE, Interval, resamplings, wilson
from ptmbench.statistics.tallies import Ratios, Tally

Numbers = NDArray[np.float64]
ROUNDING = 1e-9  # as a share of a difference: a standard error below it is none
LONE = 1.0  # variance of a metric on one example, or of a difference: as far as it can lie from the truth, squared
Value = float | Numbers  # of one estimate, or of many at once


@dataclass(frozen=True, eq=False, slots=True)
class Estimate:
    """A metric at each seed [s], and what the test examples do to it [s, k]; of two estimates, their difference.

    `effects` holds each example's own share where `shares`, else the metric under each of k resamplings.
    """

    seeds: tuple[int, ...]
    values: Numbers
    effects: Numbers
    examples: int
    shares: bool

    @classmethod
    def of(cls, seeds: Sequence[int], tallies: Sequence[Tally]) -> "Estimate":
        """The estimate of one tally a seed, all of the same test examples."""
        examples = tallies[0].count
        if all(isinstance(tally, Ratios) and tally.of_shares for tally in tallies):
            hits = np.stack([tally.parts[:, 0] for tally in tallies if isinstance(tally, Ratios)]).astype(float)
            return cls(tuple(seeds), hits.mean(axis=1), hits, examples, shares=True)
        weights = np.concatenate([np.ones((1, examples), dtype=np.int64), resamplings(examples)])
        under = np.stack([tally.under(weights) for tally in tallies])
        return cls(tuple(seeds), under[:, 0], under[:, 1:], examples, shares=False)

    def minus(self, other: "Estimate") -> "Estimate":
        """The difference at the seeds that both have, example by example."""
        common = tuple(seed for seed in self.seeds if seed in other.seeds)
        mine, theirs = ([side.seeds.index(seed) for seed in common] for side in (self, other))
        return Estimate(
            common,
            self.values[mine] - other.values[theirs],
            self.effects[mine] - other.effects[theirs],
            self.examples,
            self.shares,
        )

    def judged_like(self, other: "Estimate") -> bool:
        """Whether both hold as many examples and effects, so that they can be paired one by one."""
        mine, theirs = ((side.examples, side.shares, side.effects.shape[1]) for side in (self, other))
        return mine == theirs

    def negated(self) -> "Estimate":
        """The estimate of minus the metric."""
        return replace(self, values=-self.values, effects=-self.effects)

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return float(self.values.mean())


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """A variance, of one estimate or of many, and the degrees of freedom of what it was found from.

    `own` of it is there whatever the seeds show: what each one's own misses give the mean.
    """

    variance: Value
    freedom: float
    own: Value = 0.0

    @property
    def known(self) -> Value:
        """The degrees of freedom in a test: as far as own misses make up the variance, twice as many."""
        return self.freedom * (1 + _ratio(self.own, self.variance, 0.0))


@dataclass(frozen=True, eq=False, slots=True)
class Uncertainty:
    """The variance of an estimate in independent parts; or of many estimates at once, each part an array over them."""

    examples: tuple[Part, ...]
    seeds: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts."""
        return self.examples + self.seeds

    @property
    def standard_error(self) -> Value:
        """The root of the whole variance."""
        return _plain(np.sqrt(sum(part.variance for part in self.parts)))

    @property
    def degrees_of_freedom(self) -> Value:
        """Satterthwaite's: how well the standard error itself is known."""
        squares = sum(part.variance**2 / part.known for part in self.parts)
        return _ratio(self.standard_error**4, squares, max(part.freedom for part in self.parts))

    @property
    def quantile(self) -> Value:
        """Student's quantile for an interval that holds the truth 95 times in 100."""
        return _plain(stdtrit(self.degrees_of_freedom, (1 + CONFIDENCE) / 2))

    @property
    def reach(self) -> Value:
        """Half the width of the interval of one figure, or of a difference at several seeds.

        Satterthwaite's is too narrow where a few seeds happen to agree, and each part at its own quantile too wide
        where they do not differ: the root of the mean of both squares held the truth 93 to 98 times in 100
        (`benchmarks/validation/coverage.py`).
        """
        apart = sum(part.variance * float(stdtrit(part.freedom, (1 + CONFIDENCE) / 2)) ** 2 for part in self.parts)
        return _plain(np.sqrt((apart + (self.quantile * self.standard_error) ** 2) / 2))

    @property
    def half_width(self) -> float:
        """Half the width of the interval of a difference: at one seed Student's, which is exact there."""
        return float(self.reach if self.seeds else self.quantile * self.standard_error)

    def chance(self, beyond: Value) -> Value:
        """The probability of an estimate so far above the truth, or farther (one-sided)."""
        steps = _ratio(beyond, self.standard_error, 0.0)
        tail = stdtr(self.degrees_of_freedom, -steps)
        return _plain(np.where(self.standard_error > 0, tail, np.less_equal(beyond, 0)))

    def unlike_certainty(self, value: Value, examples: int) -> "Uncertainty":
        """The same of a difference of this value, where several seeds and all examples show it alike.

        Nothing varies then, and yet so many examples tell no more than as many tosses of a coin.
        """
        if not self.seeds:
            return self
        first, *others = self.examples
        varies = self.standard_error > ROUNDING * np.abs(value)
        variance = _plain(np.where(varies, first.variance, value**2 / examples))
        return replace(self, examples=(replace(first, variance=variance), *others))


def _plain(values: ArrayLike) -> Value:
    """An array, but a lone number as such: powers of lone numbers and of arrays differ in their last bits."""
    plain: Value = np.asarray(values, dtype=float)[()]
    return plain


def _ratio(above: Value, below: Value, otherwise: float) -> Value:
    """One over the other where there is any, otherwise a number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _plain(np.where(np.greater(below, 0), np.divide(above, below), otherwise))


def uncertainty(estimate: Estimate) -> Uncertainty:
    """What the draw of test examples and the draw of seeds add to the variance of the estimate's mean over seeds."""
    return _uncertainty(estimate.values, estimate.effects, estimate)


def uncertainty_of_difference(difference: Estimate) -> Uncertainty:
    """The same of a difference, which is never certain at several seeds."""
    return uncertainty(difference).unlike_certainty(difference.value, difference.examples)


def _uncertainty(values: Numbers, effects: Numbers, kind: Estimate) -> Uncertainty:
    """The uncertainty of estimates of one kind and the same seeds: values [..., seeds], effects [..., seeds, k]."""
    worth, freedom, seeds = (kind.examples if kind.shares else 1), float(max(kind.examples - 1, 1)), values.shape[-1]
    means = effects.mean(axis=-2)
    if kind.examples < 2:
        return Uncertainty((Part(np.full(means.shape[:-1], LONE)[()], freedom),))
    of_examples = means.var(ddof=1, axis=-1) / worth
    if seeds == 1:
        return Uncertainty((Part(of_examples, freedom),))
    # how far a seed strays from the others because each fails on examples of its own: seen in `of_examples` too
    own = (effects - means[..., None, :]).var(ddof=1, axis=-1).sum(axis=-1) / worth / (seeds - 1) / seeds
    of_seeds = values.var(ddof=1, axis=-1) / seeds
    return Uncertainty(
        (Part(np.maximum(of_examples - own, 0.0), freedom),),
        (Part(np.maximum(of_seeds, own), float(seeds - 1), own),),
    )


def variance_over_examples(estimate: Estimate, effects: Numbers) -> float:
    """The variance that the draw of test examples gives a metric with these effects [k] of the estimate's kind."""
    if estimate.examples < 2:
        return LONE
    return float(effects.var(ddof=1)) / (estimate.examples if estimate.shares else 1)


def kind_of(estimate: Estimate) -> str:
    """What an interval of the estimate is over."""
    return "seeds_and_examples" if len(estimate.seeds) > 1 else "examples"


def of_one_seed(kind: str | None) -> bool:
    """Whether an interval of this kind rests on one seed: it is over test examples alone, paired or not."""
    return kind is not None and "seeds" not in kind


def interval_of(estimate: Estimate) -> tuple[Interval, str]:
    """The 95 % interval of a metric between 0 and 1, and what it is over.

    It has Wilson's form at the number of examples that would give a plain share the same variance, so that it stays
    inside 0 and 1 and leans away from them. One example says nothing: the interval is all there is.
    """
    if estimate.examples < 2:
        return (0.0, 1.0), kind_of(estimate)
    found, value = uncertainty(estimate), estimate.value
    quantile = float(found.quantile)
    spread = float(found.reach) / quantile  # a standard error, as `wilson` takes it with Student's quantile
    worth = value * (1 - value) / spread**2 if spread and 0 < value < 1 else float(estimate.examples)
    if estimate.shares and worth > estimate.examples:
        rare = estimate.examples * min(
            value, 1 - value
        )  # so few hardly tell whether seeds share them: one more that all do
        worth = (rare + 1) / (rare / worth + 1 / estimate.examples)
    return wilson(value, worth, quantile), kind_of(estimate)


def difference_interval(difference: Estimate) -> tuple[Interval, float]:
    """The 95 % interval of a difference, and the probability of one as large where there is none (two-sided).

    One example says nothing: the interval is all there is, and the probability 1.
    """
    if difference.examples < 2:
        return (-1.0, 1.0), 1.0
    found, value = uncertainty_of_difference(difference), difference.value
    reach = found.half_width
    return (value - reach, value + reach), float(two_sided(found, value))


def two_sided(found: Uncertainty, value: Value) -> Value:
    """The probability of a difference as far from 0, in either direction."""
    return _plain(np.minimum(2 * found.chance(np.abs(value)), 1.0))


def differences(estimate: Estimate, others: Sequence[Estimate]) -> tuple[Numbers, Numbers]:
    """By how much an estimate lies above each of the others, and `difference_interval`'s probability of each, at once.

    An estimate that shares no seed with it or was judged on other examples cannot be told apart from it (0, and 1).
    """
    values, chances = np.zeros(len(others)), np.ones(len(others))
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, other in enumerate(others):
        if set(estimate.seeds) & set(other.seeds) and estimate.judged_like(other):
            alike[other.seeds].append(index)
    for members in alike.values():
        values[members], chances[members] = _differences(estimate, [others[index] for index in members])
    return values, chances


def _differences(estimate: Estimate, others: Sequence[Estimate]) -> tuple[Numbers, Numbers]:
    """The same for others that all have the same seeds."""
    common = [seed for seed in estimate.seeds if seed in others[0].seeds]
    mine, theirs = ([side.seeds.index(seed) for seed in common] for side in (estimate, others[0]))
    values = estimate.values[mine] - np.stack([other.values[theirs] for other in others])
    effects = estimate.effects[mine] - np.stack([other.effects[theirs] for other in others])
    found, means = _uncertainty(values, effects, estimate), values.mean(axis=1)
    return means, np.asarray(two_sided(found.unlike_certainty(means, estimate.examples), means))
