"""Tests of `ptmbench.catalog.rate_window`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.catalog.rate_window import START, TRIED, best_rate, next_rate

LADDER = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)


def tried(score_of, ladder=LADDER):
    """The rates in the order in which they are tried, with their scores."""
    scores = {}
    while (rate := next_rate(ladder, scores)) is not None:
        scores[rate] = score_of(rate)
    return scores


@pytest.mark.parametrize(
    ("best", "window"),
    [
        (1e-1, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
        (3e-2, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
        (1e-2, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
        (3e-3, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
        (1e-3, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
        (1e-4, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
    ],
)
def test_the_window_follows_the_best(best, window):
    """Of a score with one top, five neighbours around it are tried, and it is among them."""
    scores = tried(lambda rate: -abs(LADDER.index(rate) - LADDER.index(best)))

    assert window == tuple(sorted(scores))
    assert best == best_rate(scores)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, float("-inf")]), min_size=7, max_size=7), st.integers(1, 7))
def test_equally_many_neighbours_are_tried_whatever_they_score(scores, length):
    """Five rates next to each other, or all of a shorter ladder, the middle ones first."""
    ladder = LADDER[:length]
    found = tried(dict(zip(LADDER, scores, strict=True)).__getitem__, ladder)
    places = sorted(ladder.index(rate) for rate in found)

    assert min(TRIED, length) == len(found)
    assert places == list(range(places[0], places[0] + len(places)))
    assert set(ladder[max(length - START, 0) // 2 :][:START]) <= set(found)


def test_of_equals_the_least_is_the_best():
    """Where two rates score alike, the gentler one is taken."""
    assert 1e-3 == best_rate({1e-2: 0.9, 1e-3: 0.9, 1e-4: 0.8})
