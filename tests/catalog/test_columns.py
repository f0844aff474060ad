"""Tests of columns that are measured where they are asked for."""

import sys

import pytest

from ptmbench.catalog.columns import NOT_ASKED, checked_columns
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import UnknownName, UsageError
from ptmbench.running.assembly import lacks
from runs import committed


def test_columns_come_by_commas_or_one_by_one():
    """Both forms are one set, in one order."""
    assert ("scores",) == checked_columns(["scores,scores", " scores "])
    assert () == checked_columns([])


def test_an_unknown_column_is_answered_with_near_names():
    """A typo stops the run before it begins, with other faults at once."""
    with pytest.raises(UnknownName, match="did you mean scores"):
        check_settings(columns=["score"])
    with pytest.raises(UsageError, match="no column is called.*"):
        check_settings(columns=["nothing"], seeds=0)


def test_a_record_lacks_what_was_not_asked_for():
    """A resume runs a case again for a column that it could have, and not for one that it cannot."""
    record = committed()
    asked = record.model_copy(update={"scores": {"log_me": 0.5}})
    without, never = (
        record.model_copy(update={"missing": {**record.missing, "scores": reason}})
        for reason in (NOT_ASKED.format(name="scores"), "boxes have none")
    )

    assert [True, True, False, False] == [lacks(one, "scores") for one in (record, without, asked, never)]


def test_a_column_without_its_library_stops_the_run_before_it_begins(monkeypatch):
    """What was asked for would be missing from every record: the line that installs it comes at once."""
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(UsageError, match=r"captum is not installed: pip install 'ptmbench\[captum\]'"):
        check_settings(columns=["scores,attribution"])
    with pytest.raises(UsageError, match=r"got 0; captum is not installed"):
        check_settings(columns=["attribution"], seeds=0)

    assert ("scores",) == checked_columns(["scores"])
