"""Tests of the differences of all pairs: against comparing them one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ptmbench.statistics.all_pairs import all_differences
from ptmbench.statistics.estimates import Estimate, differences
from ptmbench.statistics.tallies import Ratios

CLOSE = 1e-9  # of a probability: sums of products move its last digits


def estimate(rng, seeds, examples, *, shares=True, like=None):
    """An estimate of a model that is right now and then, or on almost the same examples as another one."""
    hits = rng.random((len(seeds), examples)) < rng.uniform(0.2, 0.9)
    if like is not None:
        hits = np.broadcast_to(like, hits.shape) ^ (rng.random(hits.shape) < 0.02)
    sizes = np.ones(examples, dtype=int) if shares else np.arange(examples) % 3 + 1
    return Estimate.of(seeds, [Ratios(np.stack([row * sizes, sizes], axis=1)) for row in hits.astype(int)])


@st.composite
def tables(draw):
    """Some estimates of one task: of one seed or several, ties and near ties among them, and sometimes odd ones."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    examples, seeds = draw(st.sampled_from([1, 2, 5, 40])), draw(st.sampled_from([[0], [0, 1], [0, 1, 2]]))
    shares, base = draw(st.booleans()), rng.random(examples) < 0.7
    found = []
    for kind in draw(st.lists(st.sampled_from(["own", "near", "tie", "seeds", "examples"]), min_size=1, max_size=9)):
        if kind == "tie" and found:
            found.append(found[-1])
        elif kind == "seeds":
            found.append(estimate(rng, [1, 7], examples, shares=shares))
        elif kind == "examples":
            found.append(estimate(rng, seeds, examples + 1, shares=shares))
        else:
            found.append(estimate(rng, seeds, examples, shares=shares, like=base if kind == "near" else None))
    return found


def one_by_one(found):
    """The definition: each estimate with all that stand before it."""
    values, chances = np.zeros((len(found), len(found))), np.ones((len(found), len(found)))
    for row, mine in enumerate(found):
        values[row, :row], chances[row, :row] = differences(mine, found[:row])
        chances[:row, row] = chances[row, :row]
    return values - values.T, chances


@settings(max_examples=150, deadline=None)
@given(tables())
def test_all_pairs_at_once_are_as_they_are_one_by_one(found):
    """Differences are the same to the last digit, and their probabilities to nine."""
    values, chances = all_differences(found)
    expected, likely = one_by_one(found)

    assert expected.tolist() == values.tolist()
    np.testing.assert_allclose(chances, likely, rtol=CLOSE, atol=1e-300)


def test_more_rows_than_are_compared_at_once():
    """A table of several blocks of rows is compared whole."""
    rng = np.random.default_rng(0)
    found = [estimate(rng, [0], 30) for _ in range(300)]

    np.testing.assert_allclose(all_differences(found)[1], one_by_one(found)[1], rtol=CLOSE, atol=1e-300)


def test_the_same_outcomes_differ_by_nothing_for_sure():
    """A model and its copy: no difference, of a metric over resamplings too, where sums cancel."""
    found = [estimate(np.random.default_rng(0), [0, 1], 40, shares=False)] * 2
    values, chances = all_differences(found)

    assert [[0.0, 0.0], [0.0, 0.0]] == values.tolist()
    assert one_by_one(found)[1].tolist() == chances.tolist()
