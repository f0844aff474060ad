"""Rank intervals: which ranks of a table a row may hold, as far as the test examples and seeds can tell.

From paired comparisons of each row with every other one (Mogstad, Romano, Shaikh & Wilhelm 2024): as many rows as are
surely better stand above it, as many as are surely worse below. Sure is what Holm's adjustment over the row's
comparisons leaves at 95 %, so that each row's interval holds its true rank at least 95 times in 100.
"""

from collections.abc import Mapping

import numpy as np

from ptmbench.statistics.estimates import Estimate, differences
from ptmbench.statistics.intervals import CONFIDENCE, holm

Places = tuple[int, int]


def rank_intervals(estimates: Mapping[str, Estimate], *, higher_is_better: bool = True) -> dict[str, Places]:
    """The first and the last rank that each row may hold, 1 the best.

    Rows are of one task: seeds are paired where both have them, and the test examples are the same.
    """
    names, found = list(estimates), list(estimates.values())
    values = np.zeros((len(names), len(names)))
    p_values = np.ones((len(names), len(names)))
    for row, estimate in enumerate(found):
        values[row, :row], p_values[row, :row] = differences(estimate, found[:row])
        p_values[:row, row] = p_values[row, :row]
    values -= values.T
    if not higher_is_better:
        values = -values
    places = {}
    for row, name in enumerate(names):
        others = [column for column in range(len(names)) if column != row]
        sure = holm(p_values[row, others]) <= 1 - CONFIDENCE
        better, worse = (values[row, others] < 0) & sure, (values[row, others] > 0) & sure
        places[name] = (1 + int(better.sum()), len(names) - int(worse.sum()))
    return places
