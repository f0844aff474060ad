"""Tests of the bounds of options."""

import numpy as np
import pytest

from ptmbench.catalog.bounds import MOST, beyond, beyond_time, real, shown, whole


@pytest.mark.parametrize("thing", MOST)
def test_the_ends_of_a_range_are_in_it(thing):
    """The least and the greatest number pass, their neighbours outside are told the range."""
    assert [] == beyond(thing, 1) + beyond(thing, MOST[thing]) + beyond(thing, None) + beyond(thing, np.int64(1))
    assert [2] == [len(beyond(thing, 0) + beyond(thing, MOST[thing] + 1))]
    assert f"expected 1 to {MOST[thing]:,} " in beyond(thing, 0)[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x", "expected 2 to 1,000 launches a side, got 'x'"),
        ("9" * 5000, f"got {'9' * 40!r}... (5,000 letters)"),
        (10**5000, "got a number of more than 300 digits"),
        (-(10**20), "got -1e+20"),
        (1, "got 1"),
        (2.5, "got 2.5"),
    ],
    ids=["word", "digits", "huge", "negative", "few", "fraction"],
)
def test_what_is_no_such_number_is_shown_short(given, said):
    """A word, a fraction and a number of any length are refused in one short line."""
    (line,) = beyond("launch", given, 2, " a side")

    assert said in line
    assert len(line) < 150


@pytest.mark.parametrize("given", [0, -1, "nan", "inf", "1e300", "soon", "1" * 5000])
def test_a_time_is_a_number_of_seconds(given):
    """What is no time to wait is refused, as typed or as a number."""
    assert 1 == len(beyond_time(real(given) if isinstance(given, str) else given))
    assert [] == beyond_time(None) + beyond_time(1) + beyond_time(1e7)


def test_a_text_that_is_no_number_is_kept():
    """It is refused later, together with all other faults."""
    assert [12, "1.5", "9" * 5000] == [whole("12"), whole("1.5"), whole("9" * 5000)]
    assert [1.5, "x"] == [real("1.5"), real("x")]


def test_a_short_number_is_shown_as_it_is():
    """Only what is long is rounded."""
    assert ["12", "1e+15", "0.5", "'x'"] == [shown(12), shown(10**15), shown(0.5), shown("x")]
