"""Tests of the decision file."""

import pytest
from decisions import decision

from ptmbench.errors import RecordError
from ptmbench.records.decision import DECISION, decision_text, read_decision


def test_a_decision_comes_back_from_its_file(tmp_path):
    """Nothing is lost between writing and reading."""
    written = decision()
    (tmp_path / DECISION).write_text(decision_text(written))

    assert written == read_decision(tmp_path)


def test_a_folder_without_one_holds_none(tmp_path):
    """A results folder of `ptmbench run` is not asked for a decision."""
    assert read_decision(tmp_path) is None
    (tmp_path / "file").write_text("")
    assert read_decision(tmp_path / "file") is None


@pytest.mark.parametrize("content", ["", "{}", "[1, 2", '{"schema_version": 2}'])
def test_what_is_no_decision_is_told(tmp_path, content):
    """A torn or foreign file is named, with its fault and without a traceback."""
    (tmp_path / DECISION).write_text(content)

    with pytest.raises(RecordError, match="is no decision of ptmbench recommend"):
        read_decision(tmp_path)
