"""Tests of which labels choose the hyper-parameters of a frozen method."""

import numpy as np
import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.engine.data import load
from ptmbench.engine.transfer.tuning import Trial, best_of, lean, log_loss, tuning_of


def data_of(bench, task):
    """The data of a task with its shots."""
    case = find_case("tfidf" if task.startswith("ner") else "pixels", task, "knn")
    return bench.task_data(case), case.task.shots


@pytest.mark.parametrize(("task", "folds"), [("digits_5shot", 5), ("textures_5shot", 5), ("ner_100", 5)])
def test_few_labels_are_chosen_by_from_themselves(bench, task, folds):
    """Every labelled example is held out once, none beside them is looked at, and all are learned from at the end."""
    data, shots = data_of(bench, task)
    drawn = data.training_examples(shots, 3).numpy()

    tuning = tuning_of(data, shots, drawn)

    held = np.concatenate([unseen for _, unseen in tuning.parts])
    assert folds == len(tuning.parts)
    assert sorted(drawn) == sorted(held) == sorted(tuning.learned)
    assert all(set(known) == set(drawn) - set(unseen) for known, unseen in tuning.parts)
    assert not set(drawn) & set(data.split.validation)


def test_each_fold_holds_out_its_share_of_every_class(bench):
    """Of five labels a class each of five folds holds out one."""
    data, shots = data_of(bench, "digits_5shot")
    tuning = tuning_of(data, shots, data.training_examples(shots, 0).numpy())

    assert [[1] * 10] * 5 == [np.bincount(data.labels[unseen], minlength=10).tolist() for _, unseen in tuning.parts]


def test_one_label_a_class_chooses_nothing(bench):
    """Of a single label there is none to hold out: the selection says so."""
    data, shots = data_of(bench, "digits_1shot")

    tuning = tuning_of(data, shots, data.training_examples(shots, 0).numpy())

    assert () == tuning.parts
    assert 10 == len(tuning.learned)
    assert tuning.selection.startswith("one label a class leaves none to choose by")


def test_a_full_task_is_chosen_by_a_large_validation_split_and_learned_from_both(bench):
    """The validation split chooses, and then has labels to learn from as the others."""
    data, shots = data_of(bench, "digits_full")
    drawn = data.training_examples(shots, 0).numpy()

    ((known, unseen),) = tuning_of(data, shots, drawn).parts

    assert (list(drawn), list(data.split.validation)) == (list(known), list(unseen))
    assert sorted((*drawn, *data.split.validation)) == tuning_of(data, shots, drawn).learned.tolist()


def test_a_small_validation_split_is_cross_validated(bench, monkeypatch):
    """Where one validation example is a point, both parts are held out in turn."""
    data, shots = data_of(bench, "digits_full")
    monkeypatch.setattr("ptmbench.engine.transfer.tuning.LARGE", 185)
    drawn = data.training_examples(shots, 0).numpy()

    tuning = tuning_of(data, shots, drawn)

    held = np.concatenate([unseen for _, unseen in tuning.parts])
    assert 5 == len(tuning.parts)
    assert sorted((*drawn, *data.split.validation)) == sorted(held)
    assert "5-fold cross-validation over training and validation examples" in tuning.selection


def test_within_an_example_of_the_best_the_least_log_loss_decides():
    """Scores that one example tells apart count as equal; of those the surer right answers, then the first."""
    trials = [
        Trial((None, value), score, loss)
        for value, score, loss in [(1, 0.78, 0.1), (2, 0.90, 0.5), (3, 0.88, 0.3), (4, 0.90, 0.4)]
    ]

    assert (None, 3) == best_of(trials, examples=50).choice
    assert (None, 4) == best_of(trials, examples=100).choice
    assert (None, 3) == best_of([*trials, Trial((None, 5), 0.9, 0.3)], examples=50).choice


def test_log_loss_is_that_of_its_definition():
    """Mean of -log p of the true class; what is impossible costs much, and not infinitely much."""
    probabilities = np.array([[0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])

    assert -(np.log(0.5) + np.log(0.75) + np.log(1e-6)) / 3 == pytest.approx(
        log_loss(probabilities, np.array([0, 1, 2]))
    )
    assert 0.0 == log_loss(np.zeros((0, 3)), np.zeros(0, dtype=int))


def test_data_scored_on_validation_leave_the_test_part_unread():
    """What stands in the place of the test part is the validation part, and nothing of the test part is anywhere."""
    usual, scored = load("digits").split, load("digits?score=validation").split

    assert usual.validation == scored.test
    assert not set(usual.test) & {*scored.train, *scored.validation, *scored.test}


def test_what_cannot_win_is_let_go():
    """Probabilities are held of trials within an example of the best, and the choice is that of all."""
    given = np.ones((50, 2))
    trials = [Trial((None, value), score, 0.5, given) for value, score in ((1, 0.5), (2, 0.9), (3, 0.89))]
    found = lean(trials, examples=50)

    assert [0, 50, 50] == [len(trial.given) for trial in found]
    assert best_of(trials, 50) is found[1] is trials[1]
