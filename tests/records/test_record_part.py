"""Tests of `ptmbench.records.record_part`."""

import pytest
from pydantic import ValidationError

from ptmbench.records.record_part import RecordPart, Seconds


class Spell(RecordPart):
    """A part with one field."""

    seconds: Seconds


@pytest.mark.parametrize(
    "given", [{"seconds": -1.0}, {"seconds": float("nan")}, {"seconds": float("inf")}, {"seconds": 1.0, "hours": 2}]
)
def test_what_no_record_may_hold_is_refused(given):
    """A time is finite and not negative, and nothing stands beside the fields."""
    with pytest.raises(ValidationError):
        Spell(**given)


def test_parts_do_not_change():
    """A figure stays what was measured."""
    with pytest.raises(ValidationError, match="frozen"):
        Spell(seconds=1.0).seconds = 2.0
