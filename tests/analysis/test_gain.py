"""Tests of `ptmbench.analysis.gain`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.analysis.gain import OTHER_PICTURES, gain_over, partner_of, settled, verdict_of
from ptmbench.records.measured import Missing
from ptmbench.records.record import Record, SeedValue
from ptmbench.records.store import ResultsFolder
from ptmbench.statistics.estimates import Estimate, difference_interval, interval_of
from ptmbench.statistics.intervals import t_interval
from ptmbench.statistics.tallies import Ratios
from runs import committed
from sites import QUICK
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


def shares(*seeds):
    """The estimate of an accuracy: of each seed a hit or none for every test example."""
    return Estimate.of(range(len(seeds)), [Ratios(np.array([[hit, 1] for hit in hits])) for hits in seeds])


def not_asked(_record):
    """Outcomes that must not be asked for."""
    raise AssertionError


def gained(record, ours, theirs):
    """The gain of a record with one estimate over a partner with another."""
    mine = shaped(record, method="knn", family="supervised", values=ours.values)
    partner = shaped(record, method="from_scratch", family="control", values=theirs.values)
    return gain_over(mine, partner, lambda asked: ours if asked.case.method.name == "knn" else theirs)


@given(finished, st.integers(1, 4), st.data())
def test_gain_is_paired_over_common_seeds_and_examples(record, seeds, data):
    """The gain is the mean difference over the seeds that both have, its interval that of the paired differences."""
    table = st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=seeds, max_size=seeds)
    ours, theirs = shares(*data.draw(table), [1] * 6), shares(*data.draw(table))

    gain = gained(record, ours, theirs)

    assert float(np.mean(ours.values[:seeds] - theirs.values)) == pytest.approx(gain.value)
    assert seeds == gain.seeds
    assert difference_interval(ours.minus(theirs))[0] == gain.interval95
    assert gain.interval_kind == ("paired_over_seeds_and_examples" if seeds > 1 else "paired_over_examples")


@given(finished)
def test_one_seed_is_paired_over_examples(record):
    """With one seed the interval is Student's over the differences on the test examples."""
    gain = gained(record, shares([1, 1, 1, 0]), shares([1, 0, 1, 0]))

    assert (0.25, 1) == (gain.value, gain.seeds)
    assert t_interval([0.0, 1.0, 0.0, 0.0]) == pytest.approx(gain.interval95)


@given(finished)
def test_a_ratio_of_sums_is_resampled_together(record):
    """F1 is no mean over sentences: both models are resampled together, and equal answers differ by nothing."""
    ours, theirs = (Estimate.of([0], [Ratios(np.array([[hits, 5]] * 20))]) for hits in (4, 2))

    assert pytest.approx((0.4, 0.4)) == gained(record, ours, theirs).interval95


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
    assert verdict == verdict_of(interval, seeds=3)


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

    (renewed,) = settled([control], lambda _record: shares([1, 0]))

    assert isinstance(renewed, Record)
    assert control.gain == renewed.gain
    assert interval_of(shares([1, 0])) == (renewed.quality.interval95, renewed.quality.interval_kind)


def served(record, variant):
    """The record as one of the variant."""
    return record.model_copy(update={"case": record.case.model_copy(update={"variant": variant})})


@given(finished)
def test_a_variant_is_compared_with_the_full_model(record):
    """A variant's record holds its paired difference from the same case in full, which itself has none."""
    full = shaped(record, method="knn", family="control", values=(0.75,))
    half = served(full, "half")
    estimates = {"full": shares([1, 1, 1, 0]), "half": shares([1, 0, 1, 0])}

    before, after = settled([full, half], lambda asked: estimates[asked.case.variant])

    assert [] == before.differences
    (found,) = after.differences
    assert ("full", full.case.digest, -0.25, 1) == (found.over, found.partner_digest, found.value, found.seeds)
    assert difference_interval(estimates["half"].minus(estimates["full"]))[0] == found.interval95


@given(finished)
def test_a_variant_alone_has_no_difference(record):
    """Where the case in full was not run, a variant has no difference."""
    half = served(shaped(record, method="knn", family="control", values=(0.5,)), "half")

    (alone,) = settled([half], lambda _record: shares([1, 0]))

    assert [] == alone.differences


@given(finished)
def test_gain_is_over_the_full_control(record):
    """A variant of what was trained from scratch is nobody's partner."""
    mine = shaped(record, method="knn", family="supervised", values=(0.5,))
    scratch = shaped(record, method="from_scratch", family="control", values=(0.5,))

    assert partner_of(mine, [served(scratch, "half")]) is None
    assert scratch is partner_of(mine, [served(scratch, "half"), scratch])


def test_one_seed_has_no_verdict():
    """Training is one draw at one seed: however far the interval lies from 0, another seed may turn it round."""
    assert "one_seed" == verdict_of((0.2, 0.4), seeds=1)


def test_pictures_that_were_changed_have_no_gain_over_those_that_were_not():
    """What augmentation brings would be counted as pre-training's."""
    store = ResultsFolder(QUICK)
    record = committed("resnet_tiny.glyphs-digits_5shot-fine_tune")
    partner = committed("resnet_tiny.random-digits_5shot-from_scratch")
    method = record.case.method
    changed = {**method.hyperparameters, "augmentation": "crop_and_flip"}
    case = record.case.model_copy(update={"method": method.model_copy(update={"hyperparameters": changed})})

    assert not isinstance(gain_over(record, partner, store.estimate), Missing)
    assert Missing(OTHER_PICTURES) == gain_over(record.model_copy(update={"case": case}), partner, store.estimate)
