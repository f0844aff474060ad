"""Tests of effective rank and centred kernel alignment: closed forms, the papers' formulae, what must not move."""

import numpy as np
import pytest

from ptmbench.statistics.representation import effective_rank, linear_cka


def normal(seed, *shape):
    """Normal features."""
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_directions_of_equal_length_count_one_each(rank):
    """Features that fill some directions equally have that rank, whatever the space around them and their mean."""
    basis = np.linalg.qr(normal(0, 50, rank) - normal(0, 50, rank).mean(axis=0))[0]
    turn = np.linalg.qr(normal(1, 20, 20))[0][:rank]

    assert rank == pytest.approx(effective_rank(basis @ turn + 7.0))


def test_the_rank_is_that_of_the_definition():
    """Singular values of 3 and 1 have shares of .75 and .25."""
    basis = np.linalg.qr(normal(2, 40, 2) - normal(2, 40, 2).mean(axis=0))[0]
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))

    assert np.exp(entropy) == pytest.approx(effective_rank(basis * [3.0, 1.0]))


def test_features_that_are_all_the_same_fill_nothing():
    """Without a direction the rank is 0, in whatever units."""
    assert 0.0 == effective_rank(np.full((10, 4), 1e6))


def test_turning_and_stretching_changes_nothing():
    """The same features rotated, scaled and moved are the same; so are they in another order of columns."""
    features = normal(3, 60, 12)
    turn = np.linalg.qr(normal(4, 12, 12))[0]

    assert 1.0 == pytest.approx(linear_cka(features, 5 * features @ turn - 2))


@pytest.mark.parametrize("width", [4, 400])
def test_unrelated_features_have_nothing_in_common(width):
    """Also with more dimensions than examples, where the biased figure is near 1."""
    found = [linear_cka(normal(seed, 80, width), normal(seed + 100, 80, width)) for seed in range(20)]

    assert 0.0 == pytest.approx(np.mean(found), abs=0.03)


def test_the_figure_is_that_of_the_definition():
    """With many examples and few dimensions it is ||Y'X||^2 / (||X'X|| ||Y'Y||) of the paper."""
    first = normal(5, 4000, 3)
    second = first @ normal(6, 3, 5) + normal(7, 4000, 5)
    x, y = (side - side.mean(axis=0) for side in (first, second))
    paper = np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))

    assert paper == pytest.approx(linear_cka(first, second), abs=2e-3)


def test_a_constant_side_has_no_figure():
    """Nothing varies, so that nothing can be the same."""
    assert np.isnan(linear_cka(np.full((10, 3), 0.1), normal(8, 10, 3)))
