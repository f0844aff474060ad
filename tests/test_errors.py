"""Tests of what collects faults."""

import pytest

from ptmbench.errors import Faults, StoreError, UnknownName, UsageError, in_short, told_once


def test_several_faults_are_one_message():
    """All are told, each once, in their order."""
    faults = Faults("expected a")
    for error in (UsageError("expected b."), UnknownName("model", "x", ["y"]), UsageError("expected a")):
        with faults:
            raise error

    with pytest.raises(UsageError) as caught:
        faults.check()
    assert "expected a; expected b; no model is called 'x': there are y. All of them: ptmbench list models" == str(
        caught.value
    )


def test_the_fault_of_many_places_is_told_once():
    """More than three places with one fault are one line with their number; others stay as they are, in order."""
    same = [f"a{number}: is black" for number in range(1200)]
    few = ["b has no mask", "c has no mask", "d: is red", "e"]

    assert ["a0: is black (and 1,199 others likewise)", *few] == told_once([*same, *few])


def test_one_fault_is_raised_as_it_is():
    """Its class and its text stay."""
    faults = Faults()
    with faults:
        raise UnknownName("scheme", "x", ["y"])

    with pytest.raises(UnknownName, match="there are y."):
        faults.check()


def test_where_there_is_nothing_to_choose_from_it_is_said():
    """The sentence about near names stays whole."""
    assert "no option is called 'x': there are none." == str(UnknownName("option", "x", []))


def test_other_errors_go_on():
    """Only what a user can correct in what was typed is collected; without a fault nothing is raised."""
    faults = Faults()
    with pytest.raises(StoreError), faults:
        raise StoreError("full")

    assert faults.check() is None


def test_a_value_is_quoted_as_far_as_a_message_can_hold_it():
    """Short values stand whole, in the form of the language; of long ones the beginning."""
    assert ("None", "'a;b'") == (in_short(None), in_short("a;b"))
    assert "'" + "x" * 39 + "..." == in_short("x" * 99)
