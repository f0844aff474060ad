"""Tests of confusion matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from ptmbench.analysis.confusion import confusion_of


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_figures_are_scikit_learns(rows):
    """Matrix, precision, recall and F1 over two seeds are those of the answers of both seeds, one after the other."""
    truth, first, second = np.asarray(rows).T
    found = confusion_of({"predictions": np.stack([first, second]), "truth": truth}, ("a", "b", "c", "d"))
    both = np.concatenate([truth, truth]), np.concatenate([first, second])
    expected = precision_recall_fscore_support(*both, labels=range(4), zero_division=np.nan)

    assert confusion_matrix(*both, labels=range(4)).tolist() == found.counts.tolist()
    for mine, theirs in zip((found.precision, found.recall), expected, strict=False):
        assert theirs == pytest.approx(mine, nan_ok=True)
    there = ~np.isnan(found.f1)
    assert np.nan_to_num(expected[2][there]) == pytest.approx(found.f1[there])
    assert found.support.sum() == len(rows)


def test_mistakes_are_counted_and_named():
    """The most frequent mistakes stand first, under the names that the outcomes hold; right answers are none."""
    outcomes = {
        "predictions": np.array([[1, 1, 0, 2, 2]]),
        "truth": np.array([0, 0, 1, 2, 2]),
        "classes": np.array(["x", "y", "z"]),
    }
    found = confusion_of(outcomes)

    assert [("x", "y", 2), ("y", "x", 1)] == found.mistakes(10)
    assert (0.4, pytest.approx(1 / 3)) == (found.majority, found.macro_f1)


def test_boxes_have_no_confusion():
    """Outcomes of detectors and segmenters hold no labels."""
    assert None is confusion_of({"found_box": np.zeros((1, 4))})
