"""Tests of rank intervals."""

import numpy as np

from ptmbench.statistics.estimates import Estimate
from ptmbench.statistics.rank_intervals import rank_intervals
from ptmbench.statistics.tallies import Ratios

EXAMPLES = 400


def right(share, rng):
    """A model that is right on about that share of the examples."""
    row = (rng.random(EXAMPLES) < share).astype(int)
    return Estimate.of([0], [Ratios(np.stack([row, np.ones_like(row)], axis=1))])


def test_clear_places_are_single_and_near_ones_shared():
    """Two models that cannot be told apart share places; one far above and one far below have theirs alone."""
    rng = np.random.default_rng(0)
    found = rank_intervals(
        {"best": right(0.95, rng), "a": right(0.7, rng), "b": right(0.7, rng), "last": right(0.3, rng)}
    )

    assert {"best": (1, 1), "a": (2, 3), "b": (2, 3), "last": (4, 4)} == found


def test_a_smaller_figure_may_be_the_better_one():
    """Where lower is better the places turn round."""
    rng = np.random.default_rng(0)
    estimates = {"high": right(0.9, rng), "low": right(0.2, rng)}

    assert {"high": (2, 2), "low": (1, 1)} == rank_intervals(estimates, higher_is_better=False)


def test_one_row_has_the_only_place():
    """A table of one row."""
    assert {"only": (1, 1)} == rank_intervals({"only": right(0.5, np.random.default_rng(0))})


def test_an_interval_holds_the_true_place():
    """Over many draws of test examples the true place lies inside at least 95 times in 100."""
    truth = {"a": 0.80, "b": 0.78, "c": 0.75, "d": 0.60}
    held = []
    for draw in range(200):
        rng = np.random.default_rng(draw)
        found = rank_intervals({name: right(share, rng) for name, share in truth.items()})
        held += [low <= place <= high for place, (low, high) in enumerate(found.values(), start=1)]

    assert np.mean(held) >= 0.95
