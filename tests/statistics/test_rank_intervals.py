"""Tests of rank intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptmbench.statistics import rank_intervals as module
from ptmbench.statistics.estimates import Estimate, differences
from ptmbench.statistics.intervals import CONFIDENCE, holm
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


def pairwise(estimates, *, higher_is_better):
    """The definition: each row with every other one, pair by pair."""
    places = {}
    for name, mine in estimates.items():
        values, chances = differences(mine, [other for key, other in estimates.items() if key != name])
        sure = holm(chances) <= 1 - CONFIDENCE
        better, worse = ((values < 0) & sure, (values > 0) & sure)[:: 1 if higher_is_better else -1]
        places[name] = (1 + int(better.sum()), len(estimates) - int(worse.sum()))
    return places


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([[0], [0, 1, 2]]), st.integers(1, 12), st.booleans(), st.booleans())
def test_ranks_are_those_of_the_pairwise_definition(seed, seeds, rows, shares, upwards):
    """Whatever is compared at once, no rank is another than pair by pair; of shares and of other metrics."""
    rng = np.random.default_rng(seed)
    sizes = np.ones(60, dtype=int) if shares else rng.integers(1, 4, 60)
    estimates = {}
    for row in range(rows):
        hits = (rng.random((len(seeds), 60)) < rng.choice([0.5, 0.7, 0.9])).astype(int)
        estimates[f"row{row}"] = Estimate.of(seeds, [Ratios(np.stack([one * sizes, sizes], axis=1)) for one in hits])

    assert pairwise(estimates, higher_is_better=upwards) == rank_intervals(estimates, higher_is_better=upwards)


@pytest.mark.parametrize("near", [0.0, 1e9])
def test_rows_near_the_level_are_compared_pair_by_pair(monkeypatch, near):
    """The exact comparison of a row, which a probability near the level asks for, gives the same ranks."""
    rng = np.random.default_rng(0)
    estimates = {f"row{row}": right(rng.uniform(0.4, 0.9), rng) for row in range(30)}
    monkeypatch.setattr(module, "NEAR", near)

    assert pairwise(estimates, higher_is_better=True) == rank_intervals(estimates)
