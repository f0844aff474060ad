"""Tests of `ptmbench.catalog.cases`: the traits of a method say where it applies, and nothing asks its name."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import ptmbench
from ptmbench.catalog.builtin import ALL_METHODS, METHODS, MODELS, TASKS
from ptmbench.catalog.cases import controls_last, models_of, named, suited, why_no_case
from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.catalog.spec import MethodSpec
from ptmbench.catalog.traits import Answer, Modality, StartsFrom, Suits, Trains

METHOD = {method.name: method for method in METHODS}
MODEL = {model.name: model for model in MODELS + HUB_MODELS}
TASK = {task.name: task for task in TASKS}
PACKAGE = Path(ptmbench.__file__).parent


@pytest.mark.parametrize(
    ("model", "task", "method", "reason"),
    [
        ("tfidf", "digits_5shot", "knn", "tfidf takes text, and digits_5shot is made of image"),
        (
            "word_shape",
            "topic_full",
            "knn",
            "word_shape is made for token_classification, and topic_full is text_classification",
        ),
        ("unet_tiny.glyphs", "digits_5shot", "fine_tune", "digits_5shot asks for features, and unet_tiny.glyphs gives"),
        ("unet_tiny.glyphs", "scene_masks_full", "knn", "knn gives labels, and scene_masks_full asks for masks"),
        (
            "resnet_tiny.glyphs",
            "digits_5shot",
            "frozen_backbone",
            "frozen_backbone gives boxes, masks, and digits_5shot",
        ),
        ("resnet_tiny.glyphs", "digits_5shot", "from_scratch", "it applies to resnet_tiny.random"),
        ("pixels", "digits_5shot", "fine_tune", "fine_tune needs pre-trained weights"),
        (
            "resnet_tiny.glyphs",
            "digits_5shot",
            "fine_tune_sgd",
            "fine_tune_sgd applies only to published image networks",
        ),
        ("bert_base", "sentiment_full", "fine_tune_sgd", "fine_tune_sgd applies only to published image networks"),
    ],
)
def test_a_combination_that_is_no_case_has_a_reason(model, task, method, reason):
    """The first trait that does not fit is the reason, in words."""
    assert reason in why_no_case(MODEL[model], TASK[task], METHOD[method])


def test_a_model_of_both_modalities_takes_tasks_of_both():
    """What takes images and text is a case of image tasks and of text tasks alike."""
    both = replace(MODEL["resnet_tiny.glyphs"], modalities=frozenset(Modality))

    assert why_no_case(both, TASK["digits_5shot"], METHOD["knn"]) is None
    assert why_no_case(both, TASK["sentiment_full"], METHOD["knn"]) is None


@pytest.mark.parametrize("start", list(StartsFrom))
def test_a_new_method_is_placed_by_its_traits(start):
    """A method that nobody has named before applies where its traits say."""
    adapter = MethodSpec(
        *("low_rank", Trains.ADAPTER, "learning_rate", (1e-3,), METHOD["fine_tune"].recipe),
        starts_from=start,
        gives=frozenset({Answer.LABELS}),
    )
    models = ("resnet_tiny.glyphs", "resnet_tiny.random", "pixels")
    fitting = [name for name in models if why_no_case(MODEL[name], TASK["digits_5shot"], adapter) is None]

    expected = {StartsFrom.ANY: list(models), StartsFrom.PRETRAINED: [models[0]], StartsFrom.RANDOM: [models[1]]}
    assert expected[start] == fitting


def test_a_method_trains_exactly_where_it_has_a_recipe():
    """A method that trains without a recipe, or has one and trains nothing, cannot be made."""
    with pytest.raises(ValueError, match="expected a recipe exactly where something trains"):
        replace(METHOD["fine_tune"], recipe=None)
    with pytest.raises(ValueError, match="expected a recipe exactly where something trains"):
        replace(METHOD["knn"], recipe=METHOD["fine_tune"].recipe)


def test_rates_follow_the_traits():
    """Published networks have rates of their own, from scratch higher ones; a method for them alone keeps its own."""
    published = {name: suited(METHOD[name], MODEL["resnet18"]).grid for name in ("fine_tune", "fine_tune_sgd")}
    scratch = suited(METHOD["from_scratch"], MODEL["resnet18.random"]).grid

    assert published["fine_tune"] != METHOD["fine_tune"].grid
    assert max(scratch) > max(published["fine_tune"])
    assert published["fine_tune_sgd"] == METHOD["fine_tune_sgd"].grid
    assert METHOD["fine_tune_sgd"].suits is Suits.PUBLISHED_IMAGE_NETWORKS


def test_nothing_asks_a_name():
    """No line that decides what runs compares the name of a method: it asks a trait."""
    names = {method.name for method in METHODS}
    asked = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for room in ("catalog", "engine", "running")
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and names & {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    ]

    assert [] == asked


def test_a_control_stands_behind_its_models():
    """Wherever it was typed, a control comes after every model of its architecture, and nothing else moves."""
    names = [
        "resnet_tiny.random",
        "pixels",
        "resnet_tiny.glyphs",
        "vgg_tiny.glyphs",
        "resnet_tiny.waves",
        "vgg_tiny.random",
    ]
    models = [MODEL[name] for name in names]
    ordered = [model.name for model in controls_last(models)]

    assert [*names[1:5], names[0], names[5]] == ordered
    assert [models[1], models[5]] == controls_last([models[1], models[5]])
    assert {"resnet_tiny.glyphs", "resnet_tiny.waves"} == models_of(MODEL["resnet_tiny.random"], models)


@pytest.mark.parametrize(
    ("model", "task", "reason"),
    [
        ("tfidf", "sentiment_50shot", "learns them from all"),
        ("pixels", "digits_5shot", "learns them from all"),
        ("bert_tiny.invented", "ner_100", "holds many"),
        ("resnet_tiny.glyphs", "digits_5shot", None),
        ("resnet_tiny.random", "digits_5shot", None),
    ],
)
def test_privacy_is_promised_where_it_holds(model, task, reason):
    """Vocabularies are learned from all examples without noise, and a text of many labels is more than one of them."""
    found = why_no_case(MODEL[model], TASK[task], named("method", "dp_probe", ALL_METHODS))

    assert (reason is None) == (found is None)
    assert reason is None or reason in found


@pytest.mark.parametrize("method", ["lora", "bitfit", "norm_only"])
def test_few_parameters_take_higher_rates_in_any_model(method):
    """Of a published network, too, they are tuned over rates ten times as high as all layers."""
    model = MODEL["resnet18"]
    few, whole = (suited(named("method", name, ALL_METHODS), model) for name in (method, "fine_tune"))

    assert few.grid == pytest.approx([10 * rate for rate in whole.grid])
    assert few.recipe.learning_rate in few.grid
