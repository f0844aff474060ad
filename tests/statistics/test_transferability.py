"""Tests of scores of transferability: closed forms, another package's figures, and what must change nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn.covariance import ledoit_wolf

from ptmbench.statistics import transferability as module
from ptmbench.statistics.transferability import SCORES, h_score, log_me, parc, scores_of, shrunk_h_score
from strategies import labelled_features

PAIRED = {"lda_log_loss", "lda_accuracy", "ridge_log_loss", "ridge_accuracy", "neighbours_accuracy"}
RECIPES = [  # seed, n, d, classes, signal; H-score and LogME by transformer-ranker 0.2.0 (MIT)
    ((0, 60, 8, 3, 0.7), 0.521925, -0.563576),
    ((1, 200, 40, 5, 0.7), 2.904059, -0.048442),
    ((2, 90, 30, 10, 0.7), 3.218559, -0.063568),
    ((3, 500, 12, 2, 0.7), 0.684725, -0.390812),
    ((4, 40, 100, 4, 0.3), 0.840282, -0.544649),
    ((6, 50, 64, 2, 0.7), 0.876039, -0.232981),
    ((8, 60, 80, 3, 0.3), 0.314944, -0.640880),
]


def table(seed, examples, width, classes, signal):
    """Normal features around a mean of each class, with labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(examples) % classes
    return rng.normal(size=(examples, width)) + signal * rng.normal(size=(classes, width))[labels], labels


@pytest.mark.parametrize(("recipe", "expected", "_"), RECIPES)
def test_the_shrunk_h_score_is_that_of_another_package(recipe, expected, _):
    """Standardised features have transformer-ranker's score, which divides the part between classes by n - 1, not n."""
    features, labels = table(*recipe)
    count = len(labels)

    assert expected * (count - 1) / count == pytest.approx(shrunk_h_score(features, labels), abs=1e-5)


@pytest.mark.parametrize(("recipe", "_", "expected"), RECIPES)
def test_log_me_is_that_of_another_package(recipe, _, expected):
    """The evidence is transformer-ranker's, run with max_iter=2000 and tol=1e-9.

    Where d > n its determinant lacks a term, so it was given the features turned into their span, n x n, which leaves
    the evidence as it is.
    """
    assert expected == pytest.approx(log_me(*table(*recipe)), abs=1e-5)


def greatest_evidence(features, target):
    """The maximised evidence of one column of labels, by a search over both precisions."""
    products = features @ features.T

    def missing(logarithms):
        alpha, beta = np.exp(np.clip(logarithms, -15, 15))
        return -stats.multivariate_normal.logpdf(target, cov=products / alpha + np.eye(len(target)) / beta)

    starts = [(0.0, 0.0), (3.0, 1.0), (0.0, 4.0)]
    return -min(optimize.minimize(missing, start, method="Nelder-Mead").fun for start in starts) / len(target)


@pytest.mark.parametrize(("examples", "width"), [(40, 5), (30, 60)])
def test_log_me_is_the_greatest_density_of_the_labels(examples, width):
    """LogME is the maximum of the normal density that it is defined by, averaged over classes."""
    features, labels = table(7, examples, width, 3, 0.4)
    expected = np.mean([greatest_evidence(features, (labels == name).astype(float)) for name in range(3)])

    assert expected == pytest.approx(log_me(features, labels), abs=1e-5)


def test_log_me_of_features_that_are_0_is_that_of_noise():
    """Without features each column of labels is noise of its own mean square."""
    expected = np.mean([-0.5 * (np.log(2 * np.pi * share) + 1) for share in (0.25, 0.75)])

    assert expected == pytest.approx(log_me(np.zeros((8, 3)), np.array([0, 0, 1, 1, 1, 1, 1, 1])))


def test_log_me_of_features_that_have_nothing_to_do_with_classes():
    """Features at right angles to every column of labels are as good as none."""
    features, labels = np.array([[1.0], [-1.0], [2.0], [-2.0]]), np.array([0, 0, 1, 1])

    assert log_me(np.zeros((4, 1)), labels) == pytest.approx(log_me(features, labels))


@settings(deadline=None)
@given(labelled_features())
def test_the_h_score_is_its_formula(drawn):
    """The score is tr(pinv(cov F) cov(E[F | y])), computed as it is written."""
    features, labels = drawn
    means = np.array([features[labels == name].mean(axis=0) for name in labels])
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(features, rowvar=False)), rcond=1e-10)
    expected = np.trace(inverse @ np.atleast_2d(np.cov(means, rowvar=False)))

    assert expected == pytest.approx(h_score(features, labels), abs=1e-6)


@settings(deadline=None)
@given(labelled_features())
def test_the_shrunk_h_score_is_its_formula(drawn):
    """The score is (1 - a) tr(S_a^-1 B) of standardised features, computed as it is written."""
    features, labels = drawn
    rows = (features - features.mean(axis=0)) / features.std(axis=0)
    covariance, shrinkage = ledoit_wolf(rows)
    means = np.array([rows[labels == name].mean(axis=0) for name in labels])
    expected = (1 - shrinkage) * np.trace(np.linalg.solve(covariance, means.T @ means / len(rows)))

    if features.shape[1] > 1:  # of one column scikit-learn takes the shrinkage to be 0 or 1 by the last digit
        assert expected == pytest.approx(shrunk_h_score(features, labels), abs=1e-6)


def test_two_examples_a_class_of_one_feature():
    """At -1 - e, -1 + e, 1 - e and 1 + e the share of spread between classes is 1 / (1 + e^2)."""
    features, labels = np.array([[-1.5], [-0.5], [0.5], [1.5]]), np.array([1, 1, 0, 0])

    assert 0.8 == pytest.approx(h_score(features, labels))
    assert 0.8 == pytest.approx(shrunk_h_score(features, labels), abs=1e-6)


def test_more_features_than_examples_leave_the_h_score_without_meaning():
    """From d = n - 1 on the H-score is the number of classes less 1 whatever the labels; the shrunk one is not."""
    features, labels = table(0, 30, 29, 3, 1.0)
    shuffled = np.random.default_rng(0).permutation(labels)

    assert (2.0, 2.0) == pytest.approx((h_score(features, labels), h_score(features, shuffled)))
    assert shrunk_h_score(features, labels) > 2 * shrunk_h_score(features, shuffled)


@settings(deadline=None)
@given(labelled_features())
def test_parc_is_scipys_spearman(drawn):
    """PARC is scipy's rank correlation of the lower triangles of both tables of distances."""
    features, labels = drawn
    if features.shape[1] <= 2:  # of two features all correlations are 1 or -1, tied up to rounding
        return
    pairs = np.tril_indices(len(labels), -1)
    hot = np.eye(labels.max() + 1)[labels]
    apart = np.round(1 - np.corrcoef(hot), 9)[pairs]
    expected = stats.spearmanr(1 - np.corrcoef(features)[pairs], apart).statistic

    assert expected == pytest.approx(parc(features, labels), abs=1e-9)


def test_parc_compares_at_most_so_many_examples(monkeypatch):
    """Of more examples a part is drawn, the same each time."""
    features, labels = table(0, 60, 10, 3, 0.5)
    whole = parc(features, labels)
    monkeypatch.setattr(module, "MOST_PAIRED", 30)

    assert whole != parc(features, labels) == parc(features, labels)


def test_one_example_a_class():
    """With one example a class, what holds examples out or pairs them says None; the others are finite, and blind."""
    features = np.random.default_rng(0).normal(size=(6, 4))
    found, renamed = (scores_of(features, labels) for labels in (np.arange(6), np.array([5, 1, 9, 0, 2, 3])))

    assert {*PAIRED, "parc"} == {name for name, value in found.items() if value is None}
    assert 4.0 == pytest.approx(found["h_score"])
    assert np.isfinite([found["shrunk_h_score"], found["log_me"]]).all()
    assert renamed == found


@settings(max_examples=60, deadline=None)
@given(labelled_features(odd=True))
def test_no_score_is_other_than_a_finite_number(drawn):
    """Constant, equal, huge, rounded and single-precision features have finite scores wherever a class has two."""
    found = scores_of(*drawn)

    assert [score.name for score in SCORES] == list(found)
    assert [] == [name for name, value in found.items() if not np.isfinite(value)]


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
class TestEachScore:
    """What holds of each score."""

    def test_one_class_is_refused(self, score):
        """One class has nothing to be separated from."""
        with pytest.raises(ValueError, match="at least 2 classes, got 1"):
            score.function(np.ones((4, 2)), np.zeros(4, dtype=int))

    def test_better_features_score_higher(self, score):
        """Classes further apart have a higher score."""
        near, far = (score.function(*table(0, 120, 10, 3, signal)) for signal in (0.2, 1.0))

        assert near < far

    @settings(max_examples=10, deadline=None)
    @given(drawn=labelled_features())
    def test_other_names_of_classes_change_nothing(self, score, drawn):
        """Names with gaps, negative ones among them, have the same score to the last digit."""
        features, labels = drawn

        assert score.function(features, labels) == score.function(features, 3 - 40 * labels)

    @settings(max_examples=10, deadline=None)
    @given(drawn=labelled_features(), order=st.randoms(use_true_random=False))
    def test_the_order_of_examples_changes_nothing(self, score, drawn, order):
        """Examples in another order have the same score, where no folds are dealt by it."""
        features, labels = drawn
        if score.name in PAIRED - {"neighbours_accuracy"} or features.shape[1] <= 2:  # few features tie up to rounding
            return
        shuffled = np.array(order.sample(range(len(labels)), len(labels)))

        assert score.function(features, labels) == pytest.approx(
            score.function(features[shuffled], labels[shuffled]), abs=1e-6
        )

    def test_single_precision_is_enough(self, score):
        """Features in single precision have the score of the same numbers in double precision."""
        features, labels = table(0, 40, 60, 3, 0.5)
        single = features.astype(np.float32)

        assert score.function(single.astype(np.float64), labels) == score.function(single, labels)


@settings(max_examples=30, deadline=None)
@given(labelled_features(), st.integers(0, 1000))
def test_a_rotation_changes_neither_h_score_nor_log_me(drawn, seed):
    """Features turned in their space are as good."""
    features, labels = drawn
    turned = (
        features @ stats.ortho_group.rvs(features.shape[1], random_state=seed) if features.shape[1] > 1 else -features
    )

    assert h_score(features, labels) == pytest.approx(h_score(turned, labels), abs=1e-6)
    assert log_me(features, labels) == pytest.approx(log_me(turned, labels), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(labelled_features(), st.integers(0, 1000))
def test_units_of_columns_change_no_shrunk_h_score(drawn, seed):
    """Each column may have a unit and a zero of its own, and constant columns may come with it."""
    features, labels = drawn
    rng = np.random.default_rng(seed)
    other = features * 10 ** rng.uniform(-3, 3, features.shape[1]) + rng.normal(size=features.shape[1])

    assert shrunk_h_score(features, labels) == pytest.approx(
        shrunk_h_score(np.hstack([np.full((len(labels), 1), 0.1), other]), labels), abs=1e-5
    )
