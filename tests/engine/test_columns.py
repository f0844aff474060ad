"""Tests of what the columns of a run hold."""

from dataclasses import replace

import numpy as np
import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import VariantSpec
from ptmbench.engine.columns import LOOK_INSIDE, MEASURED, NO_FEATURES, SHADOWS_TRAIN, privacy, scores
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.runner import FULL_ALONE, _column, prepare
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import TimedOut, UsageError
from ptmbench.records.figures import by_name
from ptmbench.records.store import ResultsFolder
from ptmbench.running.session import Session
from ptmbench.statistics.transferability import SCORES, log_me

CASE = find_case("resnet_tiny.glyphs", "digits_5shot", "knn")
SETTINGS = check_settings(budget="smoke", device="cpu", measures_latency=False)


def test_scores_are_those_of_the_features_that_a_probe_sees(bench):
    """Each has its name, and LogME is that of the draw of the first seed."""
    found = scores(bench, CASE, frozen_run(bench, CASE))
    drawn = bench.task_data(CASE).training_examples(5, 0).numpy()
    features = bench.features(CASE, 0).array[drawn].astype(np.float64)

    assert {score.name for score in SCORES} == found.keys()
    assert log_me(features, bench.task_data(CASE).labels[drawn]) == found["log_me"]
    assert NO_FEATURES == scores(bench, find_case("fcn_tiny.glyphs", "scene_masks_full", "fine_tune"), None)


def test_what_trains_has_no_shadows(bench):
    """Sixty-four trainings a case would be the longest of all: the reason says which methods have the attack."""
    trained = prepare(bench, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune_last")).work

    assert SHADOWS_TRAIN == privacy(bench, trained.case, trained)


def test_a_column_that_cannot_be_measured_costs_no_record(bench, tmp_path, monkeypatch):
    """What was trained is kept, and the record says in place of the column what went wrong."""
    monkeypatch.setitem(MEASURED, "scores", raising(UsageError("no such thing here")))
    session = Session(replace(SETTINGS, columns=("scores",)), folder=tmp_path, _bench=bench)
    monkeypatch.setattr(bench, "settings", replace(bench.settings, columns=("scores",)))
    record = session.run(CASE)
    session.finish()

    assert "ok" == record.status
    assert "could not be measured: no such thing here" == record.missing["scores"]


@pytest.mark.parametrize("error", [KeyError("pooling"), RuntimeError("no gradient")])
def test_whatever_goes_wrong_in_a_column_costs_no_record(bench, monkeypatch, error):
    """Errors that nobody foresaw are said in its place."""
    monkeypatch.setitem(MEASURED, "scores", raising(error))

    assert type(error).__name__ in _column(bench, "scores", CASE, None).reason


def test_a_case_that_takes_too_long_is_stopped_in_a_column_too(bench, monkeypatch):
    """A time-out is of the case, and no reason of a column."""
    monkeypatch.setitem(MEASURED, "scores", raising(TimedOut("took longer")))

    with pytest.raises(TimedOut):
        _column(bench, "scores", CASE, None)


@pytest.mark.parametrize("name", sorted(LOOK_INSIDE))
def test_a_variant_has_no_columns_of_the_full_network(bench, name):
    """What looks inside sees the network before it is changed, and would repeat the full case's figures."""
    half = replace(CASE, variant=VariantSpec("half", "weights and activations in bfloat16"))

    assert FULL_ALONE == _column(bench, name, half, None)


def raising(error):
    """A column that fails."""

    def fails(*_):
        raise error

    return fails


def test_a_run_records_them_where_they_are_asked_for(bench, tmp_path):
    """They stand in the record and in its figures; a resume measures what an earlier run was not asked for."""
    first = Session(SETTINGS, folder=tmp_path, _bench=bench)
    without = first.run(CASE)
    first.finish()
    asked = replace(SETTINGS, columns=(*MEASURED,))
    again = Session(asked, folder=tmp_path, resume=True, _bench=Workbench(asked))
    record = again.run(CASE)
    again.finish()
    third = Session(asked, folder=tmp_path, resume=True, _bench=bench)
    kept = third.run(CASE)
    third.finish()

    assert without.scores is None
    assert "not asked for: --columns scores" == by_name("log_me").why_missing(without)
    assert record.scores["parc"] == by_name("parc").read(ResultsFolder(tmp_path).read(CASE.id))
    assert "not asked for: --columns privacy" == by_name("membership_auc").why_missing(without)
    assert 0.5 < by_name("membership_auc").read(record) <= 1
    assert 50 == record.privacy.members
    assert record == kept
    assert {CASE.id} == third.reused
