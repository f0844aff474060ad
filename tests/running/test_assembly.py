"""Tests of `ptmbench.running.assembly`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.records.measured import LatencySamples, Missing
from ptmbench.running.assembly import summarise_latency, with_floor
from ptmbench.running.floors import Floor
from strategies import records


@given(records().filter(lambda record: record.status == "ok"), st.floats(0, 1))
def test_a_record_can_be_held_against_another_floor(record, least):
    """The floor changes and nothing else; taking it away says why."""
    held = with_floor(record, Floor(floor=least, tells=True))
    bare = with_floor(held, Missing("no floors file"))

    assert (least, record.quality.value >= least, True) == (
        held.quality.floor,
        held.quality.floor_met,
        held.quality.floor_tells,
    )
    assert bare.missing["quality.floor_met"] == "no floors file"
    assert record.case == bare.case
    assert with_floor(bare, Floor(floor=least, tells=True)) == held


def test_latency_percentiles():
    """p50, p95 and p99 are numpy's percentiles of the samples, which are kept in order."""
    samples = tuple(float(value) for value in range(100, 0, -1))

    latency = summarise_latency(LatencySamples(1, samples))

    assert (50.5, 95.05, 99.01) == pytest.approx((latency.p50, latency.p95, latency.p99))
    assert list(samples) == latency.samples
