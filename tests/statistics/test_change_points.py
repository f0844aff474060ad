"""Tests of change points in series of numbers."""

import builtins

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptmbench.errors import UsageError
from ptmbench.statistics.change_points import FEWEST, SHORTEST, exact_steps, near_noise, noisy_steps, penalty

lengths = st.integers(FEWEST, 40)
seeds = st.integers(0, 10_000)


def noise(seed, length):
    """Normal noise."""
    return np.random.default_rng(seed).normal(size=length)


@given(st.floats(-1e6, 1e6), lengths)
def test_a_constant_series_never_steps(value, length):
    """What does not change has no step, exact or not."""
    assert [] == noisy_steps([value] * length)[0]
    assert [] == exact_steps([value] * length)


@settings(max_examples=50, deadline=None)
@given(seeds, lengths, st.integers(-8, 8), st.integers(-50, 50))
def test_shift_and_scale_move_no_step(seed, length, power, shift):
    """Another unit, or another zero, leaves steps where they are."""
    series = noise(seed, length)
    series[length // 2 :] += 6

    assert noisy_steps(series)[0] == noisy_steps(series * 2.0**power)[0]
    assert noisy_steps(series)[0] == noisy_steps(series + shift)[0]


@settings(max_examples=50, deadline=None)
@given(seeds, lengths)
def test_a_mirrored_series_steps_the_other_way(seed, length):
    """Up and down are alike."""
    series = noise(seed, length)
    series[length // 2 :] += 8

    assert noisy_steps(series)[0] == noisy_steps(-series)[0]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_exact_steps_are_all_changes(values):
    """A figure that repeats exactly steps where it changes, and nowhere else."""
    steps = exact_steps(values)

    assert [index for index in range(1, len(values)) if values[index - 1] != values[index]] == steps


@settings(max_examples=100, deadline=None)
@given(seeds, lengths)
def test_levels_last_as_long_as_they_have_to(seed, length):
    """No level is shorter than three runs."""
    series = noise(seed, length) + 10 * (np.arange(length) % 7 > 3)

    ends = [0, *noisy_steps(series)[0], length]

    assert min(np.diff(ends)) >= SHORTEST


def test_flat_noise_steps_in_about_one_of_a_hundred():
    """False alarms stay near 1 % at lengths short and long: 1,000 series of each."""
    for length in (6, 12, 25, 60):
        alarms = sum(bool(noisy_steps(noise(seed, length))[0]) for seed in range(1_000))
        assert alarms <= 18, length  # of 10 expected at most, 18 are met by chance in 1 of 100 lengths


def test_three_runs_of_five_deviations_are_found():
    """A new level of 5 standard deviations is found once it has lasted three runs, at 20 runs nearly always."""
    found = 0
    for seed in range(200):
        series = noise(seed, 20)
        series[-SHORTEST:] += 5
        found += noisy_steps(series)[0] in ([16], [17], [18])

    assert found >= 190


@pytest.mark.parametrize("place", [0, 1, 7, 13, 14])
@pytest.mark.parametrize("size", [6, 30, 1000])
def test_one_run_that_is_off_is_no_step(place, size):
    """An outlier, wherever it is and however large, leaves nearly every series without a step."""
    alarms = 0
    for seed in range(100):
        series = noise(seed, 15)
        series[place] += size
        alarms += bool(noisy_steps(series)[0])

    assert alarms <= 3


def test_two_runs_that_are_off_are_no_step_yet():
    """A level has to last three runs: two are waited out, three are told."""
    series = noise(1, 20)
    series[-2:] += 20
    assert [] == noisy_steps(series)[0]

    series[-3:-2] += 20
    assert [17] == noisy_steps(series)[0]


def test_a_floor_of_the_noise_is_heeded():
    """What a record's interval calls noise is no step, however still the series is."""
    series = [0.90] * 5 + [0.89] * 5

    assert ([5], 0.0) == (noisy_steps(series)[0], noisy_steps([0.9] * 10)[1])
    assert ([], 0.02) == noisy_steps(series, floor=0.02)


def test_several_steps_are_found_where_they_are():
    """More levels than the noise is estimated around are told apart, too."""
    series = noise(3, 48) + 12 * np.repeat([0, 1, 3, 2, 0, 4], 8)

    assert [8, 16, 24, 32, 40] == noisy_steps(series)[0]


def test_short_series_say_nothing():
    """Below the fewest runs there is no step, whatever the figures."""
    assert ([], 0.5) == noisy_steps([0, 0, 100, 100, 100], floor=0.5)


def test_the_noise_estimate_is_right_without_and_with_steps():
    """On long series the estimate is near 1, and a few steps hardly move it."""
    series = noise(0, 4_000)

    assert pytest.approx(1, abs=0.05) == near_noise(series)
    assert pytest.approx(1, abs=0.06) == near_noise(series + 50 * (np.arange(4_000) // 1_000))
    assert penalty(6) >= penalty(20) >= penalty(200)


def test_without_ruptures_the_message_says_what_to_install(monkeypatch):
    """A Python that ruptures has no wheels for gets one line."""
    real = builtins.__import__

    def absent(name, *arguments):
        if name == "ruptures":
            raise ModuleNotFoundError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", absent)

    with pytest.raises(UsageError, match="pip install ruptures"):
        noisy_steps(noise(0, 10))
