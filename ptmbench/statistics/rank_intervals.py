"""Rank intervals: which ranks of a table a row may hold, as far as the test examples and seeds can tell.

From paired comparisons of each row with every other one (Mogstad, Romano, Shaikh & Wilhelm 2024): as many rows as are
surely better stand above it, as many as are surely worse below. Sure is what Holm's adjustment over the row's
comparisons leaves at 95 %, so that each row's interval holds its true rank at least 95 times in 100.

All pairs are compared at once (`ptmbench.statistics.all_pairs`), which may move the last digits of a probability. A row
with one so near the level that they could decide is compared anew, pair by pair: the ranks are those of the exact
definition.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ptmbench.statistics.all_pairs import all_differences
from ptmbench.statistics.estimates import Estimate, Numbers, differences
from ptmbench.statistics.intervals import CONFIDENCE, holm

Places = tuple[int, int]
LEVEL = 1 - CONFIDENCE
NEAR = 1e-6  # of the level: by far more than sums of products move a probability


def rank_intervals(estimates: Mapping[str, Estimate], *, higher_is_better: bool = True) -> dict[str, Places]:
    """The first and the last rank that each row may hold, 1 the best.

    Rows are of one task: seeds are paired where both have them, and the test examples are the same.
    """
    names, found = list(estimates), list(estimates.values())
    values, chances = all_differences(found)
    places = {}
    for row, name in enumerate(names):
        mine, others = values[row], np.delete(chances[row], row)
        adjusted = holm(others)
        if (np.abs(adjusted - LEVEL) < NEAR * LEVEL).any():
            mine, others = _exactly(found, row)
            adjusted = holm(others)
        apart = np.delete(mine if higher_is_better else -mine, row)[adjusted <= LEVEL]
        places[name] = (1 + int((apart < 0).sum()), len(names) - int((apart > 0).sum()))
    return places


def _exactly(found: Sequence[Estimate], row: int) -> tuple[Numbers, Numbers]:
    """By how much a row lies above each, and the probabilities of its differences from all others, pair by pair."""
    values, chances = differences(found[row], found)
    return values, np.delete(chances, row)
