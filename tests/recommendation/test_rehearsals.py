"""Tests of rehearsals: logits, and the variance of differences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage, logit, paired_variance, share


def seen(hits):
    """A rehearsal with these answers."""
    hits = np.asarray(hits, dtype=bool)
    value = float(hits.mean())
    return Rehearsal(Stage.QUICK, value, 1.0, len(hits), (value * (1 - value) / len(hits)) ** 0.5, hits)


@given(st.floats(0.011, 0.994))
def test_a_share_comes_back_from_its_logit(value):
    """The two are each other's inverse where the logit is not clipped."""
    assert share(logit(value)) == pytest.approx(value)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_ends_have_finite_logits(value):
    """All right or all wrong is as far away as the clipping says, and no farther."""
    assert math.isfinite(logit(value))


def test_equal_answers_differ_by_nothing():
    """Two copies of a model answer alike, and the examples give their difference no variance."""
    hits = [True, False, True, True] * 25

    assert paired_variance(seen(hits), seen(hits), (1.0, 1.0)) == pytest.approx(0.0)


def test_pairing_narrows_a_difference():
    """Models that mostly agree are told apart by few examples, where two unpaired figures would not be."""
    rng = np.random.default_rng(0)
    first = rng.random(200) < 0.8
    second = first.copy()
    second[:6] = ~second[:6]
    unpaired = Rehearsal(Stage.QUICK, float(second.mean()), 1.0, 200, seen(second).deviation)

    paired, apart = (paired_variance(seen(first), other, (1.0, 1.0)) for other in (seen(second), unpaired))

    assert paired < apart / 4


def test_a_frozen_candidate_is_told_by_what_trains():
    """Code asks the trait, and never a method's name."""
    assert Candidate("a", "some_probe", "nothing").frozen
    assert not Candidate("a", "some_probe", "adapter").frozen
