"""Tests of references: what a user types becomes a model or a task, or a message that helps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.catalog.builtin import MODELS, TASKS
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.model_references import control_of, model_spec, model_specs
from ptmbench.catalog.references import Reference, parse, short_name, slug
from ptmbench.catalog.spec import SLUG
from ptmbench.catalog.traits import Family, Modality, TaskKind
from ptmbench.errors import UnknownName, UsageError

OPTION = st.text("abcdefgh:/@,. &=?#%+é", min_size=1, max_size=8)


@given(st.sampled_from(["csv", "file"]), st.text("ab/.#:_-@", min_size=1), OPTION)
def test_a_reference_survives_its_own_text(scheme, name, value):
    """Whatever its options hold, a reference written out and parsed again is the same."""
    reference = Reference(scheme, name, (("text", value), ("label", "y")))

    assert reference == parse(str(reference))


@given(st.text(min_size=1))
def test_any_name_becomes_a_legal_slug(name):
    """A name of any letters can stand in a case id."""
    assert SLUG.fullmatch(slug(name))
    assert SLUG.fullmatch(short_name(name, name))


def test_catalog_names_are_references_too():
    """A name of the catalog gives the catalog's entry, and no control beside it."""
    assert (MODELS[0],) == model_specs(MODELS[0].name, MODELS)
    assert TASKS[0] == task_spec(TASKS[0].name, TASKS)


def test_a_model_comes_with_its_random_control():
    """The control has the same architecture, no weights and a name that says so."""
    model, control = model_specs("torchvision:resnet18@IMAGENET1K_V1", MODELS)

    assert model.architecture == control.architecture
    assert f"{model.name}.random" == control.name
    assert (True, False) == (control.random, model.random)
    assert (Family.SUPERVISED, Family.CONTROL) == (model.family, control.family)
    assert control == model_spec("torchvision:resnet18@IMAGENET1K_V1?weights=random", MODELS)
    assert control == control_of(control)


def test_facts_are_recorded_and_do_not_reach_the_loader():
    """Name, family, source and licence are said of a model; only what changes how it is loaded stays in the entry."""
    text = "file:best.pth#torchvision:resnet18?size=128&name=mine&family=self_supervised&source=our_scans&licence=none"
    model = model_spec(text, MODELS)

    assert ("mine", "self_supervised", "our_scans", "none") == (model.name, model.family, model.source, model.licence)
    assert "best.pth#torchvision:resnet18?size=128" == model.entry


def test_two_references_have_two_names():
    """Models and folders of one short name differ in the digits behind it."""
    names = {model_spec(f"file:{folder}/best.pth#torchvision:resnet18", MODELS).name for folder in "ab"}
    tasks = {task_spec(f"imagefolder:{folder}/photos", TASKS).name for folder in "ab"}

    assert 2 == len(names) == len(tasks)
    assert all(name.startswith("best.") for name in names)
    assert all(name.startswith("photos.") and name.endswith("_full") for name in tasks)


def test_a_folder_says_what_its_model_takes(tmp_path):
    """A Hugging Face folder of an image model is an image model, any other one takes text, and a word overrides."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))

    assert {Modality.IMAGE} == model_spec(f"hf:{tmp_path}", MODELS).modalities
    assert {Modality.TEXT} == model_spec("hf:google-bert/bert-base-uncased@86b5e09", MODELS).modalities
    assert {Modality.IMAGE} == model_spec("hf:facebook/dinov2-small?modality=image", MODELS).modalities


@pytest.mark.parametrize(
    ("text", "kind", "shots"),
    [
        ("sklearn:digits", TaskKind.IMAGE_CLASSIFICATION, None),
        ("imagefolder:photos?shots=5", TaskKind.IMAGE_CLASSIFICATION, 5),
        ("csv:reviews.csv?text=review&label=stars", TaskKind.TEXT_CLASSIFICATION, None),
        ("conll:wnut17", TaskKind.TOKEN_CLASSIFICATION, None),
    ],
)
def test_data_references_become_tasks(text, kind, shots):
    """The scheme says the kind of task; the number of classes is for the data to say."""
    task = task_spec(text, TASKS)

    assert (kind, shots, None) == (task.kind, task.shots, task.classes)


def test_shots_share_their_data():
    """The same folder at several numbers of shots is one data set."""
    few, full = (task_spec(f"imagefolder:photos{option}", TASKS) for option in ("?shots=5", ""))

    assert few.dataset == full.dataset
    assert few.name != full.name


def test_any_task_takes_amounts():
    """A catalog task and a reference take so many training and validation examples (VTAB's protocol)."""
    task = task_spec("digits_full?train=800&val=200", TASKS)

    assert ("digits_800train_200val", "digits?train=800&val=200") == (task.name, task.dataset)
    assert task_spec("imagefolder:photos?train=800&val=200", TASKS).name.endswith("_800train_200val")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("torchvison:resnet18", "no model scheme is called 'torchvison': did you mean torchvision"),
        ("resnet_tiny.glyps", "did you mean resnet_tiny.glyphs"),
        ("torchvision:", "expected torchvision:NAME"),
        ("torchvision:resnet18?sise=64", "did you mean size"),
        ("torchvision:resnet18?size=big", "expected size=N with a whole number of at least 1, got size=big"),
        ("torchvision:resnet18?weights=none", "expected weights=random"),
        ("torchvision:resnet18?family=supervized", "did you mean supervised"),
        ("hf:bert?modality=sound", "there are image, text"),
        ("hf:bert?name=", "expected name=VALUE"),
        ("hf:bert?modality=text&modality=image", "expected each option once in .*twice or more: modality"),
    ],
)
def test_bad_model_references_say_what_to_type(text, message):
    """A typo in any part of a model reference is answered with what was expected."""
    with pytest.raises(UsageError, match=message):
        model_spec(text, MODELS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imagefoler:photos", "did you mean imagefolder"),
        ("digits_ful", "did you mean digits_full"),
        ("imagefolder:photos?shot=5", "did you mean shots"),
        ("csv:a.csv?text=a&label=b&label=c", "twice or more: label"),
        ("imagefolder:photos?shots=0", "at least 1, got shots=0"),
        ("imagefolder:photos?shots=5&train=800", "shots=N a class or train=N in all, got both"),
        ("digits_5shot?train=800", "take digits_full.train=800"),
        ("digits_full?text=x", "there are score, shots, train, val"),
    ],
)
def test_bad_data_references_say_what_to_type(text, message):
    """A typo in any part of a data reference is answered with what was expected."""
    with pytest.raises((UsageError, UnknownName), match=message):
        task_spec(text, TASKS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"sklearn:digits?shots={'9' * 5_000}", r"at most 9 digits, got shots=9+\.\.\. \(5,000 characters\)"),
        (f"sklearn:digits?train={'1' * 10}", "at most 9 digits"),
        (f"digits_full?val={'1' * 5_000}", "at most 9 digits"),
        ("csv:a.csv?encoding=a%00b", "without the character NUL"),
        (f"csv:{'a' * 300}", "255 between two slashes"),
        (f"csv:{'a/' * 5_000}", "at most 8192 characters"),
        (f"csv:a.csv?name={'n' * 200}", "name=NAME of at most 100 characters, got 200"),
    ],
    ids=["shots", "train", "val", "nul", "long_word", "long_path", "long_name"],
)
def test_what_no_setting_and_no_path_can_be_is_one_message(text, told):
    """Thousands of digits, a NUL and names that no file system takes are refused before anything reads them."""
    with pytest.raises(UsageError, match=told):
        task_spec(text, TASKS)
