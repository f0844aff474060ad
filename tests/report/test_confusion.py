"""Tests of confusion matrices as text."""

import numpy as np

from ptmbench.analysis.confusion import confusion_of
from ptmbench.records.trust_record import CalibrationRecord
from ptmbench.report.confusion import render_confusion, told_calibration
from runs import committed


def test_classes_matrix_and_mistakes_are_shown():
    """Every class has its line, names of other people's data are printable, and a class never seen has no figures."""
    outcomes = {
        "predictions": np.array([[0, 1]]),
        "truth": np.array([0, 0]),
        "classes": np.array(["cat", "dog\x1b[31m", "eel"]),
    }
    text = render_confusion(confusion_of(outcomes))

    assert "\x1b" not in text
    assert ["cat", "2", "100.0", "50.0", "66.7"] == text.splitlines()[2].split()
    assert ["eel", "0", "-", "-", "-"] == text.splitlines()[4].split()
    assert "always the largest class: accuracy 100.0 %" in text
    assert "Most frequent mistakes: cat as dog" in text


def test_a_matrix_too_wide_is_left_out():
    """Beyond twenty classes the figures of the classes and the most frequent mistakes say more."""
    truth = np.arange(30)
    text = render_confusion(confusion_of({"predictions": truth[None] * 0, "truth": truth}))

    assert "Confusion matrix" not in text
    assert "Most frequent mistakes: 1 as 0 (1)" in text


def test_calibration_stands_in_a_line():
    """Figures with their units, why there is no temperature, and nothing of records that are older than the figures."""
    record = committed()
    found = CalibrationRecord(nll=0.5, brier=0.25, ece=0.1, temperature=2.0, ece_after_temperature=0.03)
    whole = record.model_copy(update={"calibration": found})
    half = found.model_copy(update={"temperature": None, "ece_after_temperature": None})
    missing = {"calibration.temperature": "few labels"}

    assert "calibration error 10.0 points, 3.0 after a temperature of 2.00" in told_calibration(whole)
    assert "10.0 points; no temperature: few labels" in told_calibration(
        record.model_copy(update={"calibration": half, "missing": missing})
    )
    assert "" == told_calibration(record.model_copy(update={"calibration": None}))
