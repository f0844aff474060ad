"""Tests of `ptmbench.engine.metrics` against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from ptmbench.engine.metrics import macro_f1, top1_accuracy

labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=50).map(
    lambda pairs: tuple(np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
)


@given(labels)
def test_accuracy_is_scikit_learns(pair):
    """Top-1 accuracy is the share of equal labels."""
    predicted, truth = pair

    assert accuracy_score(truth, predicted) == pytest.approx(top1_accuracy(predicted, truth))


@given(labels)
def test_macro_f1_is_scikit_learns(pair):
    """Macro-F1 is the mean over the classes that occur on either side."""
    predicted, truth = pair

    assert f1_score(truth, predicted, average="macro") == pytest.approx(macro_f1(predicted, truth))
