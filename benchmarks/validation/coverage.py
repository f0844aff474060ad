"""How often 95 % intervals hold the truth, and whether p-values are what they should be.

    python benchmarks/validation/coverage.py            # 2,000 simulations a line

A simulated model has a latent score for every (seed, test example): a difficulty of the example, a luck of the seed,
and what is particular to the two; the answer is right with the probability that the score stands for. The truth is the
accuracy over endless seeds and examples. Beside ptmbench's interval stand three usual ones: Wilson's over the pooled
answers, Student's over seeds, and a percentile bootstrap over both. Expected: ptmbench between 93 and 97 %.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit
from statsmodels.stats import contingency_tables
from statsmodels.stats.multitest import multipletests
from tabulate import tabulate

from ptmbench.statistics.estimates import Sample, difference_interval, interval_of
from ptmbench.statistics.intervals import benjamini_hochberg, holm, mcnemar, t_interval, wilson
from ptmbench.statistics.tallies import Ratios

Hits = NDArray[np.int64]
SETTINGS = [
    (seeds, examples, accuracy, luck)
    for seeds in (1, 3, 5, 10)
    for examples in (360, 1000)
    for accuracy in (0.6, 0.9, 0.99)
    for luck in ((0.0,) if seeds == 1 else (0.0, 0.2, 0.6))
]
DIFFICULTY, OWN = 1.5, 0.7  # spread of the examples' scores, and of what is particular to seed and example
RESAMPLED = 400  # draws of the percentile bootstrap that stands beside
BOOTSTRAPPED = 200  # simulations that it is made in: it takes a hundred times as long as the others


@dataclass(frozen=True, slots=True)
class World:
    """Where answers are drawn from: the mean score that gives the accuracy, and how far luck moves it."""

    mean: float
    accuracy: float
    luck: float

    @classmethod
    def of(cls, accuracy: float, luck: float) -> "World":
        """The world of an accuracy, by bisection over the mean score."""
        spread = float(np.sqrt(DIFFICULTY**2 + OWN**2 + luck**2))
        scores = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000) * spread
        low, high = -20.0, 20.0
        for _ in range(60):
            mean = (low + high) / 2
            low, high = (mean, high) if expit(mean + scores).mean() < accuracy else (low, mean)
        return cls(mean, float(expit(mean + scores).mean()), luck)

    def draw(self, rng: np.random.Generator, seeds: int, examples: int, models: int = 1) -> list[Hits]:
        """Hits [seeds, examples] of models that find the same examples hard."""
        difficulty = DIFFICULTY * rng.normal(size=(1, examples))
        return [
            (
                rng.random((seeds, examples))
                < expit(
                    self.mean
                    + difficulty
                    + self.luck * rng.normal(size=(seeds, 1))
                    + OWN * rng.normal(size=(seeds, examples))
                )
            ).astype(np.int64)
            for _ in range(models)
        ]


def sample(hits: Hits) -> Sample:
    """The sample of hits [seeds, examples]."""
    return Sample.of(range(len(hits)), [Ratios(np.stack([row, np.ones_like(row)], axis=1)) for row in hits])


def usual(hits: Hits) -> Iterator[tuple[float, float]]:
    """The intervals of others: Wilson's, and Student's over seeds."""
    yield wilson(float(hits.mean()), hits.size)
    yield t_interval(hits.mean(axis=1)) if len(hits) > 1 else (np.nan, np.nan)


def bootstrapped(hits: Hits, rng: np.random.Generator) -> tuple[float, float]:
    """The percentile bootstrap over seeds and examples."""
    seeds, examples = hits.shape
    by_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLED) / seeds
    by_example = rng.multinomial(examples, np.full(examples, 1 / examples), size=RESAMPLED) / examples
    values = ((by_seed @ hits) * by_example).sum(axis=1)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def covered(setting: tuple[int, int, float, float], count: int) -> list[object]:
    """How often each interval held the truth, in percent, and how often that of a difference held 0."""
    seeds, examples, accuracy, luck = setting
    world, rng = World.of(accuracy, luck), np.random.default_rng(0)
    held, of_none, drawn = np.zeros(3), 0, 0
    for number in range(count):
        first, second = world.draw(rng, seeds, examples, models=2)
        intervals = [interval_of(sample(first))[0], *usual(first)]
        held += [low <= world.accuracy <= high for low, high in intervals]
        if number < BOOTSTRAPPED:
            low, high = bootstrapped(first, rng)
            drawn += low <= world.accuracy <= high
        low, high = difference_interval(sample(first).minus(sample(second)))[0]
        of_none += low <= 0 <= high
    shares = [f"{100 * part / count:.1f}" for part in (held[0], of_none, *held[1:])]
    return [seeds, examples, accuracy, luck, *shares, f"{100 * drawn / min(count, BOOTSTRAPPED):.1f}"]


def uniform(count: int) -> list[list[object]]:
    """How often p-values fall below a level where nothing differs, in percent.

    At one seed there is no luck in it: two models that differ by luck do differ, and more seeds alone could tell.
    """
    world, certain, rng = World.of(0.7, 0.2), World.of(0.7, 0.0), np.random.default_rng(1)
    one, three, exact = [], [], []
    for _ in range(count):
        first, second = certain.draw(rng, 1, 1000, models=2)
        one.append(difference_interval(sample(first).minus(sample(second)))[1])
        exact.append(mcnemar(int((first > second).sum()), int((first < second).sum())))
        first, second = world.draw(rng, 3, 1000, models=2)
        three.append(difference_interval(sample(first).minus(sample(second)))[1])
    levels = (0.01, 0.05, 0.1, 0.5, 0.9)
    return [
        [name, *(f"{100 * np.mean(np.asarray(found) <= level):.1f}" for level in levels)]
        for name, found in (("difference, 1 seed", one), ("difference, 3 seeds", three), ("McNemar, exact", exact))
    ]


def agreement(count: int) -> list[list[object]]:
    """The largest difference of p-values to those of scipy and statsmodels, over drawn inputs."""
    world, rng = World.of(0.7, 0.2), np.random.default_rng(2)
    paired, exact, stepped, false_share = [], [], [], []
    for _ in range(count):
        first, second = world.draw(rng, 1, 200, models=2)
        ours = difference_interval(sample(first).minus(sample(second)))[1]
        paired.append(abs(ours - stats.ttest_rel(first[0], second[0]).pvalue))
        alone = int((first > second).sum()), int((first < second).sum())
        table = [[0, alone[0]], [alone[1], 0]]
        exact.append(abs(mcnemar(*alone) - contingency_tables.mcnemar(table, exact=True).pvalue))
        drawn = rng.random(20) ** 3
        stepped.append(float(np.abs(holm(drawn) - multipletests(drawn, method="holm")[1]).max()))
        false_share.append(float(np.abs(benjamini_hochberg(drawn) - multipletests(drawn, method="fdr_bh")[1]).max()))
    return [
        ["difference at one seed", "scipy.stats.ttest_rel", f"{max(paired):.1e}"],
        ["McNemar, exact", "statsmodels.stats.contingency_tables.mcnemar", f"{max(exact):.1e}"],
        ["Holm", "statsmodels.stats.multitest.multipletests", f"{max(stepped):.1e}"],
        ["Benjamini-Hochberg", "statsmodels.stats.multitest.multipletests", f"{max(false_share):.1e}"],
    ]


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=2_000)
    count = parser.parse_args().simulations
    headers = [
        "seeds", "examples", "accuracy", "luck", "ptmbench", "of a difference", "Wilson, pooled", "t over seeds",
        "percentile bootstrap",
    ]  # fmt: skip
    print(f"Intervals that hold the truth, % of {count} simulations")
    print(tabulate([covered(setting, count) for setting in SETTINGS], headers, disable_numparse=True))
    print(f"\np-values at or below a level where nothing differs, % of {count} simulations")
    print(tabulate(uniform(count), ["test", "0.01", "0.05", "0.1", "0.5", "0.9"], disable_numparse=True))
    print(f"\nLargest difference of p-values over {count} drawn inputs")
    print(tabulate(agreement(count), ["test", "beside", "difference"], disable_numparse=True))


if __name__ == "__main__":
    main()
