"""Tests of earlier figures: they rank models, and never speak of the data set that is asked about."""

from dataclasses import replace
from pathlib import Path

import pytest
from hearsay import ZOO, evidence_of

from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.recommendation.earlier import of_records, of_tables, published_name, together
from ptmbench.recommendation.published import published_tables
from ptmbench.records.store import ResultsFolder

QUICK = Path(__file__).parents[2] / "results" / "embedded" / "quick-cpu-fp32"


@pytest.fixture(scope="module")
def records():
    """Some committed records."""
    folder = ResultsFolder(QUICK)
    return [folder.read(path.stem) for path in sorted(QUICK.glob("*-textures_5shot-linear_probe.json"))]


def test_records_rank_their_models(records):
    """A model that did better there has the lower mean rank, and controls have none."""
    found = of_records(records, "digits")
    quality = {record.case.model.name: record.quality.value for record in records if not record.case.model.is_control}
    ranks = found.static_ranks(list(quality))

    assert min(ranks, key=ranks.__getitem__) == max(quality, key=quality.__getitem__)
    assert not [row for row in found.rows if "random" in row.candidate.model or row.candidate.model == "pixels"]


@pytest.mark.parametrize("asked", ["textures", "textures?score=validation"])
def test_records_of_the_data_set_asked_about_say_nothing(records, asked):
    """Whoever names a folder with the answer in it is not given it back."""
    assert () == of_records(records, asked).rows


def named(*names):
    """Public models by name."""
    return [next(model for model in HUB_MODELS if model.name == name) for name in names]


def test_published_tables_rank_public_models():
    """ResNet-50 lies above MobileNetV2 in three tables of fine-tuned accuracies."""
    ranks = of_tables(named("resnet50", "mobilenet_v2"), published_tables(), "imagefolder:photos").static_ranks(
        ["resnet50", "mobilenet_v2"]
    )

    assert ranks["resnet50"] < ranks["mobilenet_v2"]


def test_a_table_says_nothing_of_the_task_asked_about():
    """Neither CIFAR-10 of one table nor that of another is read where CIFAR-10 is asked for."""
    found = of_tables(named("resnet50", "mobilenet_v2"), published_tables(), "torchvision:CIFAR10")

    assert found.tasks
    assert not [name for name in found.tasks if name.lower().endswith(": cifar10")]


def test_weights_of_ones_own_are_not_those_of_a_table():
    """A user's checkpoint of a known architecture is another model, and so is one at random."""
    [model] = named("resnet50")

    assert "resnet50" == published_name(model)
    assert "" == published_name(replace(model, provider="file"))
    assert "" == published_name(replace(model, entry=f"{model.entry}?weights=random"))


def test_one_model_in_a_table_has_no_rank():
    """There is nothing to rank it among."""
    assert () == of_tables(named("resnet50"), published_tables(), "imagefolder:photos").rows


def test_what_ships_comes_before_what_is_named():
    """Rows of a task that both know are counted once."""
    known = evidence_of(ZOO)

    assert known.rows == together(known, known).rows
