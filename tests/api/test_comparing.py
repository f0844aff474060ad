"""Tests of `ptmbench.api.comparing`: the gate from Python."""

import pytest

import ptmbench
from ptmbench.errors import StoreError, UnknownName, UsageError
from runs import committed, run
from sites import write


@pytest.fixture
def sides(tmp_path):
    """A committed record, and the same one with far more operations."""
    record = committed()
    write(tmp_path / "before", record)
    write(tmp_path / "after", run(record, 1, macs=10 * record.cost.macs))
    return tmp_path / "before", tmp_path / "after"


def test_what_is_worse_fails(sides):
    """More operations are worse, the other way round they are better; what is the same passes."""
    before, after = sides
    found = ptmbench.compare(before, after)

    assert (False, ["macs"]) == (found.passed, [finding.metric for finding in found.worse])
    assert "FAILED" in repr(found)
    assert ptmbench.compare(after, before).passed
    assert () == ptmbench.compare(before, before).worse


def test_results_are_sides_too(sides):
    """Results and their folders are compared alike."""
    before, after = map(ptmbench.load, sides)

    assert ptmbench.compare(*sides).findings == ptmbench.compare(before, after).findings


def test_rules_are_those_of_the_file(sides):
    """Rules are given by name, all faults of them told at once."""
    assert ptmbench.compare(*sides, fail_on=["missing"]).passed
    with pytest.raises(UsageError, match="tolerance.quality.*got 2; alrms is not known: did you mean alarms"):
        ptmbench.compare(*sides, alrms=0.1, tolerance={"quality": 2})


def test_tables_are_those_of_the_gate(sides, cli):
    """`table` gives what `ptmbench gate` prints."""
    found = ptmbench.compare(*sides)

    assert cli("gate", *sides).stdout == found.table()
    with pytest.raises(UnknownName, match="did you mean markdown"):
        found.table("markdwn")


def test_what_cannot_be_compared_is_refused(sides, tmp_path):
    """A folder without records is no side."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(StoreError, match="holds no records"):
        ptmbench.compare(sides[0], tmp_path / "empty")
