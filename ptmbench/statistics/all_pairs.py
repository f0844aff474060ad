"""The differences of every two of many estimates at once, as `estimates.differences` has them, from sums of products.

The variance of a difference over the test examples follows from what each estimate adds up to alone and from the
products of the two, and one matrix product gives these for all pairs: 1,000 estimates of 917 examples take 0.6 s, and
36 s one by one. Of shares of examples all sums are whole numbers, so that the variances are as exact as those of
`differences`. Of other metrics small differences of large sums lose digits: pairs of which less than `LOST` is left are
compared one by one. What is not differs from them in the last digits alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ptmbench.statistics.estimates import LONE, Estimate, Numbers, Part, Uncertainty, differences, two_sided

AT_ONCE = 256  # rows: what is compared at once with as many columns as there are takes a few MB a thousand
LOST = 1e-6  # a variance below so much of what it is the difference of has lost half of its 16 digits


@dataclass(frozen=True, eq=False, slots=True)
class Sums:
    """Estimates of one kind and the same s seeds as rows, and what their effects add up to.

    `effects` are [n, s * k], `over_seeds` their sums over the seeds [n, k], `squares` and `squares_over_seeds` the
    sums of their squares [n], `totals` the sums over the examples at each seed [n, s].
    """

    values: Numbers
    effects: Numbers
    over_seeds: Numbers
    squares: Numbers
    squares_over_seeds: Numbers
    totals: Numbers

    @classmethod
    def of(cls, estimates: Sequence[Estimate], seeds: Sequence[int], centre: Numbers | float) -> "Sums":
        """The sums of these estimates at these seeds, their effects less a centre [s, k]."""
        places = [[estimate.seeds.index(seed) for seed in seeds] for estimate in estimates]
        paired = list(zip(estimates, places, strict=True))
        values = np.stack([estimate.values[at] for estimate, at in paired])
        effects = np.stack([estimate.effects[at] for estimate, at in paired]) - centre
        over_seeds, whole = effects.sum(axis=1), effects.reshape(len(effects), -1)
        squares = (whole**2).sum(axis=1), (over_seeds**2).sum(axis=1)
        return cls(values, whole, over_seeds, *squares, effects.sum(axis=2))

    def part(self, start: int, stop: int) -> "Sums":
        """Some of the rows."""
        return Sums(*(getattr(self, name)[start:stop] for name in self.__slots__))


def all_differences(estimates: Sequence[Estimate]) -> tuple[Numbers, Numbers]:
    """By how much each estimate lies above each other one, and `difference_interval`'s probability of each difference.

    Both are [n, n]; the diagonal holds 0 and 1, as do pairs that cannot be told apart.
    """
    values = np.zeros((len(estimates), len(estimates)))
    chances = np.ones_like(values)
    kinds: defaultdict[tuple[tuple[int, ...], int, bool, int], list[int]] = defaultdict(list)
    for index, found in enumerate(estimates):
        kinds[found.seeds, found.examples, found.shares, found.effects.shape[1]].append(index)
    known = list(kinds.values())
    for number, rows in enumerate(known):
        for columns in known[: number + 1]:
            _fill(values, chances, estimates, rows, columns)
    np.fill_diagonal(values, 0.0)
    np.fill_diagonal(chances, 1.0)
    return values, chances


def _fill(
    values: Numbers, chances: Numbers, estimates: Sequence[Estimate], rows: Sequence[int], columns: Sequence[int]
) -> None:
    """Compares the estimates of one kind with those of another one, or with each other."""
    one, other = estimates[rows[0]], estimates[columns[0]]
    seeds = [seed for seed in one.seeds if seed in other.seeds]
    if not seeds or not one.judged_like(other):
        return
    centre: Numbers | float = 0.0
    if not one.shares:
        at = [one.seeds.index(seed) for seed in seeds]
        centre = one.effects[at]
    mine = Sums.of([estimates[row] for row in rows], seeds, centre)
    theirs = mine if rows is columns else Sums.of([estimates[column] for column in columns], seeds, centre)
    for start in range(0, len(rows), AT_ONCE):
        stop = min(start + AT_ONCE, len(rows))
        upto = stop if rows is columns else len(columns)  # what lies beyond is filled in from the other side
        across = np.ix_(rows[start:stop], columns[:upto])
        found, found_chances, alike = _block(mine.part(start, stop), theirs.part(0, upto), one)
        for row, column in np.argwhere(alike):
            exact = differences(estimates[rows[start + row]], [estimates[columns[column]]])
            found[row, column], found_chances[row, column] = exact[0][0], exact[1][0]
        values[across], chances[across] = found, found_chances
        back = np.ix_(columns[:upto], rows[start:stop])
        values[back], chances[back] = -found.T, found_chances.T


def _block(rows: Sums, columns: Sums, kind: Estimate) -> tuple[Numbers, Numbers, Numbers]:
    """Differences and their probabilities [rows, columns], and which of them sums cannot tell well."""
    apart = rows.values[:, None, :] - columns.values[None, :, :]
    means, seeds = apart.mean(axis=-1), apart.shape[-1]
    freedom, count = float(max(kind.examples - 1, 1)), columns.over_seeds.shape[1]
    if kind.examples < 2:
        lone = Uncertainty((Part(np.full(means.shape, LONE), freedom),))
        return means, _chances(lone, means, kind), np.zeros(means.shape, dtype=bool)
    worth = kind.examples if kind.shares else 1
    totals = rows.totals[:, None, :] - columns.totals[None, :, :]
    squared = _squared(rows.over_seeds, columns.over_seeds, rows.squares_over_seeds, columns.squares_over_seeds)
    common = count * squared - totals.sum(axis=-1) ** 2  # count * (count - 1) * the variance of the sum over seeds
    reach = count * (rows.squares_over_seeds[:, None] + columns.squares_over_seeds[None, :])
    alike = common < LOST * reach
    of_examples = np.maximum(common, 0.0) / (count * (count - 1)) / seeds**2 / worth
    if seeds == 1:
        found = Uncertainty((Part(of_examples, freedom),))
    else:
        squares = _squared(rows.effects, columns.effects, rows.squares, columns.squares)
        strays = seeds * (count * squares - (totals**2).sum(axis=-1)) - common
        alike |= strays < LOST * seeds * count * (rows.squares[:, None] + columns.squares[None, :])
        own = np.maximum(strays, 0.0) / (count * (count - 1) * seeds) / worth / (seeds - 1) / seeds
        of_seeds = np.maximum(apart.var(ddof=1, axis=-1) / seeds, own)
        first = Part(np.maximum(of_examples - own, 0.0), freedom)
        found = Uncertainty((first,), (Part(of_seeds, float(seeds - 1), own),))
    return means, _chances(found, means, kind), alike & (not kind.shares)


def _chances(found: Uncertainty, means: Numbers, kind: Estimate) -> Numbers:
    return np.asarray(two_sided(found.unlike_certainty(means, kind.examples), means))


def _squared(rows: Numbers, columns: Numbers, of_rows: Numbers, of_columns: Numbers) -> Numbers:
    """The squared distance of each row from each column."""
    found: Numbers = of_rows[:, None] + of_columns[None, :] - 2.0 * (rows @ columns.T)
    return found
