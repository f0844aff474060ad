"""Tests of scores on examples held out: against scikit-learn, fold by fold."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeClassifierCV
from sklearn.metrics import log_loss
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from ptmbench.statistics.class_spread import LabelledFeatures, ShrunkCovariance
from ptmbench.statistics.held_out import (
    ALPHAS,
    _folds,
    lda_accuracy,
    lda_log_loss,
    neighbours_accuracy,
    ridge_accuracy,
    ridge_log_loss,
)
from strategies import labelled_features


def table(examples, width, classes=3, signal=0.6, seed=0):
    """Normal features around a mean of each class, with labels."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.resize(np.arange(classes), examples))
    return rng.normal(size=(examples, width)) + signal * rng.normal(size=(classes, width))[labels], labels


def pooled_lda(rows, labels):
    """scikit-learn's LDA with the shrinkage of all classes together, which its pooled covariance takes as a number."""
    means = np.array([rows[labels == name].mean(axis=0) for name in range(labels.max() + 1)])
    shrinkage = ShrunkCovariance.of(rows - means[labels], rows.shape[1]).shrinkage
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(rows, labels)


def fold_by_fold(features, labels, fitted):
    """What a model fitted on each fold's other examples gives its own: decision values, made from standardised rows."""
    found = LabelledFeatures.of(features, labels)
    values = np.empty((len(labels), len(found.counts)))
    for test in _folds(found.classes):
        scaler = StandardScaler().fit(features[~test])
        values[test] = fitted(scaler.transform(features[~test]), found.classes[~test]).predict_or_decide(
            scaler.transform(features[test])
        )
    return values, found.classes


class Decided:
    """A fitted classifier of scikit-learn, asked for the values whose softmax is its probabilities."""

    def __init__(self, model):
        self.model = model

    def predict_or_decide(self, rows):
        """A column a class, for two classes as well, where scikit-learn gives one."""
        if hasattr(self.model, "predict_log_proba"):
            return self.model.predict_log_proba(rows)
        values = self.model.decision_function(rows)
        return values if values.ndim == 2 else np.stack([-values, values], axis=1)


def expected_scores(values, classes):
    """The mean log-probability by softmax, and the accuracy."""
    chances = np.exp(values - values.max(axis=1, keepdims=True))
    return -log_loss(classes, chances / chances.sum(axis=1, keepdims=True)), np.mean(values.argmax(axis=1) == classes)


@pytest.mark.parametrize(("examples", "width", "classes"), [(90, 6, 3), (60, 40, 2), (40, 70, 4)])
def test_discriminants_are_scikit_learns(examples, width, classes):
    """Given the shrinkage, log-probabilities and accuracy are those of scikit-learn's LDA, for d above n too."""
    features, labels = table(examples, width, classes)
    found = fold_by_fold(features, labels, lambda rows, names: Decided(pooled_lda(rows, names)))
    log_likelihood, accuracy = expected_scores(*found)

    assert log_likelihood == pytest.approx(lda_log_loss(features, labels), abs=1e-6)
    assert accuracy == lda_accuracy(features, labels)


@pytest.mark.parametrize(("examples", "width", "classes"), [(90, 6, 3), (60, 40, 2), (40, 70, 4)])
def test_ridge_is_scikit_learns_classifier(examples, width, classes):
    """Values and the choice of penalty are those of RidgeClassifierCV, of two classes and of more."""
    features, labels = table(examples, width, classes)
    found = fold_by_fold(
        features, labels, lambda rows, names: Decided(RidgeClassifierCV(alphas=ALPHAS).fit(rows, names))
    )
    log_likelihood, accuracy = expected_scores(*found)

    assert log_likelihood == pytest.approx(ridge_log_loss(features, labels), abs=1e-6)
    assert accuracy == ridge_accuracy(features, labels)


def test_neighbours_are_scikit_learns():
    """Of two classes five votes never tie, and scikit-learn tells the same share, one left out."""
    features, labels = table(80, 10, classes=2, signal=0.4)
    told = cross_val_predict(KNeighborsClassifier(5, metric="cosine"), features, labels, cv=LeaveOneOut())

    assert np.mean(told == labels) == neighbours_accuracy(features, labels)


@pytest.mark.parametrize(("angles", "share"), [([90, 95, 0, 5, 10], 0.6), ([60, 180, 0, 120, 240], 0.0)])
def test_the_nearer_of_equal_votes_wins(angles, share):
    """Of five examples, three of them of one class, each of the three has two votes for each class."""
    turned = np.radians(angles)

    assert share == neighbours_accuracy(np.stack([np.cos(turned), np.sin(turned)], axis=1), np.array([0, 0, 1, 1, 1]))


def test_every_class_stands_on_both_sides_of_every_fold():
    """Each example is in one fold, no fold holds all of a class of two, and classes are spread evenly."""
    classes = np.random.default_rng(0).permutation(np.repeat(np.arange(6), [2, 3, 4, 5, 12, 21]))
    folds = np.array(list(_folds(classes)))

    assert (5, 47) == folds.shape
    assert [1] * 47 == folds.sum(axis=0).tolist()
    for name in range(6):
        inside = folds[:, classes == name].sum(axis=1)
        assert inside.max() < inside.sum()
        assert np.ptp(inside) <= 1


@pytest.mark.parametrize(
    "score", [lda_log_loss, lda_accuracy, ridge_log_loss, ridge_accuracy, neighbours_accuracy], ids=lambda s: s.__name__
)
class TestEachScore:
    """What holds of each score on examples held out."""

    def test_one_example_of_a_class_is_too_few(self, score):
        """Where a class has a single example there is no score."""
        assert score(np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 0, 1, 1, 2])) is None

    def test_better_features_score_higher(self, score):
        """Classes further apart have the higher score, and noise one near chance."""
        near, labels = table(150, 8, signal=0.2)
        far, _ = table(150, 8, signal=1.0)

        assert score(near, labels) < score(far, labels)

    @settings(max_examples=20, deadline=None)
    @given(table=labelled_features())
    def test_other_names_of_classes_change_nothing(self, score, table):
        """A score knows classes apart and not what they are called."""
        features, labels = table

        assert score(features, labels) == score(features, 100 - 7 * labels)


def test_two_examples_of_a_class_are_enough():
    """Two far classes of two examples are told apart by what fits a line; of three neighbours two are of the other."""
    features = np.array([[1.0, 0.01], [1.1, 0.0], [-1.0, 0.0], [-1.1, 0.01]])
    labels = np.array([5, 5, 3, 3])

    assert np.log(0.5) < lda_log_loss(features, labels) <= 0
    assert np.log(0.5) < ridge_log_loss(features, labels) <= 0
    assert (1.0, 1.0, 0.0) == tuple(
        score(features, labels) for score in (lda_accuracy, ridge_accuracy, neighbours_accuracy)
    )


def test_features_that_are_all_constant_tell_the_commonest_class():
    """Without a feature that varies, shares of classes are all there is to go by."""
    features, labels = np.full((20, 3), 0.1), np.repeat([4, 9], [15, 5])

    assert (0.75, 0.75) == (lda_accuracy(features, labels), ridge_accuracy(features, labels))
    assert 0.75 * np.log(0.75) + 0.25 * np.log(0.25) == pytest.approx(lda_log_loss(features, labels))
