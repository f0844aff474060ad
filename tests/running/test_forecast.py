"""Tests of the forecast of a run."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from ptmbench.catalog.cases import find_case, product
from ptmbench.catalog.settings import BUDGETS, RunSettings
from ptmbench.records.record import Record
from ptmbench.running.forecast import PACE_S, Facts, Forecast, forecast, known, seconds

CASES = {case.id: case for case in product()}
QUICK = RunSettings(BUDGETS["quick"], device="cpu")
RESULTS = Path(__file__).parents[2] / "results"
FEW = [CASES[f"resnet_tiny.glyphs-digits_5shot-{method}"] for method in ("linear_probe", "knn", "fine_tune")]


def record_of(case):
    """The committed record of a case."""
    return Record.model_validate_json((RESULTS / "embedded" / "quick-cpu-fp32" / f"{case.id}.json").read_text())


@pytest.mark.parametrize(
    ("folder", "settings"),
    [
        ("embedded/quick-cpu-fp32", QUICK),
        ("embedded/standard-cpu-fp32", RunSettings(BUDGETS["standard"], device="cpu")),
        ("dense/quick-cpu-fp32", replace(QUICK, seeds=3)),
    ],
)
def test_recorded_runs_took_what_is_forecast_within_a_factor_of_two(folder, settings):
    """The whole of each recorded folder took between half and twice what is forecast for a machine like its own."""
    took, paces = {}, []
    for file in (RESULTS / folder).glob("*.json"):
        read = json.loads(file.read_text())
        if read.get("status") == "ok" and file.stem in CASES:
            took[file.stem] = read["provenance"]["duration_s"]
            paces.append(median(read["provenance"]["reference_s"]) / PACE_S)
    cases = [case for name, case in CASES.items() if name in took]

    assert 0.5 < sum(took.values()) / Forecast(cases, settings, median(paces)).total_s() < 2


def test_what_is_left_weighs_cases_by_what_they_cost():
    """After a cheap case much more is expected of a costly one than the cheap one took."""
    cheap, costly = FEW[1], CASES["fasterrcnn_tiny.glyphs-scene_boxes_full-fine_tune"]
    run = Forecast([cheap, costly], QUICK, None)
    run.note(cheap, record_of(cheap), reused=False)

    assert run.left_s(1.0) > 10


def test_the_cases_done_correct_the_estimate():
    """On a machine that turns out far slower than it was calibrated, what is left grows by nearly as much."""
    run = Forecast([CASES[name] for name in CASES if "scene_boxes" in name], QUICK, 1.0)
    case = run.cases[0]
    run.note(case, record_of(case), reused=False)

    assert run.left_s(400.0) > 5 * run.left_s(20.0)


def test_kept_records_say_nothing_of_the_pace():
    """After records that stand from before alone nothing is said of what is left."""
    run = Forecast(FEW, QUICK, 1.0)
    run.note(FEW[0], record_of(FEW[0]), reused=True)

    assert run.left_s(5.0) == 0


def test_cases_side_by_side_take_less_and_never_less_than_the_longest_group():
    """Jobs divide the work between them, and the cases that share model and data stay with one of them."""
    cases = [case for case in CASES.values() if case.task.name == "digits_full"]
    alone = Forecast(cases, QUICK, 1.0).total_s()
    two = Forecast(cases, replace(QUICK, jobs=2), 1.0).total_s()
    one_group = Forecast(FEW, replace(QUICK, jobs=8), 1.0).total_s()

    assert two < 0.75 * alone
    assert one_group == Forecast(FEW, QUICK, 1.0).total_s()


def test_what_is_unknown_makes_a_lower_bound_and_is_learned():
    """Data of unknown size makes the forecast a lower bound, until the first record tells its size."""
    cases = [replace(case, task=replace(case.task, dataset="csv:own.csv")) for case in FEW]
    run = Forecast(cases, QUICK, 1.0)
    before = run.whole
    run.note(cases[0], record_of(FEW[0]), reused=False)

    assert (before, run.whole) == (False, True)


def test_seeds_and_rates_cost_their_trainings():
    """The standard budget trains longer, at more rates, so a fine-tuned case takes several times as long."""
    case = find_case("resnet_tiny.glyphs", "digits_full", "fine_tune")
    quick = seconds(case, QUICK, known(case), first=False)
    standard = seconds(case, RunSettings(BUDGETS["standard"]), known(case), first=False)

    assert 8 < standard / quick < 20


def test_a_gpu_has_no_forecast_from_a_calibration_of_the_processor():
    """Where a run may be on a GPU nothing is said before a case is done."""
    assert forecast(FEW, replace(QUICK, device="cuda")).total_s() is None


def test_unknown_facts_count_for_nothing():
    """A case of which nothing is known costs no more than one of which all is."""
    case = FEW[0]

    assert seconds(case, QUICK, Facts(None, None), first=True) < seconds(case, QUICK, known(case), first=True)
