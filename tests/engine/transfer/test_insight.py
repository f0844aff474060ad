"""Tests of what the features of a case are like."""

from dataclasses import replace

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.model_references import model_spec
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer import insight
from ptmbench.engine.transfer.insight import (
    DENSE,
    FEW,
    NO_NETWORK,
    NO_STAGES,
    RANDOM_ITSELF,
    SAME_WEIGHTS,
    UNTRAINED,
    representation_of,
)
from ptmbench.records.trust_record import RepresentationRecord
from ptmbench.statistics.representation import effective_rank, linear_cka

MODEL, TASK = "resnet_tiny.glyphs", "digits_5shot"


def frozen(bench, model, task=TASK):
    """What frozen features of a case are like."""
    case = find_case(model, task, "knn")
    return representation_of(bench, case, frozen_run(bench, case))


def test_figures_are_those_of_the_features(bench):
    """Rank and alignment are those of features of the same training examples, of the model and of its control."""
    found = frozen(bench, MODEL)
    case = find_case(MODEL, TASK, "knn")
    drawn = insight._drawn(bench, case)
    own, other = (
        bench.features(find_case(model, TASK, "knn"), 0).array[drawn] for model in (MODEL, "resnet_tiny.random")
    )

    assert RepresentationRecord.model_fields.keys() == found.keys()
    assert effective_rank(own) == pytest.approx(found["effective_rank"])
    assert linear_cka(own, other) == pytest.approx(found["cka_random"], abs=1e-6)
    assert 0.0 < found["cka_random"] < 1.0
    assert (UNTRAINED, own.shape) == (found["cka_fine_tuned"], (found["examples"], found["dimensions"]))


def test_later_stages_know_digits_better(bench):
    """Of a network pre-trained on glyphs the last stages tell digits apart better than the stem."""
    stages = frozen(bench, MODEL)["probe_by_stage"]

    assert ["trunk.1", "trunk.2", "trunk", "tail.0"] == [*stages]
    assert stages["trunk.1"] + 0.1 < max(stages["trunk"], stages["tail.0"]) <= 1


def test_each_stage_has_its_effective_rank(bench):
    """It is at least 1 and at most the number of its channels, and the last stages fill more than the stem has."""
    found = frozen(bench, MODEL)
    ranks = found["rank_by_stage"]

    assert found["probe_by_stage"].keys() == ranks.keys()
    assert 1 <= ranks["trunk.1"] <= 32 < ranks["tail.0"] <= 128


def test_controls_say_why_they_have_no_figure(bench):
    """The random network is not held against itself, and what has no network has neither twin nor stages."""
    random, pixels = frozen(bench, "resnet_tiny.random"), frozen(bench, "pixels")

    assert RANDOM_ITSELF == random["cka_random"]
    assert len(random["probe_by_stage"]) == 4
    assert NO_NETWORK == pixels["cka_random"]
    assert NO_STAGES == pixels["probe_by_stage"] == pixels["rank_by_stage"]
    assert pixels["effective_rank"] <= pixels["dimensions"]


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last", "bitfit"])
def test_a_network_that_stays_as_it_is_is_aligned_with_itself(bench, method):
    """Whichever part trains, untrained weights give the features that they gave before."""
    case = find_case(MODEL, TASK, method)
    run = prepare(bench, case).work
    run.network = bench.device.place(run.network_of(0).trained)

    assert 1.0 == pytest.approx(representation_of(bench, case, run)["cka_fine_tuned"], abs=1e-5)


def test_words_are_described_one_by_one(bench):
    """Of tagged texts each word has its features, and text has no stages that are read."""
    found = frozen(bench, "bert_tiny.invented", "ner_100")

    assert found["effective_rank"] > 1
    assert NO_STAGES == found["probe_by_stage"]


def test_boxes_have_no_vector(bench):
    """A detector has no one vector a picture."""
    assert DENSE == representation_of(bench, find_case("yolo_tiny.glyphs", "scene_boxes_full", "fine_tune"), None)


def test_the_twin_of_any_model_is_its_architecture_at_random(bench):
    """Of the catalog the control that stands in it, of a reference one of its own."""
    known = insight.random_twin(find_case(MODEL, TASK, "knn").model)
    other = insight.random_twin(model_spec("torchvision:resnet18", ()))

    assert "resnet_tiny.random" == known.name
    assert other.random
    assert "torchvision" == other.provider


def test_draws_are_the_same_for_every_case_of_a_data_set(bench):
    """What is compared over models rests on the same examples, all of them training examples."""
    first, second = (insight._drawn(bench, find_case(model, TASK, "knn")) for model in (MODEL, "pixels"))
    other = insight._drawn(bench, find_case(MODEL, "digits_full", "fine_tune"))

    assert first.tolist() == second.tolist() == other.tolist()
    assert set(first) <= set(bench.task_data(find_case(MODEL, TASK, "knn")).split.train)


def test_too_few_examples_are_said_and_so_is_an_architecture_that_cannot_be_had(bench, monkeypatch):
    """Three examples align with anything, and a network without a twin has no figure: both cost nothing else."""
    case = find_case(MODEL, TASK, "knn")
    monkeypatch.setattr(insight, "MOST", 3)
    few = representation_of(bench, case, frozen_run(bench, case))
    monkeypatch.setattr(
        insight, "random_twin", lambda model: replace(model, name="gone", provider="embedded", entry="gone")
    )
    gone = representation_of(bench, case, frozen_run(bench, case))
    monkeypatch.setattr(insight, "random_twin", lambda model: model)
    same = representation_of(bench, case, frozen_run(bench, case))

    assert FEW == few["cka_random"]
    assert few["effective_rank"] > 0
    assert "cannot be had" in gone["cka_random"].reason
    assert SAME_WEIGHTS == same["cka_random"]
