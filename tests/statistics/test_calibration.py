"""Tests of calibration: another package's figures, closed forms, and what must not move it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.metrics import brier_score_loss, log_loss
from torchmetrics.functional.classification.calibration_error import _ce_compute

from ptmbench.statistics.calibration import (
    BINS,
    SQUARES,
    TEMPERED,
    TOP,
    TRUE,
    beliefs_of,
    calibration_of,
    equal_mass_edges,
    expected_calibration_error,
    logs_of,
    temperature_of,
)


def drawn(seed, examples=400, classes=5, sharpness=1.0):
    """Logarithms of probabilities, and classes drawn from them; more `sharpness` makes them too sure."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(examples, classes))
    logs = log_softmax(logits, axis=1)
    truth = np.array([rng.choice(classes, p=np.exp(row)) for row in logs])
    return log_softmax(sharpness * logits, axis=1), truth


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_other_packages(seed):
    """NLL and Brier score are scikit-learn's, ECE is torchmetrics' over the same bins, to what half precision keeps."""
    logs, truth = drawn(seed, sharpness=2.0)
    right = logs.argmax(axis=1) == truth
    found = calibration_of(beliefs_of(logs, truth, None), right)
    top = np.exp(logs).max(axis=1)
    ends = np.nextafter(equal_mass_edges(top, BINS), np.inf)  # theirs hold their lower end, ours the upper
    ends[0] = 0.0
    theirs = _ce_compute(torch.tensor(top), torch.tensor(right, dtype=torch.float64), torch.tensor(ends), norm="l1")

    assert log_loss(truth, np.exp(logs), labels=range(5)) == pytest.approx(found["nll"], rel=1e-3)
    assert brier_score_loss(truth, np.exp(logs), labels=range(5), scale_by_half=False) == pytest.approx(
        found["brier"], abs=1e-3
    )
    assert float(theirs) == pytest.approx(expected_calibration_error(top, right), abs=1e-12)
    assert float(theirs) == pytest.approx(found["ece"], abs=2e-3)


def test_bins_hold_equally_many_and_no_tie_is_torn_apart():
    """Of 30 different confidences each of 15 bins holds two; all alike lie in one."""
    top = np.linspace(0.5, 0.98, 30)

    assert [2] * 15 == np.histogram(top, np.nextafter(equal_mass_edges(top, 15), [0, *[1] * 15]))[0].tolist()
    assert 0.1 == pytest.approx(expected_calibration_error(np.full(10, 0.6), np.arange(10) < 7))


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_takes_back_what_made_it_too_sure(sharpness):
    """Logits that were multiplied are divided by as much again, within what 4,000 examples tell."""
    logs, truth = drawn(7, examples=4000, sharpness=sharpness)
    found = temperature_of(logs, truth)
    kept = beliefs_of(logs, truth, found)
    figures = calibration_of(kept, logs.argmax(axis=1) == truth)

    assert sharpness == pytest.approx(found, rel=0.07)
    assert figures["ece_after_temperature"] < 0.03
    assert (figures["ece"] > 0.05) == (sharpness != 1.0)


def test_without_held_out_examples_there_is_no_temperature():
    """Nothing is fitted to no example, and nothing is kept of it."""
    logs, truth = drawn(0, examples=10)

    assert temperature_of(logs[:0], truth[:0]) is None
    assert {TRUE, TOP, SQUARES} == beliefs_of(logs, truth, None).keys()
    assert TEMPERED in beliefs_of(logs, truth, 1.0)


def test_a_class_that_is_given_nothing_costs_a_millionth():
    """Nearest neighbours give most classes nothing: the loss of a wrong answer that is sure is finite."""
    found = beliefs_of(logs_of(np.array([[1.0, 0.0], [1.0, 0.0]])), np.array([0, 1]), None)

    assert [0.0, np.float16(np.log(1e-6))] == found[TRUE].tolist()


def test_examples_that_were_not_seen_are_left_out():
    """Words that a model cuts off have no probability."""
    logs, truth = drawn(3, examples=50)
    right = logs.argmax(axis=1) == truth
    kept = beliefs_of(logs, truth, 1.5)
    more = {name: np.append(values, np.float16(np.nan)) for name, values in kept.items()}

    assert calibration_of(kept, right) == calibration_of(more, np.append(right, False))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 6))
def test_the_order_of_examples_and_classes_moves_nothing(seed, classes):
    """Figures are of a set of examples with names for classes."""
    logs, truth = drawn(seed, examples=60, classes=classes)
    order, names = np.random.default_rng(seed).permutation(60), np.random.default_rng(seed).permutation(classes)
    right = logs.argmax(axis=1) == truth
    moved = calibration_of(beliefs_of(logs[order][:, names], np.argsort(names)[truth[order]], 2.0), right[order])

    assert moved == pytest.approx(calibration_of(beliefs_of(logs, truth, 2.0), right), abs=1e-3)


@pytest.mark.parametrize(("examples", "points"), [(400, 5.3), (900, 3.5)])
def test_chance_alone_is_some_points(examples, points):
    """The guide's figures: what the calibration error of a perfectly calibrated model comes to on average."""
    rng = np.random.default_rng(0)
    sure = rng.beta(4, 1, size=(300, examples))
    found = [expected_calibration_error(row, rng.random(examples) < row) for row in sure]

    assert points == pytest.approx(100 * np.mean(found), abs=0.15)
