"""Tests of the noise of times: what the least of several launches says, and how sure that is."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.gate.added_time import AddedTime, LeastTest

excesses = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(lambda values: AddedTime(np.sort([0.0, *values])))


def mixed(rng, launches, cases=12, slow=0.25):
    """Logarithms of times [cases, launches]: a little noise, and a quarter slower every now and then."""
    return 0.02 * rng.exponential(size=(cases, launches)) + 0.25 * (rng.random((cases, launches)) < slow)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.floats(0.01, 1), st.integers(1, 3), st.integers(1, 3))
def test_the_chance_is_that_of_all_draws(values, difference, before, now):
    """It is the share of all ways to draw both sides' launches that lie so far apart, or more: it errs to caution."""
    noise = AddedTime(np.sort([0.0, *values]))
    draws = [[min(drawn) for drawn in itertools.product(noise.excess, repeat=launches)] for launches in (before, now)]
    exact = np.mean([second >= first + difference for first in draws[0] for second in draws[1]])

    found = noise.chance(difference, before, now)

    assert exact <= found + 1e-12
    assert found <= 1


@given(excesses, st.floats(0.01, 1), st.integers(1, 5))
def test_larger_differences_and_more_launches_are_less_likely(noise, difference, launches):
    """The chance falls with the difference and with the launches of the side that is slower."""
    found = noise.chance(difference, launches, launches)

    assert noise.chance(difference + 0.1, launches, launches) <= found
    assert noise.chance(difference, launches, launches + 1) <= found
    assert 1.0 == noise.chance(-difference, launches, launches)


def test_false_alarms_are_no_more_than_the_chance_says():
    """With nothing changed, differences beyond a tolerance of 10 % at a chance of at most 1 % are at most 1 in 100."""
    rng = np.random.default_rng(0)
    low = 0
    for _ in range(400):
        before, now = mixed(rng, 6), mixed(rng, 6)
        noise = AddedTime.seen_in([*before, *now])
        changes = [float(b.min() - a.min()) for a, b in zip(before, now, strict=True)]
        low += sum(change > np.log(1.1) and noise.chance(change, 6, 6) <= 0.01 for change in changes)

    assert low / (400 * 12) <= 0.01


def test_spells_do_not_hide_a_slowdown():
    """A fifth slower is found at fifteen launches although a quarter of all launches run a quarter slower."""
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(50):
        before, now = mixed(rng, 15), mixed(rng, 15)
        now[0] += np.log(1.2)
        noise = AddedTime.seen_in([*before, *now])
        found += noise.chance(float(now[0].min() - before[0].min()), 15, 15) <= 0.008 / 12

    assert found >= 49


def test_what_is_detectable_takes_as_many_launches():
    """More launches find smaller slowdowns; as many as are said to be needed find the one asked for."""
    noise = AddedTime.seen_in([*mixed(np.random.default_rng(2), 10)])
    few, many = (LeastTest(noise, count, count, np.log(1.1)) for count in (5, 15))

    assert many.detectable(1e-3) < few.detectable(1e-3)
    needed = few.needed(1e-3, 0.2)
    assert noise.chance(np.log(1.2), int(needed), int(needed)) <= 1e-3
    assert noise.chance(np.log(1.2), int(needed) - 1, int(needed) - 1) > 1e-3


def test_where_no_number_of_launches_is_enough_it_is_endless():
    """A level that not even a hundredfold of launches reaches has no number of them."""
    noise = AddedTime(np.zeros(1))

    assert np.inf == LeastTest(noise, 2, 2, 0.0).needed(1e-99, 0.2)
