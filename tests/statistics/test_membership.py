"""Tests of membership inference: another package's curves, what normal margins must give, and what must not show."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from ptmbench.statistics.membership import (
    LEAST,
    Ranked,
    attack_of,
    likelihood_ratios,
    margins_of,
    null_auc,
)

MODELS, EXAMPLES = 64, 200


def drawn(apart, seed=0, examples=EXAMPLES, rounded=None):
    """Normal margins around a mean of each example, those of members higher by `apart` standard deviations."""
    rng = np.random.default_rng(seed)
    members = rng.permuted(np.tile(np.arange(MODELS) < MODELS // 2, (examples, 1)), axis=1).T
    margins = 3 * rng.normal(size=examples) + rng.normal(size=(MODELS, examples)) + apart * members
    return margins if rounded is None else margins.round(rounded), members


def test_a_margin_is_the_logit_of_the_true_class():
    """ln p less ln of all others, exact where p is 1 but for rounding, and finite where it is nothing."""
    given = np.array([[0.5, 0.25, 0.25], [1e-3, 0.999, 0.0], [0.0, 1.0, 0.0]])
    sure = np.array([[1.0, 1e-17]])

    assert [0.0, np.log(1e-3 / 0.999), np.log(LEAST)] == pytest.approx(margins_of(given, np.array([0, 0, 0])))
    assert -np.log(LEAST) == pytest.approx(margins_of(sure, np.array([0]))[0])


def test_ratios_are_those_of_normal_densities():
    """Against SciPy's densities at the shadows' means, one target and example at a time."""
    margins, members = drawn(1.0, examples=20)
    found = likelihood_ratios(margins, members)
    target, others = 5, np.arange(MODELS) != 5
    shadows, learned = margins[others], members[others]
    spread = []
    for kind in (learned, ~learned):
        means = np.array([shadows[kind[:, i], i].mean() for i in range(20)])
        rest = sum(((shadows[kind[:, i], i] - means[i]) ** 2).sum() for i in range(20))
        spread.append((means, np.sqrt(rest / (kind.sum() - 20))))
    (inside, width), (outside, wide) = spread

    assert norm.logpdf(margins[target], inside, width) - norm.logpdf(margins[target], outside, wide) == pytest.approx(
        found[target]
    )


@pytest.mark.parametrize("rounded", [None, 0])
def test_the_curve_is_that_of_scikit_learn(rounded):
    """Area and rates, with ties and without."""
    scores, members = drawn(0.7, rounded=rounded)
    flat = members.ravel()
    false_rates, true_rates, _ = roc_curve(flat, scores.ravel(), drop_intermediate=False)
    curve = Ranked.of(scores, members).curve(np.ones(MODELS, dtype=np.int64))

    assert roc_auc_score(flat, scores.ravel()) == pytest.approx(curve.area)
    for rate in (0.001, 0.01, 0.3, 1.0):
        assert true_rates[false_rates <= rate].max() == pytest.approx(curve.at(rate))


def test_weights_count_models_more_than_once():
    """A model of weight two stands for two that are alike, one of weight nothing for none."""
    scores, members = drawn(0.7, examples=30)
    weights = np.zeros(MODELS, dtype=np.int64)
    weights[[3, 8]] = 2, 1
    flat = np.concatenate([members[row] for row in (3, 3, 8)]), np.concatenate([scores[row] for row in (3, 3, 8)])

    assert roc_auc_score(*flat) == pytest.approx(Ranked.of(scores, members).curve(weights).area)


@pytest.mark.parametrize("apart", [0.5, 1.0, 2.0])
def test_an_attack_finds_what_normal_margins_hold(apart):
    """AUC is that of two normal densities, and the rate at 1 % what their tails give, within intervals that hold it."""
    margins, members = drawn(apart, examples=1000)
    found = attack_of(likelihood_ratios(margins, members), members)

    assert norm.cdf(apart / np.sqrt(2)) == pytest.approx(found["auc"], abs=0.012)
    assert norm.sf(norm.isf(0.01) - apart) == pytest.approx(
        found["tpr_at_fpr_1e_2"], rel=0.2
    )  # means of 31 shadows each
    assert found["auc_interval95"][0] <= found["auc"] <= found["auc_interval95"][1]
    assert 0.5 == pytest.approx(null_auc(margins, members), abs=0.02)


def test_where_nothing_is_told_nothing_is_found():
    """Margins that know nothing of membership give one half, and members at the rate of all others."""
    margins, members = drawn(0.0, examples=1000)
    found = attack_of(likelihood_ratios(margins, members), members)

    assert 0.5 == pytest.approx(found["auc"], abs=0.02)
    assert found["tpr_at_fpr_1e_2_interval95"][0] <= 0.01 <= found["tpr_at_fpr_1e_2_interval95"][1]


def test_a_rate_of_a_thousandth_needs_a_thousand_pairs():
    """Below them there is no such figure."""
    few, many = (attack_of(*drawn(1.0, examples=examples)) for examples in (30, 40))

    assert "tpr_at_fpr_1e_3" not in few
    assert 0 <= many["tpr_at_fpr_1e_3"] <= many["tpr_at_fpr_1e_2"] <= 1


def test_an_example_that_all_shadows_learned_from_tells_nothing():
    """Without both kinds there is no ratio."""
    margins, members = drawn(1.0, examples=5)
    members[:, 2] = True

    assert not likelihood_ratios(margins, members)[:, 2].any()
    assert likelihood_ratios(margins, members)[:, 3].all()
