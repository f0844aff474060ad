"""Tests of cases that transfer a model without changing it."""

import numpy as np
import pytest
import torch

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.transfer.frozen import FrozenRun


def prepared(bench, model="pixels", task="digits_5shot", method="linear_probe"):
    """A case ready to run."""
    return prepare(bench, find_case(model, task, method))


def test_the_choice_reads_neither_test_nor_validation_labels_of_a_few_shot_task(bench, monkeypatch):
    """Other labels outside the draw leave the choice and the answers as they are."""
    first = prepared(bench)
    before = first.work.seed(0).test
    data = first.work.rows.data
    drawn = data.training_examples(5, 0).numpy()
    others = np.setdiff1d(np.arange(len(data.labels)), drawn)
    turned = data.labels.copy()
    turned[others] = (turned[others] + 1) % 10
    monkeypatch.setattr(type(data), "training_examples", lambda _self, _shots, _seed: torch.tensor(drawn))
    monkeypatch.setattr(data, "labels", turned)

    second = prepared(bench)
    after = second.work.seed(0).test

    assert first.work.choices == second.work.choices
    assert before.tolist() == after.tolist()


def test_each_seed_chooses_for_itself(bench):
    """A draw of its own has a choice of its own; the record holds each where they differ."""
    found = prepared(bench)
    for seed in range(4):
        found.work.seed(seed)

    assert 4 == len(found.work.choices)
    assert 1 < len(set(found.work.choices))


def test_a_full_task_learns_from_validation_examples_too(bench, monkeypatch):
    """The last fit has all labels but those of the test split."""
    fitted, learned = [], FrozenRun._learned

    def noted(self, features, examples, value):
        fitted.append(examples.tolist())
        return learned(self, features, examples, value)

    monkeypatch.setattr(FrozenRun, "_learned", noted)
    work = prepared(bench, task="digits_full", method="knn").work
    split = work.rows.data.split

    work.seed(0)

    assert [sorted((*split.train, *split.validation))] == fitted


def test_what_more_labels_would_have_chosen_is_told_beside(bench):
    """A few-shot record holds what choosing on the whole validation split comes to; a full one has no such figure."""
    few = run(bench, prepared(bench)).answers
    full = run(bench, prepared(bench, task="digits_full", method="knn")).answers

    assert 0 < few.others["tuned_on_validation"] <= 1
    assert "tuned_on_validation" not in full.others


def test_a_draw_that_repeats_is_not_fitted_again(bench):
    """The same examples and features give the same answers without another fit."""
    work = prepared(bench, task="digits_full", method="knn").work

    first, second = work.seed(0), work.seed(1)

    assert first is second
    assert 1 == len(work.times_s)
    assert 2 == len(work.choices)


@pytest.mark.parametrize("method", ["linear_probe", "knn"])
def test_one_shot_takes_the_usual_value(bench, method):
    """Where there is nothing to choose by the record says which value was taken, and why."""
    found = run(bench, prepared(bench, task="digits_1shot", method=method)).choice
    case = find_case("pixels", "digits_1shot", method)

    assert case.method.usual == found.hyperparameters[case.method.tuned]
    assert "the method's usual value" in found.selection
