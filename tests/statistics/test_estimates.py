"""Tests of intervals over seeds and test examples at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import bdtr
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import proportion_confint

from ptmbench.statistics.estimates import Estimate, difference_interval, differences, interval_of, uncertainty
from ptmbench.statistics.intervals import mcnemar
from ptmbench.statistics.tallies import Ratios

hits = st.integers(1, 4).flatmap(
    lambda seeds: st.lists(st.lists(st.integers(0, 1), min_size=seeds, max_size=seeds), min_size=2, max_size=40)
)


def of_hits(rows):
    """The estimate of hits [seeds, examples]."""
    table = np.asarray(rows)
    return Estimate.of(range(len(table)), [Ratios(np.stack([row, np.ones_like(row)], axis=1)) for row in table])


def of_ratios(parts):
    """The estimate of one seed of a ratio of sums."""
    return Estimate.of([0], [Ratios(np.asarray(parts))])


@given(st.lists(st.integers(0, 1), min_size=2, max_size=400))
def test_one_seed_gives_wilsons_interval(row):
    """The interval of a share at one seed is Wilson's, with Student's quantile instead of the normal one."""
    low, high = interval_of(of_hits([row]))[0]
    count, right = len(row), sum(row)
    level = 2 * stats.norm.sf(stats.t.isf(0.025, count - 1))
    # the variance of a sample divides by one less than there are: as if there were one example less
    worth = count - 1 if 0 < right < count else count

    expected = proportion_confint(right / count * worth, worth, alpha=level, method="wilson")

    assert expected == pytest.approx((low, high), abs=1e-9)


@given(hits)
def test_the_interval_holds_the_mean_and_stays_in_range(columns):
    """Whatever was hit, the interval holds the mean over seeds and lies in [0, 1]."""
    estimate = of_hits(np.asarray(columns).T)

    (low, high), kind = interval_of(estimate)

    assert 0 <= low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= high <= 1
    assert kind == ("examples" if len(estimate.seeds) == 1 else "seeds_and_examples")


@given(hits)
def test_the_parts_are_those_of_an_analysis_of_variance(columns):
    """Examples and seeds add what a two-way layout says, and the seeds no less than their own misses."""
    table = np.asarray(columns, dtype=float).T
    seeds, examples = table.shape
    if seeds == 1:
        return
    of_seeds, of_examples = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    residual = ((table - of_seeds - of_examples + table.mean()) ** 2).sum() / ((seeds - 1) * (examples - 1))
    between = examples * of_seeds.var(ddof=1)
    across = seeds * of_examples.var(ddof=1)

    first, second = uncertainty(of_hits(table)).parts

    assert max(across - residual, 0) / (seeds * examples) == pytest.approx(first.variance, abs=1e-12)
    assert max(between, residual) / (seeds * examples) == pytest.approx(second.variance, abs=1e-12)
    assert seeds - 1 == second.freedom


def changed(seeds, examples, lost, won):
    """The difference of two runs whose every seed lost so many examples and won so many, each others of its own."""
    effects = np.zeros((seeds, examples))
    for seed, row in enumerate(effects):
        places = (np.arange(lost + won) + seed * (lost + won)) % examples
        row[places[:lost]], row[places[lost:]] = -1, 1
    return Estimate(tuple(range(seeds)), effects.mean(axis=1), effects, examples, shares=True)


@pytest.mark.parametrize(("seeds", "examples", "lost", "won"), [(3, 917, 30, 24), (2, 20, 1, 0), (5, 500, 10, 8)])
def test_seeds_that_agree_by_chance_prove_nothing(seeds, examples, lost, won):
    """Where every seed lost as much, on examples of its own, the difference is no surer than its examples make it."""
    (low, high), chance = difference_interval(changed(seeds, examples, lost, won))
    together = bdtr(seeds * won, seeds * (lost + won), 0.5)  # the sign test over all answers

    assert low < 0 < high
    assert chance > together
    assert chance > 0.05


def test_seeds_and_examples_that_all_agree_are_no_certainty():
    """A difference that every seed and example shows alike is as sure as so many tosses of a coin, not infinitely."""
    alike = changed(3, 6, 6, 0)

    (low, high), chance = difference_interval(alike)

    assert low < -1 < high
    assert 0 < chance


def test_seeds_that_differ_widen_the_interval():
    """Three seeds that lie far apart tell less than one that was asked as often."""
    steady = of_hits([[1, 0] * 100] * 3)
    apart = of_hits([[1, 0] * 100, [1, 1] * 100, [0, 0] * 100])

    (low, high), (wide_low, wide_high) = interval_of(steady)[0], interval_of(apart)[0]

    assert steady.value == apart.value
    assert wide_low < low - 0.2
    assert wide_high > high + 0.2


def test_a_ratio_of_sums_is_resampled():
    """F1 is no mean over sentences: its spread is that of a bootstrap, which the linearised ratio confirms."""
    rng = np.random.default_rng(0)
    below = rng.integers(1, 9, size=300)
    above = rng.binomial(below, 0.7)
    ratio = above.sum() / below.sum()
    linear = (above - ratio * below) / below.mean()

    error = uncertainty(of_ratios(np.stack([above, below], axis=1))).standard_error

    assert linear.std(ddof=1) / np.sqrt(300) == pytest.approx(error, rel=0.05)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=60))
def test_a_difference_at_one_seed_is_a_paired_t_test(pairs):
    """The difference of two models at one seed is tested as scipy tests paired examples."""
    first, second = (np.asarray(side, dtype=float) for side in zip(*pairs, strict=True))

    (low, high), p_value = difference_interval(of_hits([first]).minus(of_hits([second])))

    assert low <= np.mean(first - second) <= high
    if np.ptp(first - second) > 0:
        expected = stats.ttest_rel(first, second)
        assert expected.pvalue == pytest.approx(p_value, abs=1e-9)
        assert tuple(expected.confidence_interval()) == pytest.approx((low, high), abs=1e-9)


def test_only_common_seeds_are_compared():
    """A model with five seeds and one with three are compared at those three."""
    many = of_hits([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    few = of_hits([[1, 1, 1, 1], [1, 1, 1, 0]])

    assert (0, 1) == many.minus(few).seeds
    assert 0.0 == many.minus(few).value


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_statsmodels(first_only, second_only):
    """The exact p-value of McNemar's test is the one that statsmodels gives."""
    expected = statsmodels_mcnemar([[10, first_only], [second_only, 10]], exact=True).pvalue

    assert expected == pytest.approx(mcnemar(first_only, second_only), abs=1e-9)


@given(st.lists(st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=1, max_size=3), min_size=2))
def test_many_differences_at_once_are_those_one_by_one(tables):
    """An estimate against all others, whatever their seeds, gives the values and probabilities of each pair."""
    first, *others = [of_hits(table) for table in tables]

    values, chances = differences(first, others)

    for other, value, chance in zip(others, values, chances, strict=True):
        difference = first.minus(other)
        assert difference.value == pytest.approx(value, abs=1e-12)
        assert difference_interval(difference)[1] == pytest.approx(chance, abs=1e-9)


def test_what_was_judged_on_other_examples_cannot_be_told_apart():
    """Samples of other test examples, or of other seeds, differ by nothing that is known."""
    estimate, later = of_hits([[1, 1, 1, 1]]), Estimate.of([7], [Ratios(np.array([[0, 1]] * 4))])

    values, chances = differences(estimate, [of_hits([[0, 0, 0]]), later])

    assert [0.0, 0.0] == values.tolist()
    assert [1.0, 1.0] == chances.tolist()


@pytest.mark.parametrize("rows", [[[1]], [[1], [0], [1]]], ids=["one_seed", "three_seeds"])
def test_one_example_says_nothing(rows):
    """Of one test example no variance is known: intervals are all there is, and nothing is told apart."""
    sample, other = of_hits(rows), of_hits([[0]] * len(rows))
    entities = of_ratios([[2, 3]])

    assert (0.0, 1.0) == interval_of(sample)[0] == interval_of(entities)[0]
    assert ((-1.0, 1.0), 1.0) == difference_interval(sample.minus(other))
    assert differences(sample, [other])[1][0] > 0.2
    assert uncertainty(sample.minus(other)).chance(0.5) > 0.2
