"""Tests of what is kept of the probabilities behind answers."""

import numpy as np
import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import prepare, run
from ptmbench.records.outcomes import mean_calibration
from ptmbench.statistics.calibration import SQUARES, TEMPERATURE, TEMPERED, TOP, TRUE


def answers_of(bench, model, task, method):
    """The answers of a case."""
    return run(bench, prepare(bench, find_case(model, task, method))).answers


@pytest.mark.parametrize("method", ["linear_probe", "knn"])
def test_a_probed_case_keeps_what_was_believed_of_test_and_training_examples(bench, method):
    """Each array has a value an example and seed; the true class is never likelier than the likeliest."""
    found = answers_of(bench, "pixels", "digits_5shot", method)
    kept, seeds, tests = found.outcomes, len(found.seeds), len(found.test_ids)

    assert {(seeds, tests)} == {kept[name].shape for name in (TRUE, TOP, SQUARES, TEMPERED)}
    assert (seeds, 1) == kept[TEMPERATURE].shape
    assert (seeds, 50) == kept["train_examples"].shape == kept[f"train_{TRUE}"].shape
    assert (kept[TRUE] <= kept[TOP]).all()
    right = kept["predictions"] == kept["truth"]
    assert np.array_equal(kept[TRUE][right], kept[TOP][right])


@pytest.mark.parametrize(
    ("method", "task", "tempered"),
    [
        ("linear_probe", "digits_1shot", False),
        ("linear_probe", "digits_5shot", True),
        ("fine_tune", "digits_5shot", False),
        ("fine_tune", "digits_full", True),
    ],
)
def test_a_temperature_is_fitted_to_examples_that_were_not_learned_from(bench, method, task, tempered):
    """Few-shot training has none of them, and one label a class leaves none to hold out."""
    found = mean_calibration(answers_of(bench, "resnet_tiny.glyphs", task, method).arrays())

    assert tempered == (TEMPERATURE in found)
    assert tempered == ("ece_after_temperature" in found)
    assert 0 < found["nll"] < 13.9
    assert 0 <= found["ece"] <= 1


def test_words_that_were_cut_off_have_no_probability(bench):
    """Tags are believed word by word; no figure rests on a word that the model did not see."""
    found = answers_of(bench, "bert_tiny.random", "ner_100", "linear_probe")
    kept = found.outcomes

    assert kept["predictions"].shape == kept[TRUE].shape
    assert "train_examples" not in kept
    assert mean_calibration(found.arrays())["nll"] > 0
