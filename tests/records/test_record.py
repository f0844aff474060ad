"""Tests of `ptmbench.records.record`."""

import json

import jsonschema
import pytest
from hypothesis import given
from pydantic import BaseModel, ValidationError

from ptmbench.catalog.columns import COLUMNS
from ptmbench.errors import RecordError
from ptmbench.records.record import (
    ASKED_FOR,
    PARTS,
    CorruptedValue,
    CurvePoint,
    PairedDifference,
    Record,
    SeedValue,
    null_paths,
)
from ptmbench.records.record_json import from_json, json_schema, to_json
from strategies import records


@given(records())
def test_json_round_trip(record):
    """A record that is written and read again is the same record."""
    assert record == from_json(to_json(record), "record")


@given(records())
def test_json_fits_the_schema(record):
    """What is written fits the published JSON schema."""
    jsonschema.validate(json.loads(to_json(record)), json_schema())


@given(records())
def test_reasons_are_asked_for_what_is_written_as_null(record):
    """The nulls of what is written, and no others, are those that the record gives reasons for."""
    assert set(null_paths(record.model_dump(exclude={"missing", "reason"}))) == set(record.missing)


def test_columns_that_are_asked_for_are_fields():
    """The names that a run takes are those of the record's fields."""
    assert sorted(COLUMNS) == [*ASKED_FOR]
    assert set(ASKED_FOR) <= Record.model_fields.keys()


def test_every_part_is_looked_through_for_nulls():
    """All models that stand in a record, but for those in its lists, are known as parts."""
    found, left = set(), [Record]
    while left:
        for field in left.pop().model_fields.values():
            for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
                if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
                    found.add(kind)
                    left.append(kind)
    listed = {SeedValue, CurvePoint, CorruptedValue, PairedDifference}

    assert PARTS == found - listed


@given(records())
def test_null_without_reason_is_refused(record):
    """A value that is null without a reason does not make a record."""
    if not record.missing:
        return
    path = min(record.missing)

    with pytest.raises(ValidationError, match="null without a reason"):
        Record.model_validate({**dict(record), "missing": {k: v for k, v in record.missing.items() if k != path}})


@given(records())
def test_reason_without_null_is_refused(record):
    """A reason for a value that is there does not make a record."""
    with pytest.raises(ValidationError, match="has a reason but is not null"):
        Record.model_validate({**dict(record), "missing": {**record.missing, "case.id": "no idea"}})


@pytest.mark.parametrize(
    ("text", "fault"),
    [("", "EOF"), ("{", "EOF"), ("[]", "object"), ('{"schema_version": 0}', "schema_version: Input should be 1")],
)
def test_what_is_no_record_is_named(text, fault):
    """The message names the file and what is wrong with it."""
    with pytest.raises(RecordError, match=fault) as caught:
        from_json(text, "results/a-b-c.json")

    assert str(caught.value).startswith("results/a-b-c.json is not a ptmbench record")


def test_a_newer_schema_asks_for_a_newer_ptmbench():
    """A record of a later ptmbench is not called broken."""
    with pytest.raises(RecordError, match=r"a-b-c.json was written by a newer ptmbench \(schema 2.*upgrade"):
        from_json('{"schema_version": 2}', "a-b-c.json")


def test_all_faults_at_once():
    """One message counts all faults of a file."""
    with pytest.raises(RecordError, match="and .* more"):
        from_json("{}", "x.json")


def test_nan_is_refused():
    """A figure that is not a number is no figure."""
    with pytest.raises(RecordError):
        from_json('{"quality": {"value": NaN}}', "x.json")
