"""Tests of the values of JSON files: their usual forms, and what is none."""

from pathlib import Path

import pytest

from ptmbench.errors import UsageError
from ptmbench.files.json_rows import values_of

ROWS = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": 2}\n{"a": 3, "b": 4}',
        '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]',
        '{"n": 2, "rows": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}',
        '{"a": [1, 3], "b": [2, 4]}',
        '{"a": {"0": 1, "1": 3}, "b": {"0": 2, "1": 4}}',
    ],
    ids=["lines", "list", "inside", "columns", "pandas"],
)
def test_usual_forms_hold_the_same_rows(text):
    """Lines, a list, a list beside other keys, columns as lists and columns by row numbers are the same table."""
    assert ([(1, ROWS[0]), (2, ROWS[1])], []) == values_of(Path("a.json"), text)


def test_faults_have_their_lines():
    """A line that is no JSON is told by its number, and the others are there."""
    found, faults = values_of(Path("a.jsonl"), '{"a": 1}\n{"a": \n\n{"a": 2}')

    assert [(1, {"a": 1}), (4, {"a": 2})] == found
    assert 1 == len(faults)
    assert faults[0].startswith("a.jsonl:2: no JSON: ")


def test_columns_of_other_rows_are_refused():
    """Columns whose rows do not agree are no table, and the message says how pandas writes one."""
    with pytest.raises(UsageError, match="orient='records', lines=True"):
        values_of(Path("a.json"), '{"a": {"0": 1}, "b": {"1": 2}}')
