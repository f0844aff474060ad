"""Tests of `ptmbench.assembly`."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.assembly import quality_interval, summarise_latency, with_floor
from ptmbench.floors import Floor
from ptmbench.result import Answers, LatencySamples, Missing
from ptmbench.statistics import t_interval, wilson
from ptmbench.tallies import Ratios
from strategies import records

EMPTY = Answers(
    seeds=(),
    outcomes={},
    test_ids=(),
    metric="top1_accuracy",
    higher_is_better=True,
    values=(),
    train_values=(),
    others={},
    tally=Ratios(np.ones((200, 2), dtype=np.int64)),
)


@given(st.lists(st.integers(0, 200).map(lambda hits: hits / 200), min_size=1, max_size=8))
def test_the_interval_holds_the_mean_and_stays_in_range(values):
    """Whatever the seeds gave, the interval holds their mean and lies in [0, 1]."""
    (low, high), kind = quality_interval(replace(EMPTY, values=tuple(values)))

    assert 0 <= low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= high <= 1
    assert kind == ("t_over_seeds" if len(set(values)) > 1 else "wilson_over_examples")


def test_seeds_that_differ_give_a_t_interval():
    """Several seeds give Student's interval over them."""
    assert (t_interval([0.5, 0.6, 0.7]), "t_over_seeds") == quality_interval(replace(EMPTY, values=(0.5, 0.6, 0.7)))


@pytest.mark.parametrize("values", [(0.5,), (0.5, 0.5, 0.5)])
def test_seeds_that_agree_give_wilsons_interval(values):
    """One seed, or equal ones, say nothing of the spread over seeds: the interval is over examples."""
    assert (wilson(0.5, 200), "wilson_over_examples") == quality_interval(replace(EMPTY, values=values))


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
