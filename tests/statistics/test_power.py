"""Tests of what a comparison could have found."""

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from ptmbench.statistics.power import StudentTest, minimum_detectable_effect, seeds_needed, times_needed


@pytest.mark.parametrize("effect", [0.4, 0.8, 1.5])
def test_seeds_needed_are_statsmodels(effect):
    """The number of seeds for a wanted effect is that of statsmodels' exact power, give or take one."""
    exact = TTestPower().solve_power(effect_size=effect, alpha=0.05, power=0.8, alternative="two-sided")

    assert abs(int(np.ceil(exact)) - seeds_needed(1.0, effect)) <= 1


def test_what_is_detectable_is_found_eight_times_in_ten():
    """An effect of just the minimum detectable size is found by a one-sided test in 80 % of simulations."""
    rng, count, level = np.random.default_rng(0), 30, 0.01
    test = StudentTest(1 / np.sqrt(count), count - 1, level)
    effect = minimum_detectable_effect(test)
    draws = rng.normal(effect, 1, size=(4_000, count))
    found = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / np.sqrt(count))
    from scipy import stats

    assert 0.8 == pytest.approx(np.mean(found > stats.t.isf(level, count - 1)), abs=0.03)


def test_four_times_as_many_samples_halve_what_is_detectable():
    """What is told to be needed does find the effect, and nothing finds one inside the tolerance."""
    test = StudentTest(0.02, 1_000, 0.01)

    times = times_needed(test, 0.03, tolerance=0.005)
    enough = StudentTest(0.02 / np.sqrt(times), 1_000, 0.01)

    assert 0.03 == pytest.approx(minimum_detectable_effect(enough, tolerance=0.005))
    assert np.inf == times_needed(test, 0.005, tolerance=0.005)


def test_an_effect_of_nothing_is_refused():
    """No number of seeds finds an effect of 0."""
    with pytest.raises(ValueError, match="above 0, got 0"):
        seeds_needed(1.0, 0.0)
    assert seeds_needed(1.0, 1e-6, most=50) is None
