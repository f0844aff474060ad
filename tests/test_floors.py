"""Tests of the accuracy floors: they lie where they should, and they can fail."""

import re
from pathlib import Path

import pytest

from ptmbench import card, floors
from ptmbench.cases import find_case, product
from ptmbench.catalog import PRETRAINING
from ptmbench.engine.models import embedded
from ptmbench.engine.pretraining.supervised import classifier
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import UsageError
from ptmbench.session import Session
from ptmbench.settings import BUDGETS, check_settings
from ptmbench.store import ResultsFolder

ROOT = Path(__file__).parents[1]
FLOORS = floors.load_floors(ROOT / "benchmarks" / "floors.toml")
ASSERTING = [name for name, budget in BUDGETS.items() if budget.asserts_floors]


@pytest.fixture(scope="module", params=ASSERTING)
def committed(request):
    """The committed records of each budget that asserts floors, by case id."""
    folder = ResultsFolder(ROOT / "results" / "embedded" / f"{request.param}-cpu-fp32")
    return request.param, {record.case.id: record for record in folder.read_all()[0]}


def test_every_case_has_a_floor_above_chance(committed):
    """Each case has a floor at each budget, above chance and below what was measured, by at most 6 points."""
    budget, records = committed

    for case in product():
        floor, value = FLOORS.find(budget, case.id, "fp32"), records[case.id].quality.value
        assert floor is not None, case.id
        assert 1 / case.task.classes < floor.floor < value, case.id
        assert floor.floor >= value - 0.06, case.id


def test_tells_is_what_random_weights_reach(committed):
    """A floor `tells` exactly where random weights, carried over in the same way, stay below it by a point."""
    budget, records = committed

    for case in product():
        floor = FLOORS.find(budget, case.id, "fp32")
        method = case.method.name if case.method.frozen else "from_scratch"
        counterpart = f"{case.model.architecture}.random-{case.task.name}-{method}"
        told = case.model.pretrained and records[counterpart].quality.value < floor.floor - 0.01
        assert told == floor.tells, case.id


def test_there_are_no_floors_for_unknown_cases():
    """The file holds no floor that no case has."""
    known = {case.id for case in product()}

    assert all(table.keys() <= known for table in FLOORS.by_budget.values())


def test_precision_has_a_tolerance():
    """In bf16 a floor may be missed by its tolerance."""
    case_id = product()[0].id

    assert FLOORS.find("quick", case_id, "bf16").floor == pytest.approx(
        FLOORS.find("quick", case_id, "fp32").floor - FLOORS.tolerance["bf16"]
    )


@pytest.mark.parametrize("spec", PRETRAINING, ids=lambda spec: spec.name)
def test_random_weights_planted_in_a_checkpoint_are_caught(spec, tmp_path, monkeypatch):
    """A checkpoint whose weights are random, its card made to fit, misses the floor of a case that `tells`."""
    from safetensors.torch import save

    tensors = classifier(embedded.initialised(spec.architecture, 7), 160).state_dict()
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    planted = card.load_card(spec.name).model_copy(update={"sha256": embedded.hashlib.sha256(content).hexdigest()})
    card.weights_path(spec.name, tmp_path).write_bytes(content)
    card.card_path(spec.name, tmp_path).write_text(planted.model_dump_json())
    monkeypatch.setattr(card, "ZOO", tmp_path)
    case = find_case(spec.name, "shapes_5shot", "linear_probe")
    settings = check_settings(budget="quick", device="cpu", measures_latency=False)
    session = Session(settings, folder=tmp_path / "out", floors=FLOORS, _bench=Workbench(settings))

    record = session.run(case)

    assert record.quality.floor_tells
    assert not record.quality.floor_met
    assert re.search(
        rf"{re.escape(case.id)} reached top1_accuracy 0\.\d+, below its floor of {record.quality.floor:.4f}",
        floors.complaint(record, FLOORS.name),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("quick = [", "is not TOML"),
        ("[quick]\na = 1\nb = {floor = 2}", r"has faults: quick\.a: .*; quick\.b\.tells: "),
        ("[quik]\n", r"has tables \['quik'\]; expected of \['quick', 'smoke', 'standard'\]"),
    ],
)
def test_faults_of_a_floors_file_are_named(tmp_path, text, fault):
    """A floors file that cannot be read is one message with all its faults."""
    path = tmp_path / "floors.toml"
    path.write_text(text)

    with pytest.raises(UsageError, match=fault):
        floors.load_floors(path)
