"""Tests of the published tables of transfer."""

import csv

import pytest

from ptmbench.recommendation.published import FOLDER, SOURCES, normal_name, published_tables


def test_every_table_has_a_source_and_every_source_a_table():
    """The folder holds the tables that have a source, and no other file."""
    assert sorted(f"{name}.csv" for name in SOURCES) == sorted(file.name for file in FOLDER.iterdir())


def test_tables_are_as_large_as_they_say():
    """The last part of a name is tasks x models, and so many rows and columns of shares there are."""
    for table in published_tables():
        size = tuple(int(part) for part in table.name.rpartition("_")[2].split("x"))
        assert size == (len(table.tasks), len(table.models)) == (len(table.accuracy), len(table.accuracy[0])), (
            table.name
        )
        assert {len(table.models)} == {len(row) for row in table.accuracy}
        assert all(0 < share < 1 for row in table.accuracy for share in row)
        assert SOURCES[table.name] == table.source


def test_a_cell_is_the_share_that_the_file_gives_in_percent():
    """What the table says of a task and a model is what the file says."""
    table = published_tables()[0]
    rows = list(csv.DictReader((FOLDER / f"{table.name}.csv").read_text().splitlines()))

    assert [tuple(float(row[name]) / 100 for name in table.models) for row in rows] == list(table.accuracy)
    assert 0.8406 == pytest.approx(table.accuracy[table.tasks.index("aircraft")][table.models.index("resnet34")])


def test_tables_are_read_once():
    """Whoever asks again gets the same tables."""
    assert published_tables() is published_tables()


@pytest.mark.parametrize(
    ("spellings", "normal"),
    [
        (("mobilenetv2", "mobilenet_v2", "MobileNet-V2", "Mobilenet V2"), "mobilenetv2"),
        (("inceptionv3", "inception_v3", "Inception-v3"), "inceptionv3"),
        (("mnasnet1_0", "MNASNet1.0", "mnasnet-1_0"), "mnasnet1.0"),
        (("resnet50", "ResNet-50"), "resnet50"),
        (("Rel.Pat.Loc", "rel-pat-loc"), "relpatloc"),
        (("Sup-100%",), "sup100%"),
    ],
)
def test_spellings_of_a_model_are_one_name(spellings, normal):
    """Case, hyphens, underscores, spaces and dots make no other model; a number with a decimal stays one."""
    assert {normal} == {normal_name(spelling) for spelling in spellings}


def test_no_two_models_of_a_table_become_one():
    """Within each table names stay apart."""
    for table in published_tables():
        assert len(table.models) == len({normal_name(model) for model in table.models})
