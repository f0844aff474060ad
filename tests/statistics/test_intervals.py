"""Tests of `ptmbench.statistics.intervals` against scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from ptmbench.statistics.intervals import benjamini_hochberg, clustered_spearman, holm, ranks, t_interval, wilson
from ptmbench.statistics.tallies import Ratios, value_of

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


@given(st.integers(1, 5_000), st.data())
def test_wilson_is_statsmodels(count, data):
    """Wilson's interval is the one that statsmodels gives, and holds the estimate."""
    hits = data.draw(st.integers(0, count))

    low, high = wilson(hits / count, count)

    assert proportion_confint(hits, count, method="wilson") == pytest.approx((low, high), abs=1e-9)
    assert 0 <= low <= hits / count <= high <= 1


@given(samples)
def test_t_interval_is_scipys(values):
    """The t interval is scipy's, and holds the mean."""
    low, high = t_interval(values)
    mean, error = np.mean(values), stats.sem(values)

    assert low <= mean <= high
    if error > 1e-9:
        assert stats.t.interval(0.95, len(values) - 1, mean, error) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


def test_one_value_has_no_t_interval():
    """One value says nothing of its spread."""
    with pytest.raises(ValueError, match="at least 2 values, got 1"):
        t_interval([0.5])


@given(samples)
def test_ranks_are_scipys(values):
    """Ties share the mean of their ranks, as scipy has it."""
    assert stats.rankdata(values).tolist() == ranks(values).tolist()


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=20))
def test_one_group_is_scipys_spearman(pairs):
    """In a single group the rank correlation is scipy's wherever both sides vary, and 0 elsewhere."""
    first, second = ([float(value) for value in side] for side in zip(*pairs, strict=True))
    estimate, _ = clustered_spearman([[(first, second)]], draws=2)
    if len(set(first)) < 2 or len(set(second)) < 2:
        assert estimate == 0
        return

    assert stats.spearmanr(first, second).statistic == pytest.approx(estimate, abs=1e-9)


def test_clustered_spearman_ignores_what_a_group_has_in_common():
    """A perfect relation inside groups is found though the groups lie apart the other way round."""
    groups = [([1.0, 2.0, 3.0], [30.0, 20.0, 10.0]), ([11.0, 12.0, 13.0], [300.0, 200.0, 100.0])]

    estimate, interval = clustered_spearman([groups])

    assert (-1.0, -1.0, -1.0) == pytest.approx((estimate, *interval))


def test_clustered_spearman_finds_nothing_in_noise():
    """Without a relation the interval holds 0."""
    rng = np.random.default_rng(3)
    estimate, (low, high) = clustered_spearman([[(rng.random(3), rng.random(3))] for _ in range(40)])

    assert low < 0 < high
    assert low <= estimate <= high


def test_a_ratio_of_sums_is_no_mean_of_ratios():
    """Numerators and denominators are summed first; where nothing is asked the ratio is 0."""
    assert 0.5 == value_of(Ratios(np.array([[1, 1], [0, 1], [4, 8]])))
    assert 0.0 == value_of(Ratios(np.zeros((3, 2), dtype=np.int64)))


p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(p_values)
def test_holm_is_statsmodels(values):
    """Adjusted p-values after Holm are those of statsmodels."""
    assert multipletests(values, method="holm")[1] == pytest.approx(holm(values), abs=1e-9)


@given(p_values)
def test_benjamini_hochberg_is_statsmodels(values):
    """Adjusted p-values after Benjamini and Hochberg are those of statsmodels."""
    assert multipletests(values, method="fdr_bh")[1] == pytest.approx(benjamini_hochberg(values), abs=1e-9)
