"""Tests of `ptmbench.records.record_json`."""

import pytest

from ptmbench.errors import RecordError
from ptmbench.records.record_json import from_json


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"schema_version": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"schema_version": ' + "9" * 5000 + "}",
        b"\xff\xfe\x00",
        '{"schema_version": NaN}',
        "",
    ],
    ids=["brackets", "objects", "nested version", "5,000 digits", "no text", "no number", "empty"],
)
def test_what_is_no_record_is_named(text):
    """Whatever stands in a record's place is answered in one message that names it."""
    with pytest.raises(RecordError, match=r"^mine\.json is not a ptmbench record") as caught:
        from_json(text, "mine.json")

    assert 1000 > len(str(caught.value))


def test_a_newer_schema_is_named():
    """What a later ptmbench wrote is told from what is no record."""
    with pytest.raises(RecordError, match="written by a newer ptmbench"):
        from_json('{"schema_version": 999}', "mine.json")
