"""Tests of rehearsals on this machine."""

import pytest

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.cases import named, product
from ptmbench.catalog.data_references import on_validation
from ptmbench.catalog.settings import check_settings
from ptmbench.recommendation.rehearsals import Candidate, Stage
from ptmbench.running.rehearsing import Rehearsals


@pytest.fixture(scope="module")
def rehearsals(tmp_path_factory):
    """Rehearsals of one model by three methods on a task with few labels."""
    task = named("task", "digits_1shot", TASKS)
    methods = [named("method", name, METHODS) for name in ("linear_probe", "knn", "fine_tune_last")]
    cases = {
        Candidate(case.model.name, case.method.name, str(case.method.trains)): case
        for case in product([named("model", "resnet_tiny.glyphs", MODELS)], [task], methods)
    }
    settings = check_settings(device="cpu", threads=1, jobs=1, measures_latency=False)
    folder = tmp_path_factory.mktemp("rehearsals")
    found = Rehearsals(cases, on_validation(task), settings, folder, lambda _line: None)
    yield found
    found.close()


@pytest.fixture(scope="module")
def seen(rehearsals):
    """All candidates at a quick look."""
    return dict(rehearsals.rehearse(tuple(rehearsals.cases), Stage.QUICK))


def test_a_look_holds_the_answers_to_the_validation_part(rehearsals, seen):
    """As many right and wrong answers as the validation part has examples, and their mean is the metric."""
    for look in seen.values():
        assert 184 == look.examples == len(look.hits) == rehearsals.examples
        assert look.value == pytest.approx(look.hits.mean())
        assert 0 < look.deviation < 0.05
    assert 3 == len(seen)


def test_the_records_tell_what_a_constant_answer_reaches(rehearsals, seen):
    """The largest class of ten, or a tenth."""
    assert seen
    assert 0.1 <= rehearsals.chance < 0.2
    assert "top1_accuracy" == rehearsals.metric


def test_full_training_is_expected_to_take_longer(rehearsals, seen):
    """The standard budget has more seeds and steps than a quick look, and more than one full training."""
    assert seen
    for candidate in rehearsals.cases:
        quick, single = (rehearsals.expected_s(candidate, stage) for stage in (Stage.QUICK, Stage.SINGLE))
        assert 0 < quick <= single < rehearsals.full_s(candidate)


def test_what_was_seen_before_is_not_run_again(rehearsals, seen):
    """A second look at the same stage is read from its record."""
    again = dict(rehearsals.rehearse(tuple(rehearsals.cases), Stage.QUICK))

    assert {look.seconds for look in seen.values()} == {look.seconds for look in again.values()}
    assert len(rehearsals.cases) <= len(rehearsals.session(Stage.QUICK).reused)
