"""How often 95 % intervals hold the truth, and how often p-values and the gate see a change where there is none.

    python benchmarks/validation/coverage.py            # 1,000 simulations a line, --simulations N for others

A simulated model has a latent score for every (seed, test example): a difficulty of the example that all models share,
what the model makes of the example at every seed, a luck of the seed, and what is particular to the two; the answer is
right with the probability that the score stands for. The truth is the accuracy over endless seeds and examples. Two
models of one world differ in nothing, as two runs of the same code do whose training draws anew. Beside ptmbench's
interval stand three usual ones: Wilson's over the pooled answers, Student's over seeds, and a percentile bootstrap over
both.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit
from statsmodels.stats import contingency_tables
from statsmodels.stats.multitest import multipletests
from tabulate import tabulate

from ptmbench.gate.pairs import Pair
from ptmbench.gate.quality import Difference, compare_case
from ptmbench.gate.rules import Rules, Tolerance
from ptmbench.statistics.estimates import Estimate, difference_interval, differences, interval_of
from ptmbench.statistics.intervals import benjamini_hochberg, holm, mcnemar, t_interval, wilson
from ptmbench.statistics.tallies import Ratios

Hits = NDArray[np.int64]
SEEDS, EXAMPLES, ACCURACIES = (1, 2, 3, 5, 10), (20, 100, 1000), (0.55, 0.9, 0.99)
DIFFICULTY = 1.5  # spread of the examples' scores
LUCK = 0.2  # spread of the seeds' scores, in logits
LEVELS = (0.05, 0.01, 1e-3, 1e-4, 1e-5)
ANSWERS = 5_000_000  # drawn a line of the p-values: as many simulations as that gives, MOST at most
MOST = 100_000
BATCH = 2_000_000  # answers drawn at a time, so that memory is bounded
RESAMPLED = 400  # draws of the percentile bootstrap that stands beside
BOOTSTRAPPED = 100  # simulations that it is made in: it takes a hundred times as long as the others
RULES = {"default": Rules(), "none": Rules(tolerance=Tolerance(quality=0.0))}  # by what the gate tolerates


@dataclass(frozen=True, slots=True)
class Kind:
    """How far scores spread by model and example, and by seed and example, and how sharply a score decides."""

    model: float
    own: float
    sharpness: float
    luck: float


KINDS = {
    "own misses": Kind(0.0, 0.7, 1.0, 0.0),
    "own misses, luck": Kind(0.0, 0.7, 1.0, LUCK),
    "shared misses": Kind(0.7, 0.2, 4.0, 0.0),
    "shared misses, luck": Kind(0.7, 0.2, 4.0, LUCK / 4),
}


@dataclass(frozen=True, slots=True)
class World:
    """Where answers are drawn from: the mean score that gives the accuracy, and how scores spread."""

    mean: float
    accuracy: float
    kind: Kind

    @classmethod
    def of(cls, accuracy: float, kind: Kind) -> "World":
        """The world of an accuracy, by bisection over the mean score."""
        spread = float(np.sqrt(DIFFICULTY**2 + kind.model**2 + kind.own**2 + kind.luck**2))
        scores = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000) * spread
        low, high = -20.0, 20.0
        for _ in range(60):
            mean = (low + high) / 2
            low, high = (mean, high) if expit(kind.sharpness * (mean + scores)).mean() < accuracy else (low, mean)
        return cls(mean, float(expit(kind.sharpness * (mean + scores)).mean()), kind)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int], models: int = 1) -> list[Hits]:
        """Hits [simulations, seeds, examples] of models that find the same examples hard."""
        count, seeds, examples = shape
        difficulty = DIFFICULTY * rng.standard_normal((count, 1, examples), dtype=np.float32)
        found = []
        for _ in range(models):
            score = self.mean + difficulty
            for spread, parts in (
                (self.kind.model, (count, 1, examples)), (self.kind.luck, (count, seeds, 1)), (self.kind.own, shape),
            ):  # fmt: skip
                score = score + np.float32(spread) * rng.standard_normal(parts, dtype=np.float32)
            chance = expit(np.float32(self.kind.sharpness) * score)
            found.append((rng.random(shape, dtype=np.float32) < chance).astype(np.int64))
        return found


def estimate(hits: Hits) -> Estimate:
    """The estimate of hits [seeds, examples]."""
    return Estimate.of(range(len(hits)), [Ratios(np.stack([row, np.ones_like(row)], axis=1)) for row in hits])


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


def worlds(seeds: int) -> list[World]:
    """The worlds of every accuracy and kind: at one seed, two models that differ by luck do differ."""
    kinds = [kind for kind in KINDS.values() if seeds > 1 or not kind.luck]
    return [World.of(accuracy, kind) for accuracy, kind in product(ACCURACIES, kinds)]


def covered(seeds: int, examples: int, count: int) -> list[object]:
    """How often each interval held the truth, in percent, and how often that of a difference held 0.

    The least over the worlds: what holds in one is no comfort in another.
    """
    lines = []
    for world in worlds(seeds):
        rng = np.random.default_rng(0)
        held, drawn = np.zeros(4), 0
        for number, (first, second) in enumerate(zip(*world.draw(rng, (count, seeds, examples), 2), strict=True)):
            mine = estimate(first)
            intervals = [interval_of(mine)[0], *usual(first)]
            low, high = difference_interval(mine.minus(estimate(second)))[0]
            held += [low <= 0 <= high, *(np.nan if np.isnan(a) else a <= world.accuracy <= b for a, b in intervals)]
            if number < BOOTSTRAPPED:
                low, high = bootstrapped(first, rng)
                drawn += low <= world.accuracy <= high
        lines.append([*held / count, drawn / min(count, BOOTSTRAPPED)])
    of_difference, ours, *others = 100 * np.min(lines, axis=0)
    shown = ["-" if np.isnan(share) else f"{share:.1f}" for share in (ours, of_difference, *others)]
    return [seeds, examples, *shown]


def unchanged(world: World, seeds: int, examples: int, count: int) -> Iterator[list[Estimate]]:
    """Differences of two models that differ in nothing, in batches."""
    rng, left = np.random.default_rng(1), count
    while left:
        batch = min(left, max(BATCH // (seeds * examples), 1))
        first, second = world.draw(rng, (batch, seeds, examples), 2)
        yield [estimate(one).minus(estimate(other)) for one, other in zip(first, second, strict=True)]
        left -= batch


def tails(seeds: int, examples: int) -> list[object]:
    """How often the p-values that order the ranks fall below each level where nothing differs, in percent.

    The most over the worlds.
    """
    count, found = min(MOST, ANSWERS // (seeds * examples)), []
    for world in worlds(seeds):
        below = np.zeros(len(LEVELS))
        for changes in unchanged(world, seeds, examples, count):
            nothing = Estimate(changes[0].seeds, np.zeros(seeds), np.zeros((seeds, examples)), examples, shares=True)
            chances = differences(nothing, changes)[1]
            below += [(chances <= level).sum() for level in LEVELS]
        found.append(below / count)
    return [seeds, examples, f"{count:,}", *(f"{100 * share:.3f}" for share in np.max(found, axis=0))]


def alarms(seeds: int, examples: int, count: int) -> list[object]:
    """How often the gate's test of one case finds it worse at 1 % and .1 %, by its tolerance.

    In percent, the most over the worlds.
    """
    pair, found = Pair("unchanged", [], [], ()), []
    for world in worlds(seeds):
        below = np.zeros((len(RULES), 2))
        for changes in unchanged(world, seeds, examples, count):
            for change in changes:
                judged = Difference(pair, "accuracy", world.accuracy, world.accuracy, change, 0.0)
                chances = [compare_case(judged, rules)[0].p_worse for rules in RULES.values()]
                below += [[chance is not None and chance <= level for level in (0.01, 1e-3)] for chance in chances]
        found.append(below.ravel() / count)
    return [seeds, examples, *(f"{100 * share:.2f}" for share in np.max(found, axis=0))]


def agreement(count: int) -> list[list[object]]:
    """The largest difference of p-values to those of scipy and statsmodels, over drawn inputs."""
    world, rng = World.of(0.7, KINDS["own misses, luck"]), np.random.default_rng(2)
    paired, exact, stepped, false_share = [], [], [], []
    for first, second in zip(*world.draw(rng, (count, 1, 200), 2), strict=True):
        ours = difference_interval(estimate(first).minus(estimate(second)))[1]
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


def show(title: str, headers: list[str], rows: list[list[object]]) -> None:
    """Prints a table in Markdown, as it stands in results/validation/README.md."""
    print(f"\n{title}\n\n{tabulate(rows, headers, tablefmt='pipe', disable_numparse=True)}", flush=True)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1_000)
    count = parser.parse_args().simulations
    drawn, sizes = ["seeds", "examples"], list(product(SEEDS, EXAMPLES))
    show(
        f"95 % intervals that hold the truth, the least over the worlds, % of {count} simulations",
        [*drawn, "ptmbench", "of a difference", "Wilson, pooled", "t over seeds", "percentile bootstrap"],
        [covered(*setting, count) for setting in sizes],
    )
    show(
        "p-values at or below a level where nothing differs, the most over the worlds, %",
        [*drawn, "simulations", *(f"{level:g}" for level in LEVELS)],
        [tails(*setting) for setting in sizes],
    )
    show(
        f"Cases that the gate's test finds worse where nothing changed, the most over the worlds, % of {count}",
        [*drawn, "1 %, default tolerance", ".1 %, default", "1 %, no tolerance", ".1 %, none"],
        [alarms(*setting, count) for setting in sizes],
    )
    show(f"Largest difference of p-values over {count} inputs", ["test", "beside", "difference"], agreement(count))


if __name__ == "__main__":
    main()
