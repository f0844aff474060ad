"""Tests of `ptmbench.records.trust_record`."""

import pytest

from ptmbench.errors import RecordError
from ptmbench.records.record_json import from_json, to_json
from ptmbench.records.trust_record import CalibrationRecord
from runs import committed


def test_what_is_left_out_of_calibration_has_its_reason():
    """A case without examples to fit a temperature to has a null, and says why there is none."""
    sure = CalibrationRecord(nll=0.5, brier=0.25, ece=0.1, temperature=None, ece_after_temperature=None)
    record = committed().model_copy(update={"calibration": sure})
    names = ("calibration.temperature", "calibration.ece_after_temperature")
    told = record.model_copy(update={"missing": {**record.missing, **dict.fromkeys(names, "few labels")}})

    assert told == from_json(to_json(told), "record.json")
    with pytest.raises(RecordError, match="without a reason"):
        from_json(to_json(record), "record.json")
