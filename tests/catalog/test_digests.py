"""Tests of `ptmbench.catalog.digests`: no committed record goes stale by a change of the specs."""

from dataclasses import replace
from pathlib import Path

import pytest

from ptmbench.catalog.builtin import ALL_METHODS, PRETRAINING
from ptmbench.catalog.cases import PUBLISHED_RATES, SCRATCH_RATES, suited
from ptmbench.catalog.checkpoint_cards import load_card
from ptmbench.catalog.digests import case_digest
from ptmbench.catalog.entries import ALL_TASKS
from ptmbench.catalog.rates import recorded_rate
from ptmbench.catalog.settings import BUDGETS, BudgetSpec
from ptmbench.catalog.spec import Case, ModelSpec, TaskSpec
from ptmbench.catalog.traits import Family, TaskKind
from ptmbench.records.store import ResultsFolder

RESULTS = Path(__file__).parents[2] / "results"
FOLDERS = sorted(path for path in RESULTS.glob("*/*-*-*") if path.is_dir())
CLASSES = {(task.name, task.dataset): task.classes for task in ALL_TASKS}
SHIPPED = {load_card(spec.name).sha256 for spec in PRETRAINING}
CONFIGURATIONS = {  # sha256 of what the random controls of two published models take from them, which is not committed
    "055e562ff750aa24d70704d64de4b936bb2c47671de6e62f9ba23110c5b9e8bb",
    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}

GRIDS_BEFORE_3 = {"linear_probe": (1e-4, 1e-3, 1e-2, 1e-1, 1.0), "knn": (1, 3, 5, 10, 20)}
RATES_BEFORE_3 = {
    (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1): (1e-3, 3e-3, 1e-2),
    PUBLISHED_RATES: (5e-5, 3e-4, 1e-3),
    SCRATCH_RATES: (3e-4, 1e-3, 3e-3),
    (1e-3,): (1e-3,),
}
BUDGETS_BEFORE_3 = {
    "quick": BudgetSpec("quick", 40, 1, 1, 1, tunes_rates=False, asserts_floors=True),
    "standard": BUDGETS["standard"],
}


def case_of(record):
    """The case as a run would make it, from nothing but what its record says."""
    said, kind = record.case, TaskKind(record.case.task.kind)
    provider, _, entry = said.model.reference.partition(":")
    model = ModelSpec(
        name=said.model.name,
        provider=provider,
        entry=entry,
        architecture=said.model.architecture,
        family=Family(said.model.family),
        objective=said.model.objective,
        source=said.model.source,
        licence=said.model.licence,
        modalities=frozenset({kind.modality}),
        serves=kind.asks,
    )
    shots = None if said.task.shots == "all" else said.task.shots
    classes = CLASSES.get((said.task.name, said.task.dataset))
    task = TaskSpec(said.task.name, kind, said.task.dataset, shots, classes)
    method = next(spec for spec in ALL_METHODS if spec.name == said.method.name)
    if record.protocol_version < 3 and method.frozen:
        method = replace(method, grid=GRIDS_BEFORE_3[method.name], usual=None)
    method = suited(method, model)
    if record.protocol_version < 3 and not method.frozen:
        method = replace(method, grid=RATES_BEFORE_3[method.grid])
    return Case(model, task, method)


def digests_of(record):
    """The digests that the record may have: with its own weights, with those that its control borrows from, or none."""
    case = case_of(record)
    budget = (BUDGETS if record.protocol_version >= 3 else BUDGETS_BEFORE_3)[record.budget]
    told = case.method.frozen or (budget.tunes_rates if record.protocol_version < 3 else budget.tunes(case.task))
    rate = None if told else recorded_rate(case)
    if rate is not None and record.protocol_version < 3:  # few-shot tasks too had one that was recorded for themselves
        rate = record.case.method.hyperparameters["learning_rate"]
    return {
        case_digest(
            case,
            weights_sha256=weights,
            split_sha256=record.case.task.split_sha256,
            budget=budget,
            seeds=len(record.quality.seeds),
            recorded_rate=rate,
            precision=record.case.precision,
            protocol=record.protocol_version,
        )
        for weights in {record.case.model.weights_sha256, None, *SHIPPED, *CONFIGURATIONS}
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_committed_records_keep_their_digests(folder):
    """Each committed record has the digest that the specs of today give its case, under the protocol of its day."""
    records = ResultsFolder(folder).read_all()[0]

    assert records
    assert [] == [record.case.id for record in records if record.case.digest not in digests_of(record)]
