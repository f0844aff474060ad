"""Tests of `ptmbench.gain`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.gain import gain_over, partner_of, settled, verdict_of
from ptmbench.record import Record, SeedValue
from ptmbench.result import Missing
from ptmbench.statistics import t_interval
from ptmbench.tallies import Ratios
from strategies import records

finished = records().filter(lambda record: record.status == "ok")


def shaped(record, *, method, family, values):
    """The record as one of a method and family, with these values at seeds 0, 1, ..."""
    case = record.case.model_copy(
        update={
            "model": record.case.model.model_copy(update={"architecture": "net", "family": family}),
            "task": record.case.task.model_copy(update={"name": "task"}),
            "method": record.case.method.model_copy(update={"name": method}),
        }
    )
    seeds = [SeedValue(seed=seed, value=value) for seed, value in enumerate(values)]
    quality = record.quality.model_copy(update={"seeds": seeds, "value": float(np.mean(values))})
    return record.model_copy(update={"case": case, "quality": quality})


def shares(*hits):
    """What test examples add to an accuracy: a hit or none, of one."""
    return Ratios(np.array([[hit, 1] for hit in hits]))


def not_asked(_record):
    """Outcomes that must not be asked for."""
    raise AssertionError


@given(finished, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=6))
def test_gain_is_paired_over_common_seeds(record, pairs):
    """The gain is the mean difference over the seeds that both have, its interval a paired t interval."""
    ours, theirs = zip(*pairs, strict=True)
    differences = np.subtract(ours, theirs)
    mine = shaped(record, method="fine_tune", family="supervised", values=(*ours, 0.5))
    partner = shaped(record, method="from_scratch", family="control", values=theirs)

    gain = gain_over(mine, partner, lambda _record: shares(1, 0, 1))

    assert float(np.mean(differences)) == gain.value
    assert len(pairs) == gain.seeds
    if np.ptp(differences) > 0:
        assert ("paired_t_over_seeds", t_interval(differences)) == (gain.interval_kind, gain.interval95)


@given(finished)
def test_one_seed_is_paired_over_examples(record):
    """With one seed the interval is over the differences on the test examples."""
    mine = shaped(record, method="knn", family="supervised", values=(0.75,))
    partner = shaped(record, method="from_scratch", family="control", values=(0.5,))
    outcomes = {"knn": shares(1, 1, 1, 0), "from_scratch": shares(1, 0, 1, 0)}

    gain = gain_over(mine, partner, lambda asked: outcomes[asked.case.method.name])

    assert (0.25, "paired_t_over_examples", 1) == (gain.value, gain.interval_kind, gain.seeds)
    assert t_interval([0.0, 1.0, 0.0, 0.0]) == gain.interval95


@given(finished)
def test_one_seed_of_a_ratio_of_sums_gives_a_bootstrap_over_examples(record):
    """F1 is no mean over sentences: both models are resampled together, and equal answers differ by nothing."""
    mine = shaped(record, method="knn", family="supervised", values=(0.8,))
    partner = shaped(record, method="from_scratch", family="control", values=(0.4,))
    outcomes = {"knn": Ratios(np.array([[4, 5]] * 20)), "from_scratch": Ratios(np.array([[2, 5]] * 20))}

    gain = gain_over(mine, partner, lambda asked: outcomes[asked.case.method.name])

    assert "paired_bootstrap_over_examples" == gain.interval_kind
    assert pytest.approx((0.4, 0.4)) == gain.interval95


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.01, 0.2), "helps"),
        ((-0.2, -0.01), "hurts"),
        ((-0.1, 0.1), "no_clear_difference"),
        ((0, 0.2), "no_clear_difference"),
    ],
)
def test_verdicts(interval, verdict):
    """Only an interval clear of 0 helps or hurts."""
    assert verdict == verdict_of(interval)


@given(records().filter(lambda record: record.status != "ok"), finished)
def test_an_unfinished_partner_gives_no_gain(partner, record):
    """Without the partner's figure there is no gain, and the reason names its status."""
    mine = shaped(record, method="knn", family="supervised", values=(0.5,))

    assert Missing(f"the partner from scratch is {partner.status}") == gain_over(mine, partner, not_asked)
    assert Missing("the partner from scratch was not run") == gain_over(mine, None, not_asked)


@given(finished)
def test_another_split_gives_no_gain(record):
    """Figures on different test examples are not subtracted."""
    mine = shaped(record, method="knn", family="supervised", values=(0.5,))
    task = mine.case.task.model_copy(update={"split_sha256": "0" * 64})
    other = mine.model_copy(update={"case": mine.case.model_copy(update={"task": task})})
    mine = mine.model_copy(
        update={"case": mine.case.model_copy(update={"task": task.model_copy(update={"split_sha256": "1" * 64})})}
    )

    assert Missing("the partner from scratch ran on another split") == gain_over(mine, other, not_asked)


@given(finished)
def test_the_partner_is_the_architecture_from_scratch(record):
    """The partner has the same architecture and task, and was trained from scratch."""
    mine = shaped(record, method="knn", family="supervised", values=(0.5,))
    partner = shaped(record, method="from_scratch", family="control", values=(0.5,))

    assert partner is partner_of(mine, [mine, partner])
    assert partner_of(mine, [mine]) is None


@given(finished)
def test_controls_have_no_gain(record):
    """A control is left as it is."""
    control = shaped(record, method="from_scratch", family="control", values=(0.5,))

    assert [control] == settled([control], not_asked)
    assert isinstance(control, Record)
