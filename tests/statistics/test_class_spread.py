"""Tests of how examples of classes spread: against scikit-learn, and of rotations that change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.covariance import ledoit_wolf

from ptmbench.statistics.class_spread import LabelledFeatures, ShrunkCovariance, in_span, standardised
from strategies import labelled_features


@settings(deadline=None)
@given(labelled_features())
def test_the_shrunk_covariance_is_scikit_learns(table):
    """Rows around 0 have the covariance and the shrinkage that scikit-learn finds by Ledoit and Wolf."""
    (rows,) = standardised(table[0])
    expected, shrinkage = ledoit_wolf(rows, assume_centered=True)
    found = ShrunkCovariance.of(rows, rows.shape[1])

    if rows.shape[1] > 1:  # of one column all shrinkages give the same
        assert shrinkage == pytest.approx(found.shrinkage, abs=1e-8)
    np.testing.assert_allclose(found.matrix, expected, atol=1e-8)


def test_the_span_of_few_rows_holds_all_that_matters():
    """More columns than rows are rotated into as many, with the same products, shrinkage and inverse."""
    rng = np.random.default_rng(0)
    (rows,) = standardised(rng.normal(size=(12, 50)))
    turned, others = in_span(rows, rows[:3] + rng.normal(size=(3, 50)))
    wide, narrow = ShrunkCovariance.of(rows, 50), ShrunkCovariance.of(turned, 50)

    assert (12, 12) == turned.shape
    assert (3, 12) == others.shape
    assert wide.shrinkage == pytest.approx(narrow.shrinkage)
    np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-10)
    np.testing.assert_allclose(
        turned @ np.linalg.solve(narrow.matrix, turned.T), rows @ np.linalg.solve(wide.matrix, rows.T), atol=1e-8
    )


def test_constant_columns_are_left_out():
    """A column that is constant up to rounding goes, in the other rows too, and the rest has mean 0 and deviation 1."""
    train = np.array([[0.1, 1.0, 5e8], [0.1, 3.0, 5e8], [0.1 + 1e-17, 5.0, 5e8]])
    scaled, other = standardised(train, np.array([[9.0, 3.0, 0.0]]))

    assert [[-(1.5**0.5)], [0.0], [1.5**0.5]] == pytest.approx(scaled)
    assert [[0.0]] == other.tolist()


def test_rows_without_spread_count_all_directions_alike():
    """Where no row differs from 0 there is nothing to estimate, and the covariance is the identity."""
    assert np.eye(3).tolist() == ShrunkCovariance.of(np.zeros((4, 3)), 3).matrix.tolist()


def test_classes_are_numbered_by_first_appearance():
    """Whatever classes are called, gaps and negative numbers included, the first to appear is 0."""
    found = LabelledFeatures.of(np.zeros((5, 1)), np.array([70, -2, 70, 9, -2]))

    assert [0, 1, 0, 2, 1] == found.classes.tolist()
    assert [2, 2, 1] == found.counts.tolist()
    assert not found.paired


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.zeros((3, 2)), np.zeros(3, dtype=int), "at least 2 classes, got 1"),
        (np.zeros((0, 2)), np.zeros(0, dtype=int), "at least 2 classes, got 0"),
        (np.zeros((3, 2)), np.arange(4), r"got \(3, 2\) and \(4,\)"),
        (np.zeros(3), np.arange(3), r"got \(3,\) and \(3,\)"),
        (np.array([[1.0], [np.nan]]), np.arange(2), "finite features"),
        (np.array([[1.0], [np.inf]]), np.arange(2), "finite features"),
    ],
)
def test_what_cannot_be_scored_is_refused(features, labels, message):
    """One class, shapes that do not fit and features that are not finite are refused in one line each."""
    with pytest.raises(ValueError, match=message):
        LabelledFeatures.of(features, labels)
