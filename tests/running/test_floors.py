"""Tests of the accuracy floors: they lie where they should, and they can fail."""

import re
import shutil
from pathlib import Path
from statistics import stdev

import pytest
from hypothesis import given
from safetensors.torch import save
from transformers import AutoConfig

from ptmbench.catalog import checkpoint_cards
from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.cases import product
from ptmbench.catalog.settings import BUDGETS, check_settings
from ptmbench.engine.models import embedded
from ptmbench.engine.models.language_models import random_model
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import UsageError
from ptmbench.records.record import PROTOCOL_VERSION, chance_of
from ptmbench.records.store import ResultsFolder
from ptmbench.running import floors
from ptmbench.running.floors import Floor
from ptmbench.running.session import Session
from strategies import records

ROOT = Path(__file__).parents[2]
FLOORS = floors.load_floors(ROOT / "benchmarks" / "floors.toml")
ASSERTING = [name for name, budget in BUDGETS.items() if budget.asserts_floors]


@pytest.fixture(scope="module", params=sorted(set(FLOORS.by_budget) & set(ASSERTING)))
def committed(request):
    """The committed records of each budget that asserts floors, by case id."""
    folder = ResultsFolder(ROOT / "results" / "embedded" / f"{request.param}-cpu-fp32")
    return request.param, {record.case.id: record for record in folder.read_all()[0]}


def cases_of(budget):
    """The catalog's cases; detectors and segmenters, an hour's work at `standard`, have floors at `quick` so far."""
    return [case for case in product() if budget == "quick" or not case.task.kind.dense]


def spread_of(record):
    """The standard deviation of a record's seeds."""
    values = [entry.value for entry in record.quality.seeds]
    return stdev(values) if len(values) > 1 else 0.0


def test_every_case_has_a_floor_above_chance(committed):
    """Each case has a floor below what was measured, by 6 points or 3 spreads at most, and above chance as it is."""
    budget, records = committed

    for case in cases_of(budget):
        floor, value = FLOORS.find(budget, case.id, "fp32"), records[case.id].quality.value
        assert floor is not None, case.id
        chance = chance_of(records[case.id].case.task) or 0.0
        assert floor.floor < value, case.id
        assert (floor.floor > chance) == (value > chance), case.id
        assert floor.floor >= value - max(0.06, 3 * spread_of(records[case.id]) + 0.0001), case.id


@pytest.mark.parametrize("budget", ASSERTING)
def test_floors_are_of_the_protocol_that_runs(budget):
    """A budget whose committed records are of an older protocol has no floors until it is recorded anew."""
    records, _ = ResultsFolder(ROOT / "results" / "embedded" / f"{budget}-cpu-fp32").read_all()
    current = {PROTOCOL_VERSION} == {record.protocol_version for record in records}

    assert current == (budget in FLOORS.by_budget)


def test_tells_is_what_random_weights_reach(committed):
    """A floor `tells` exactly where random weights, transferred in the same way, stay below it by a point."""
    budget, records = committed

    for case in cases_of(budget):
        floor = FLOORS.find(budget, case.id, "fp32")
        method = case.method.name if case.method.frozen else "from_scratch"
        counterpart = f"{case.model.architecture}.random-{case.task.name}-{method}"
        told = case.model.pretrained and records[counterpart].quality.value < floor.floor - 0.01
        assert told == floor.tells, case.id


def test_there_are_no_floors_for_unknown_cases():
    """The file holds no floor that no case has."""
    known = {case.id for case in product()}

    assert all(table.keys() <= known for table in FLOORS.by_budget.values())


def test_a_task_without_any_floor_at_a_budget_is_not_blamed(tmp_path):
    """Where the file has no floors for a task at a budget, a record says so; where others have one, it owes one."""
    path = tmp_path / "floors.toml"
    path.write_text('[quick]\n"vgg_tiny.glyphs-digits_5shot-knn" = { floor = 0.1, tells = false }\n')

    some = floors.load_floors(path)

    assert some.knows("quick", "digits_5shot")
    assert not some.knows("quick", "digits_full")
    assert not some.knows("standard", "digits_5shot")


def test_precision_has_a_tolerance():
    """In bf16 a floor may be missed by its tolerance."""
    case_id = product()[0].id

    assert FLOORS.find("quick", case_id, "bf16").floor == pytest.approx(
        FLOORS.find("quick", case_id, "fp32").floor - FLOORS.tolerance["bf16"]
    )


def planted(spec, folder):
    """A checkpoint with random weights under its own name, and a card that fits them."""
    found = checkpoint_cards.load_card(spec.name)
    if checkpoint_cards.weights_path(spec.name).is_dir():
        shutil.copytree(checkpoint_cards.weights_path(spec.name), folder / spec.name)
        config = AutoConfig.from_pretrained(folder / spec.name)
        random_model(config, "planted").save_pretrained(folder / spec.name)
    else:
        tensors = embedded.initialised(spec.architecture, 7).state_dict()
        content = save({embedded.PREFIX + name: tensor.contiguous() for name, tensor in tensors.items()})
        checkpoint_cards.weights_path(spec.name, folder).write_bytes(content)
    sha256 = checkpoint_cards.sha256_of([content for _, content in checkpoint_cards.weights_files(spec.name, folder)])
    checkpoint_cards.card_path(spec.name, folder).write_text(
        found.model_copy(update={"sha256": sha256}).model_dump_json()
    )


def telling(name):
    """The cheap cases of a model whose floors tell its weights from random ones."""
    cases = [case for case in product() if case.model.name == name and case.method.name == "knn"]
    return [case for case in cases if FLOORS.find("quick", case.id, "fp32").tells]


@pytest.mark.parametrize("spec", PRETRAINING, ids=lambda spec: spec.name)
def test_random_weights_planted_in_a_checkpoint_are_caught(spec, tmp_path, monkeypatch):
    """A checkpoint whose weights are random, its card made to fit, misses the floor of a case that `tells`."""
    planted(spec, tmp_path)
    monkeypatch.setattr(checkpoint_cards, "ZOO", tmp_path)
    settings = check_settings(budget="quick", device="cpu", measures_latency=False)
    session = Session(settings, folder=tmp_path / "out", floors=FLOORS, _bench=Workbench(settings))
    case = telling(spec.name)[0]

    record = session.run(case)

    assert record.quality.floor_tells
    assert not record.quality.floor_met
    assert re.search(
        rf"{re.escape(case.id)} reached \w+ 0\.\d+, below its floor of {record.quality.floor:.4f}",
        floors.complaint(record, FLOORS.name),
    )


def test_a_floor_of_installed_text_is_asserted_only_for_that_text():
    """Topic is made of what is installed: on other text its floor is left out with a reason, elsewhere it holds."""
    bound = Floor(floor=0.9, tells=True, split="0123456789ab")

    assert bound.fits("0123456789ab" + "0" * 52)
    assert not bound.fits("f" * 64)
    assert not bound.fits(None)
    assert Floor(floor=0.9, tells=True).fits(None)
    for case in product():
        assert (case.task.dataset == "topic") == (FLOORS.find("quick", case.id, "fp32").split is not None), case.id


@given(records())
def test_only_what_ships_owes_a_floor(record):
    """A case of other people's weights or data has no floor and is not blamed for it; a shipped one is."""
    quality = record.quality
    if quality is None:
        return
    bare = quality.model_copy(update={"floor": None, "floor_met": None, "floor_tells": None})
    missing = {**record.missing, "quality.floor": floors.NO_FLOOR}
    for reference, task, owes in (
        ("embedded:vgg_tiny.glyphs", "digits_full", True),
        ("fcn:resnet_tiny.glyphs", "scene_masks_full", True),
        ("fcn:torchvision:resnet18", "scene_masks_full", False),
        ("torchvision:resnet18", "digits_full", False),
        ("embedded:vgg_tiny.glyphs", "cifar10_full", False),
    ):
        case = record.case
        case = case.model_copy(
            update={
                "model": case.model.model_copy(update={"reference": reference}),
                "task": case.task.model_copy(update={"name": task}),
            }
        )
        changed = record.model_copy(update={"case": case, "quality": bare, "missing": missing})
        assert owes == (floors.complaint(changed, "floors.toml") is not None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("quick = [", "is not TOML"),
        ("quick = " + "[" * 100_000, "is not TOML"),
        ("quick = " + "9" * 5000, "is not TOML"),
        ("[quick]\na = 1\nb = {floor = 2}", r"has faults: quick\.a: .*; quick\.b\.tells: "),
        ("[quik]\n", r"has tables \['quik'\]; expected of \['converged', 'quick', 'single', 'smoke', 'standard'\]"),
    ],
)
def test_faults_of_a_floors_file_are_named(tmp_path, text, fault):
    """A floors file that cannot be read is one message with all its faults."""
    path = tmp_path / "floors.toml"
    path.write_text(text)

    with pytest.raises(UsageError, match=fault):
        floors.load_floors(path)
