"""Tests of what is written down of a race."""

import shlex

import pytest

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.cases import named, product
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.model_references import model_spec
from ptmbench.cli.parser import make_parser
from ptmbench.cli.running import chosen_cases
from ptmbench.recommendation.evidence import Evidence, evidence
from ptmbench.recommendation.race import Plan
from ptmbench.running.deciding import command_of, promise_of, typed_task


@pytest.mark.parametrize(
    "typed",
    ["digits_full", "digits_5shot", "digits_full?train=100&val=20", "csv:a.csv?text=t&label=l&shots=5", "csv:a.csv"],
)
def test_a_task_is_typed_as_it_was(typed):
    """What the command names is the very task that was decided for."""
    task = task_spec(typed, TASKS)

    assert task == task_spec(typed_task(task), TASKS)


@pytest.mark.parametrize("model", ["resnet_tiny.glyphs", "torchvision:resnet18@IMAGENET1K_V1"])
def test_the_command_runs_what_was_picked(model):
    """It parses, and selects the one case of model, task and method, beside a model's own control at most."""
    spec = model_spec(model, MODELS)
    [case] = product([spec], [task_spec("digits_full", TASKS)], [named("method", "linear_probe", METHODS)])
    words = shlex.split(command_of(case))

    assert "ptmbench" == words[0]
    assert case.id in {one.id for one in chosen_cases(make_parser().parse_args(words[1:]))}


def test_no_folder_of_anybody_is_written_down(tmp_path):
    """A command about data elsewhere shows the last name of its path alone."""
    task = task_spec(f"csv:{tmp_path}/secret/reviews.csv", TASKS)
    [case] = product([model_spec("bert_tiny.manuals", MODELS)], [task], [named("method", "knn", METHODS)])

    assert str(tmp_path) not in command_of(case)
    assert "reviews.csv" in command_of(case)


def test_the_promise_is_that_of_the_check():
    """As many tasks and data sets as the evidence has of them; without evidence nothing is promised."""
    known = evidence().of_modality("text")
    found = promise_of(known, Plan(), 100.0)

    assert (len(known.tasks), len(known.data_sets)) == (found.tasks, found.data_sets)
    assert 0 <= found.regret <= found.worst
    assert promise_of(Evidence((), {}), Plan(), 100.0) is None


def test_the_promise_is_of_the_same_share_of_the_cost():
    """What is said of a decision within a budget was measured within it; where nothing was, nothing is said."""
    known = evidence().of_modality("image")
    free, bound = (promise_of(known, Plan(limit_s=limit), 100.0) for limit in (None, 3.0))

    assert free != bound
    assert promise_of(known, Plan(limit_s=1e-6), 100.0) is None
