"""Tests of the shadow models of what is fitted to frozen features."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.transfer import shadows
from ptmbench.engine.transfer.shadows import SHADOWS, WORDS, privacy_of

MODEL = "resnet_tiny.glyphs"


def ran(bench, model, task, method="linear_probe"):
    """A case of a frozen method after its first seed."""
    run = frozen_run(bench, find_case(model, task, method))
    run.seed(0)
    return run


@pytest.fixture(scope="module")
def few(bench):
    """What five digits a class tell."""
    return privacy_of(ran(bench, MODEL, "digits_5shot"))


def test_few_labels_tell_who_was_learned_from(few):
    """Models of five shots learn from five of each class, and are found out far above chance; shuffled they are not."""
    assert 50 == few["members"]
    assert SHADOWS - 1 == few["shadows"]
    assert few["auc_interval95"][0] > 0.55
    assert few["tpr_at_fpr_1e_2_interval95"][0] > 0.02
    assert 0.5 == pytest.approx(few["null_auc"], abs=0.02)


def test_the_same_case_tells_the_same(bench, few):
    """Pool, halves and bootstrap are drawn by the task's name, whatever ran before."""
    assert few == privacy_of(ran(bench, MODEL, "digits_5shot"))


def test_more_labels_tell_less(bench, few):
    """At four times the shots members are found half as often at least: the law that log(TPR - FPR) falls with
    log(shots) at a slope of about -1/2 (Tobaben et al. 2024, https://arxiv.org/abs/2402.06674).
    """
    more = privacy_of(ran(bench, MODEL, "digits_20shot"))
    slope = np.log((more["tpr_at_fpr_1e_2"] - 0.01) / (few["tpr_at_fpr_1e_2"] - 0.01)) / np.log(4)

    assert more["auc"] < few["auc"]
    assert -1.2 < slope < -0.25


def test_halves_hold_half_of_each_class(bench):
    """Every model learns from as many of each class as are left out, and each example from about as many models."""
    truth = np.repeat(np.arange(4), [10, 6, 2, 4])
    members = shadows._halves(truth, np.random.default_rng(0))

    assert (SHADOWS, 22) == members.shape
    assert all([5, 3, 1, 2] == np.bincount(truth[row]).tolist() for row in members)
    assert 0.2 < members.mean(axis=0).min() <= members.mean(axis=0).max() < 0.8


def test_words_of_a_text_are_no_examples(bench):
    """Membership is of whole examples: where labels are those of words there is a reason instead."""
    run = frozen_run(bench, find_case(MODEL, "digits_5shot", "knn"))
    run.rows = replace(run.rows, positions=np.zeros((1, 1), dtype=np.int64))

    assert WORDS == privacy_of(run)


@pytest.mark.parametrize(
    ("classes", "shots", "pool"),
    [([8, 8], 3, [6, 6]), ([8, 5], 3, [6, 4]), ([8, 5], None, [8, 4]), ([8, 1], None, None), ([8], None, None)],
)
def test_a_pool_has_an_even_number_of_each_class(classes, shots, pool):
    """Twice the shots or all there are; nothing where a class has a single example, or there is one class."""
    truth = np.repeat(np.arange(len(classes)), classes)
    data = SimpleNamespace(split=SimpleNamespace(train=range(len(truth))))
    rows = SimpleNamespace(data=data, labels=lambda indices: truth[np.asarray(indices)])
    found = shadows._pool(
        SimpleNamespace(rows=rows, case=SimpleNamespace(task=SimpleNamespace(shots=shots, draws="d")))
    )

    assert pool == (None if found is None else np.bincount(truth[found]).tolist())
