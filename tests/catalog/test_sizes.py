"""Tests of what is known of a case's size before anything is loaded."""

import pytest

from ptmbench.catalog.builtin import MODELS, TASKS
from ptmbench.catalog.cases import product
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.catalog.settings import BUDGETS, RunSettings
from ptmbench.catalog.sizes import Parts, macs_of, parts_of
from ptmbench.engine.data import load
from ptmbench.engine.workbench import Workbench

FIRST = {(case.model.architecture, case.task.dataset): case for case in product()}


def test_the_sizes_of_what_ships_are_those_that_are_measured():
    """The MACs and examples known of every embedded architecture and data set are what the engine counts."""
    bench = Workbench(RunSettings(BUDGETS["quick"], device="cpu", measures_latency=False))
    known, counted = {}, {}
    for key, case in FIRST.items():
        split = bench.task_data(case).split
        known[key] = macs_of(case.model, case.task), parts_of(case.task)
        counted[key] = bench.footprint(case).macs, Parts(len(split.train), len(split.validation), len(split.test))

    assert counted == known


def test_a_task_scored_on_validation_has_the_validation_part_for_its_test_part():
    """What is known of its size is what is counted, but for the hashes that hold out about a fifth of training."""
    task = task_spec("digits_full?score=validation", TASKS)
    known, split = parts_of(task), load(task.dataset).split

    assert len(split.test) == known.test
    assert len(split.train) == pytest.approx(known.train, rel=0.1)
    assert macs_of(MODELS[0], task) == macs_of(MODELS[0], task_spec("digits_full", TASKS))
    assert parts_of(task_spec("digits_full?train=100&val=20", TASKS)) is None  # another amount of data


@pytest.mark.parametrize(
    ("name", "macs"), [("resnet18", 1_814_000_000), ("resnet18.random", 1_814_000_000), ("pgan", None)]
)
def test_a_public_network_costs_what_is_published(name, macs):
    """A public checkpoint and its control cost what is published of it, and one of which nothing is has no size."""
    model = next(model for model in HUB_MODELS if model.name == name)

    assert macs == macs_of(model, next(iter(FIRST.values())).task)
