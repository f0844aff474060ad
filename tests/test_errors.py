"""Tests of what collects faults."""

import pytest

from ptmbench.errors import Faults, StoreError, UnknownName, UsageError


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


def test_one_fault_is_raised_as_it_is():
    """Its class and its text stay."""
    faults = Faults()
    with faults:
        raise UnknownName("scheme", "x", ["y"])

    with pytest.raises(UnknownName, match="there are y."):
        faults.check()


def test_other_errors_go_on():
    """Only what a user can correct in what was typed is collected; without a fault nothing is raised."""
    faults = Faults()
    with pytest.raises(StoreError), faults:
        raise StoreError("full")

    assert faults.check() is None
