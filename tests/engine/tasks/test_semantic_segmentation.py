"""Tests of segmentation scores: the same as from scikit-learn's confusion matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix

from ptmbench.engine.tasks.semantic_segmentation import confusion, parts, scores
from ptmbench.files.masks import IGNORED
from ptmbench.statistics.tallies import Ratios, value_of

CLASSES = ("background", "cat", "dog")
MASKS = st.integers(1, 5).flatmap(
    lambda pictures: st.tuples(
        arrays(np.uint8, (pictures, 4, 5), elements=st.integers(0, 2)),
        arrays(np.uint8, (pictures, 4, 5), elements=st.sampled_from([0, 1, 2, IGNORED])),
    )
)


def confusions(predicted, truth):
    """One confusion matrix a picture."""
    return np.stack([confusion(mine, true, len(CLASSES)) for mine, true in zip(predicted, truth, strict=True)])


@given(MASKS)
def test_miou_is_that_of_scikit_learns_confusion_matrix(masks):
    """Over the pixels that count, whatever classes occur, in truth, in predictions or not at all."""
    predicted, truth = masks
    counted = truth != IGNORED
    matrix = np.zeros((3, 3))
    if counted.any():  # scikit-learn refuses to count nothing
        matrix = confusion_matrix(truth[counted], predicted[counted], labels=range(len(CLASSES))).astype(float)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    each = np.diag(matrix)[union > 0] / union[union > 0]

    seen = scores(confusions(predicted, truth), CLASSES)

    assert (each.mean() if len(each) else 0.0) == pytest.approx(seen["miou"], abs=1e-6)
    assert (np.diag(matrix).sum() / matrix.sum() if counted.any() else 0.0) == pytest.approx(seen["pixel_accuracy"])
    assert len(each) == sum(name.startswith("iou.") for name in seen)


@given(MASKS)
def test_the_truth_scores_1(masks):
    """An oracle reaches 1.0 wherever a pixel counts."""
    truth = masks[1]
    oracle = np.where(truth == IGNORED, 0, truth).astype(np.uint8)

    assert float((truth != IGNORED).any()) == scores(confusions(oracle, truth), CLASSES)["miou"]


@given(MASKS)
def test_pictures_can_be_weighted(masks):
    """A picture drawn twice counts as two: what a bootstrap over pictures does."""
    found = confusions(*masks)
    twice = np.concatenate([found, found[:1]])
    weights = np.ones((1, len(found)), dtype=np.int64)
    weights[0, 0] = 2

    assert scores(twice, CLASSES)["miou"] == pytest.approx(Ratios(parts(found)).under(weights)[0])
    assert scores(found, CLASSES)["miou"] == pytest.approx(value_of(Ratios(parts(found))))
