"""How often 95 % intervals hold the truth, whether p-values are what they should be, and what the gate makes of both.

    python benchmarks/validation/coverage.py            # 1,000 simulations a line, 200 gate runs

A simulated model has a latent score for every (seed, test example): a difficulty of the example that all models share,
what the model makes of the example at every seed, a luck of the seed, and what is particular to the two; the answer is
right with the probability that the score stands for. The truth is the accuracy over endless seeds and examples. Two
models of one world differ in nothing, as two runs of the same code do whose training draws anew. Beside ptmbench's
interval stand three usual ones: Wilson's over the pooled answers, Student's over seeds, and a percentile bootstrap over
both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from ptmbench.statistics.estimates import Estimate, difference_interval, interval_of
from ptmbench.statistics.intervals import t_interval, wilson
from ptmbench.statistics.tallies import Ratios

Hits = NDArray[np.int64]
SEEDS, EXAMPLES, ACCURACIES = (1, 2, 3, 5, 10), (20, 100, 1000), (0.55, 0.9, 0.99)
DIFFICULTY = 1.5  # spread of the examples' scores
LUCK = 0.2  # spread of the seeds' scores, in logits
LEVELS = (0.05, 0.01, 1e-3, 1e-4, 1e-5)
ANSWERS = 15_000_000  # drawn a line for p-values: in so many simulations as that gives
MOST = 100_000
RESAMPLED = 400  # draws of the percentile bootstrap that stands beside
BOOTSTRAPPED = 200  # simulations that it is made in: it takes a hundred times as long as the others
MODELS, TEST_SETS, DROP = 3, 2, 0.03  # of a gate run: with two cases a test set; and what one model loses in all four


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


def settings() -> Iterator[tuple[int, int, str]]:
    """Seeds, examples and kind of world: one seed knows of no luck, two models that differ by it do differ there."""
    for seeds, examples, kind in product(SEEDS, EXAMPLES, KINDS):
        if seeds > 1 or not KINDS[kind].luck:
            yield seeds, examples, kind


def covered(seeds: int, examples: int, kind: str, count: int) -> list[object]:
    """How often each interval held the truth, in percent, and how often that of a difference held 0.

    The least over the accuracies: what holds at one is no comfort at another.
    """
    lines = []
    for accuracy in ACCURACIES:
        world, rng = World.of(accuracy, KINDS[kind]), np.random.default_rng(0)
        held, drawn = np.zeros(4), 0
        for number, (first, second) in enumerate(zip(*world.draw(rng, (count, seeds, examples), 2), strict=True)):
            intervals = [interval_of(estimate(first))[0], *usual(first)]
            low, high = difference_interval(estimate(first).minus(estimate(second)))[0]
            held += (
                [a <= world.accuracy <= b for a, b in intervals[:1]]
                + [low <= 0 <= high]
                + [a <= world.accuracy <= b for a, b in intervals[1:]]
            )
            if number < BOOTSTRAPPED:
                low, high = bootstrapped(first, rng)
                drawn += low <= world.accuracy <= high
        lines.append([*held / count, drawn / min(count, BOOTSTRAPPED)])
    return [seeds, examples, kind, *(f"{100 * share:.1f}" for share in np.min(lines, axis=0))]
