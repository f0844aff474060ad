"""Tests of what a run combines: the catalog, `ptmbench.toml` and what is given by hand."""

import pytest

from ptmbench.catalog.entries import ALL_MODELS, ALL_TASKS, entries_of
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UsageError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Every test stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_there_is_the_catalog():
    """Nothing given is everything built in."""
    assert (ALL_MODELS, ALL_TASKS) == (entries_of().models, entries_of().tasks)


def test_the_file_adds_and_the_hand_restricts(elsewhere):
    """Entries of ptmbench.toml stand beside the catalog's, and can be named; what is given by hand stands alone."""
    (elsewhere / "ptmbench.toml").write_text(
        'models = ["torchvision:resnet18?name=r18"]\ntasks = ["imagefolder:photos?name=photos"]\n'
    )

    assert {"r18", "r18.random"} == {model.name for model in entries_of().models} - {model.name for model in ALL_MODELS}
    assert {"photos_full"} == {task.name for task in entries_of().tasks} - {task.name for task in ALL_TASKS}
    assert ["r18"] == [model.name for model in entries_of(["r18"]).models]


def test_cases_are_of_one_kind():
    """A benchmark file gets the cases of its kind alone."""
    entries = entries_of(["torchvision:resnet18"], ["imagefolder:photos", "csv:reviews.csv"])

    assert 8 == len(entries.cases()) == len(entries.cases(TaskKind.IMAGE_CLASSIFICATION))
    assert () == entries.cases(TaskKind.TEXT_CLASSIFICATION)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('model = ["torchvision:resnet18"]', "did you mean models"),
        ('models = "torchvision:resnet18"', "a list of texts"),
        ("models = [", "cannot be read"),
        ("models = " + "[" * 100_000, "cannot be read"),
        ("models = " + "9" * 5000, "cannot be read"),
        ('models = ["torchvison:resnet18"]', "did you mean torchvision"),
        (
            'models = ["torchvision:resnet18?name=a", "torchvision:resnet50?name=a"]',
            "several models are called a, a.random",
        ),
    ],
)
def test_a_bad_file_says_what_was_expected(elsewhere, content, message):
    """Whatever is wrong in ptmbench.toml is one message."""
    (elsewhere / "ptmbench.toml").write_text(content)

    with pytest.raises(UsageError, match=message):
        entries_of()
