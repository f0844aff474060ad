"""Intervals, tests and correlations, as pure functions; all intervals are for 95 %."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtri, stdtrit

CONFIDENCE = 0.95
NORMAL = float(ndtri((1 + CONFIDENCE) / 2))
RESAMPLINGS = 2_000
Interval = tuple[float, float]
Values = Sequence[float] | NDArray[np.float64]


def wilson(proportion: float, count: float, quantile: float = NORMAL) -> Interval:
    """Wilson's score interval of a proportion seen in `count` trials (Wilson 1927), for any quantile."""
    z = quantile
    centre = (proportion + z**2 / (2 * count)) / (1 + z**2 / count)
    spread = z * np.sqrt(proportion * (1 - proportion) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    # At 0 and 1 rounding would leave the estimate outside, or the bounds outside [0, 1], by one unit in the last place.
    low = 0.0 if proportion == 0 else float(centre - spread)
    return low, 1.0 if proportion == 1 else float(centre + spread)


def t_interval(values: Values) -> Interval:
    """Student's t interval of the mean of at least two values."""
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        raise ValueError(f"expected at least 2 values, got {len(sample)}")
    mean = float(sample.mean())
    spread = float(stdtrit(len(sample) - 1, (1 + CONFIDENCE) / 2) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return mean - spread, mean + spread


def resamplings(count: int) -> NDArray[np.int64]:
    """How often each example is drawn [RESAMPLINGS, count]; the same for the same count."""
    return np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=RESAMPLINGS)


def mcnemar(first_only: int, second_only: int) -> float:
    """McNemar's exact two-sided p-value (McNemar 1947): of two models, each alone is right on so many examples."""
    smaller, either = min(first_only, second_only), first_only + second_only
    return min(1.0, 2 * float(bdtr(smaller, either, 0.5))) if either else 1.0


def exchanged(changes: NDArray[np.int64]) -> float:
    """How often whole-number changes would sum to as little if each had either sign alike (Fisher 1935, one-sided).

    Exact. Where each change is of 1, it is McNemar's exact test.
    """
    sizes, gained = np.abs(changes), int(changes[changes > 0].sum())
    larger = np.ones(1)  # the chance of each sum of those gained among changes of 2 and more
    for size in range(2, int(sizes.max(initial=0)) + 1):
        count = int((sizes == size).sum())
        chances = np.zeros(size * count + 1)
        chances[::size] = np.diff(bdtr(np.arange(count + 1), count, 0.5), prepend=0.0)
        larger = np.convolve(larger, chances)[: gained + 1]
    ones = int((sizes == 1).sum())
    left = gained - np.arange(len(larger))
    return float((larger * bdtr(np.minimum(left, ones), ones, 0.5)).sum())


def holm(p_values: Values) -> NDArray[np.float64]:
    """p-values so adjusted that the chance of any false alarm among them stays below a level (Holm 1979)."""
    found = np.asarray(p_values, dtype=float)
    order = np.argsort(found, kind="stable")
    stepped = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: Values) -> NDArray[np.float64]:
    """p-values so adjusted that the share of false among all alarms stays below a level (Benjamini & Hochberg 1995)."""
    found = np.asarray(p_values, dtype=float)
    order = np.argsort(found, kind="stable")
    scaled = found[order] * len(found) / np.arange(1, len(found) + 1)
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _percentiles(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def ranks(values: Values) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks."""
    sample = np.asarray(values, dtype=float)
    ordered = np.sort(sample)
    below, upto = (np.searchsorted(ordered, sample, side) for side in ("left", "right"))
    return np.asarray(below + (upto - below + 1) / 2)


Group = tuple[Values, Values]


def clustered_spearman(clusters: Sequence[Sequence[Group]], draws: int = RESAMPLINGS) -> tuple[float, Interval]:
    """Rank correlation within groups of (first, second) values, with a bootstrap interval over clusters of groups.

    Ranks are taken inside each group, so that what is common to a group does not count; groups that share a cluster
    (tasks made of one data set) are drawn together, since they do not vary independently.
    """
    sums = np.array([_rank_products(cluster) for cluster in clusters])

    def pooled(chosen: Sequence[int] | NDArray[np.int64]) -> float:
        both, first, second = sums[list(chosen)].sum(axis=0)
        return float(both / np.sqrt(first * second)) if first * second else 0.0

    rng = np.random.default_rng(0)
    resampled = [pooled(rng.integers(len(clusters), size=len(clusters))) for _ in range(draws)]
    low, high = _percentiles(np.asarray(resampled))
    estimate = pooled(range(len(clusters)))
    return estimate, (min(float(low), estimate), max(float(high), estimate))


def _rank_products(groups: Sequence[Group]) -> tuple[float, float, float]:
    """Sums over groups of centred rank products: of both sides, of the first, of the second."""
    centred = [[ranks(side) - (len(side) + 1) / 2 for side in group] for group in groups]
    return (
        float(sum((first * second).sum() for first, second in centred)),
        float(sum((first**2).sum() for first, _ in centred)),
        float(sum((second**2).sum() for _, second in centred)),
    )
