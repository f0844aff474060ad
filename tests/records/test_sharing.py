"""Tests of the parts that records share: nothing of a record changes."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.records import sharing
from ptmbench.records.record import Record
from ptmbench.records.record_json import from_json, to_json
from ptmbench.records.sharing import Shared, for_comparison, uncollected, with_least_latency
from ptmbench.records.store import ResultsFolder
from sites import QUICK
from strategies import records

CASES = ("resnet_tiny.glyphs-digits_5shot-linear_probe", "resnet_tiny.glyphs-digits_5shot-fine_tune")


@pytest.fixture
def pair():
    """Two committed records of one model on one task."""
    return [ResultsFolder(QUICK).read(case_id) for case_id in CASES]


@given(st.lists(records(), max_size=3))
def test_records_stay_what_they_are(found):
    """What shares its parts is equal to what it was, is written alike, and is valid."""
    shared = Shared()
    for record in [*found, *found]:
        text = to_json(record)
        read = from_json(text, "record")  # which hides the folders of a reference
        kept = shared.record(from_json(text, "record"))

        assert read == kept
        assert to_json(read) == to_json(kept)
        assert kept == Record.model_validate(kept.model_dump())


def test_equal_parts_are_one(pair):
    """Two cases of a model on a task hold one model, one task and one machine between them, and other figures."""
    shared = Shared()
    first, second = (shared.record(record) for record in pair)

    assert first.case.model is second.case.model
    assert first.case.task is second.case.task
    assert first.provenance.machine is second.provenance.machine
    assert first.quality is not second.quality
    assert first.model_fields_set is second.model_fields_set


def test_a_change_of_one_record_leaves_the_other(pair):
    """A copy with another value does not reach the records that share with it."""
    shared = Shared()
    first, second = (shared.record(record) for record in pair)
    moved = first.case.model.model_copy(update={"name": "other"})

    assert "other" == moved.name
    assert "resnet_tiny.glyphs" == second.case.model.name == first.case.model.name


def test_parts_without_end_are_not_kept(pair, monkeypatch):
    """Beyond the most that are kept, parts stay as they are read."""
    monkeypatch.setattr(sharing, "MOST", 0)
    shared = Shared()
    first, second = (shared.record(record) for record in pair)

    assert first.case.model == second.case.model
    assert first.case.model is not second.case.model


def test_the_least_latency_is_kept(pair):
    """Of the samples only what figures read stays; a record without a cost is as it was."""
    least = min(pair[0].cost.latency_s.samples)

    assert [least] == with_least_latency(pair[0]).cost.latency_s.samples
    bare = pair[1].model_copy(update={"cost": None})
    assert with_least_latency(bare).cost is None


def test_a_comparison_reads_no_gain(pair):
    """A record for the gate has its quality and costs, and neither gain nor differences."""
    kept = for_comparison(pair[0])

    assert (None, []) == (kept.gain, kept.differences)
    assert kept.quality.value > 0


def test_nothing_is_collected_inside():
    """The collector is off inside the block and on again behind it, whatever happens; one that was off stays so."""
    with pytest.raises(ValueError, match="inside"), uncollected():
        assert not gc.isenabled()
        raise ValueError("inside")
    assert gc.isenabled()
    with uncollected(), uncollected():
        pass
    assert gc.isenabled()
