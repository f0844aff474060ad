"""Tests of the catalog and of the cases made from it."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.catalog.builtin import METHODS, MODELS, PRETRAINING, TASKS
from ptmbench.catalog.cases import find_case, product, suited, why_no_case
from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.catalog.rates import recorded_rates
from ptmbench.catalog.selection import select
from ptmbench.catalog.spec import Case, MethodSpec, ModelSpec, TaskSpec
from ptmbench.catalog.traits import Family, Modality, Suits, TaskKind
from ptmbench.errors import UnknownName, UsageError
from strategies import slugs

CASES = product()


def test_ids_are_unique_and_legal():
    """An id stands once, is three slugs joined by hyphens, and holds nothing that -k refuses."""
    ids = [case.id for case in CASES]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[a-z_]+", case_id) for case_id in ids)


@given(slugs, slugs, st.sampled_from(METHODS))
def test_an_id_tells_its_parts(model, task, method):
    """The parts of any case can be read from its id."""
    spec = ModelSpec(model, "embedded", model, model, Family.SUPERVISED, "x", "x", "MIT")
    case = Case(spec, TaskSpec(task, TaskKind.IMAGE_CLASSIFICATION, "digits", 5, 10), method)

    assert [model, task, method.name] == case.id.split("-")
    assert case.id == Case(spec, case.task, case.method).id


@pytest.mark.parametrize("name", ["a-b", "a b", "", "a@b", "a/b", "a=b"])
def test_names_that_cannot_stand_in_an_id_are_refused(name):
    """A spec with a name that is no slug cannot be made."""
    with pytest.raises(ValueError, match="expected a name of letters"):
        TaskSpec(name, TaskKind.IMAGE_CLASSIFICATION, "digits", 5, 10)


def test_names_do_not_collide_in_k():
    """No name of one kind is part of a name of another, so that -k selects what a user means."""
    words = {
        "model": {model.architecture.split("_")[0] for model in MODELS},
        "objective": {"simclr"},
        "source": {model.source for model in MODELS if model.source != "none"},
        "data": {task.dataset for task in TASKS},
        "method": {method.name for method in METHODS},
    }
    pairs = [(kind, word) for kind, known in words.items() for word in known]

    for kind, word in pairs:
        assert not [other for other_kind, other in pairs if (other_kind, other) != (kind, word) and word in other and
                    not (word == "fine_tune" and other in {"fine_tune_last", "fine_tune_sgd"})], word  # fmt: skip


def test_what_is_a_case():
    """Training from scratch goes with random weights, fine-tuning with trained ones, pixels with neither."""
    by_model = {model.name: {m.name for m in METHODS if why_no_case(model, TASKS[0], m) is None} for model in MODELS}

    assert {"linear_probe", "knn"} == by_model["pixels"] == by_model["hog_colour"]
    assert {"linear_probe", "knn", "from_scratch"} == by_model["vgg_tiny.random"]
    assert {"linear_probe", "knn", "fine_tune", "fine_tune_last"} == by_model["vgg_tiny.glyphs"]
    assert set() == by_model["bert_tiny.invented"] == by_model["tfidf"]


@pytest.mark.parametrize(
    ("expression", "models", "tasks"),
    [
        ("bert", {"bert_tiny.invented", "bert_tiny.manuals", "bert_tiny.random"}, {"sentiment", "topic", "ner"}),
        ("ner", {model.name for model in MODELS if Modality.TEXT in model.modalities}, {"ner"}),
        (
            "vae or wgan",
            {"vae_tiny.glyphs", "vae_tiny.random", "wgan_tiny.glyphs", "wgan_tiny.random"},
            {"digits", "photo_numerals", "textures", "shapes"},
        ),
    ],
)
def test_k_selects_what_a_user_expects(expression, models, tasks):
    """A family or a task by its name selects all of it and nothing else."""
    chosen = select(CASES, expression)

    assert models == {case.model.name for case in chosen}
    assert tasks == {case.task.dataset for case in chosen}
    assert len(chosen) == sum(case.model.name in models and case.task.dataset in tasks for case in CASES)


def test_every_pretrained_model_has_its_controls():
    """Each architecture that is pre-trained is also there at random initialisation and from scratch."""
    random = {model.architecture for model in MODELS if model.random}

    assert {model.architecture for model in MODELS if model.pretrained} == random


def test_every_embedded_model_has_a_recipe():
    """`ptmbench pretrain` knows every embedded checkpoint, and no other."""
    assert {model.name for model in MODELS if model.provider.startswith("embedded")} == {
        spec.name for spec in PRETRAINING
    }


def test_trained_methods_try_equally_many_rates():
    """An equal budget means equally many learning rates, steps and examples a batch."""
    trained = [method for method in METHODS if not method.frozen and method.suits is Suits.ANY]
    published = model_spec("torchvision:resnet18", MODELS)

    for model in (MODELS[0], published):
        methods = [suited(method, model) for method in trained]
        assert len({len(method.grid) for method in methods}) == 1
        assert len({(method.recipe.steps, method.recipe.batch_size) for method in methods}) == 1


def test_the_classic_recipe_is_for_published_image_networks():
    """SGD at 0.001 with momentum 0.9 and weight decay for ten epochs is a case of a published CNN, and of no other."""
    models = model_specs("torchvision:resnet18", MODELS) + model_specs("hf:bert", MODELS)
    cases = [case for case in product(models) if case.method.name == "fine_tune_sgd"]

    assert {models[0].name} == {case.model.name for case in cases}
    recipe = cases[0].method.recipe
    assert ("sgd", 1e-3, 0.9, 10) == (recipe.optimizer, recipe.learning_rate, recipe.momentum, recipe.epochs)
    assert recipe.weight_decay > 0
    assert not [case for case in CASES if case.method.name == "fine_tune_sgd"]
    with pytest.raises(
        UsageError, match=r"fine_tune_sgd applies only to published image networks, and vgg_tiny.glyphs is none"
    ):
        find_case("vgg_tiny.glyphs", "digits_full", "fine_tune_sgd")


def test_published_networks_have_rates_of_their_own():
    """Networks of a user's size are tuned over smaller rates, and what ships with the package as it was."""
    by_name = {method.name: method for method in METHODS}
    published = model_spec("torchvision:resnet18", MODELS)

    assert by_name["fine_tune"] == suited(by_name["fine_tune"], MODELS[0])
    fine_tune, scratch = (suited(by_name[name], published).grid for name in ("fine_tune", "from_scratch"))
    for smaller, larger in pairwise((fine_tune, scratch, by_name["fine_tune"].grid)):
        assert [True] * 7 == [less < more for less, more in zip(smaller, larger, strict=True)]
    assert by_name["knn"] == suited(by_name["knn"], published)


def test_every_trained_case_has_a_recorded_rate_of_its_grid():
    """The quick budget searches no rates: each trained case has one on record, from the grid that was tried."""
    grids = {case.id: case.method.grid for case in CASES if not case.method.frozen}

    assert grids.keys() == recorded_rates().keys()
    assert all(recorded_rates()[case_id] in grid for case_id, grid in grids.items())


def test_unknown_names_list_near_ones():
    """A typo is answered with what was probably meant."""
    with pytest.raises(UnknownName, match=r"no model is called 'resnet_tiny\.glyps': did you mean resnet_tiny\.glyphs"):
        find_case("resnet_tiny.glyps", "digits_5shot", "knn")
    with pytest.raises(UnknownName, match="did you mean digits_5shot"):
        find_case("pixels", "digits_5shots", "knn")
    with pytest.raises(UnknownName, match="did you mean linear_probe"):
        find_case("pixels", "digits_5shot", "linear_prob")


@pytest.mark.parametrize(
    ("model", "method", "why"),
    [
        ("resnet_tiny.glyphs", "from_scratch", r"it applies to resnet_tiny\.random, not to resnet_tiny\.glyphs"),
        ("pixels", "fine_tune", "needs pre-trained weights"),
    ],
)
def test_what_is_no_case_says_why(model, method, why):
    """A combination that means nothing is refused with the reason."""
    with pytest.raises(UsageError, match=why):
        find_case(model, "digits_5shot", method)


def test_every_catalog_entry_can_be_built(bench):
    """Each model builds a backbone or a dense network, and each task loads data of its classes."""
    for case in CASES:
        data = bench.task_data(case)
        assert case.task.classes == len(data.samples.classes)
        if not case.task.kind.dense:
            assert bench.model(case, 0).backbone.feature_size > 0
            assert set(range(case.task.classes)) == set(data.labels.tolist())
        elif case.method.name == "frozen_backbone":
            network = bench.network(case, 0).trained
            learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
            assert 0 < len(learning) < len(list(network.parameters()))


def test_methods_are_listed_once():
    """Names of methods are unique."""
    assert len(METHODS) == len({method.name for method in METHODS if isinstance(method, MethodSpec)})


def test_recorded_rates_are_sorted_json():
    """The file of rates is written by its script: sorted, and nothing else in it."""
    from ptmbench.catalog.rates import RATES

    assert RATES.read_text() == json.dumps(recorded_rates(), indent=1, sort_keys=True) + "\n"
