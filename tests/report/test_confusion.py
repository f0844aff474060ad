"""Tests of confusion matrices as text."""

import numpy as np

from ptmbench.analysis.confusion import confusion_of
from ptmbench.report.confusion import render_confusion


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
