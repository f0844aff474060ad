"""Tests of labels of words that are part of no entity."""

import numpy as np
from sklearn.metrics import f1_score

from ptmbench.engine.tasks.word_labels import WORD_LABELS


def test_accuracy_is_over_words_and_drawn_by_sentences():
    """A part a sentence, whose sums are right words and words; words cut off are misses and no class of their own."""
    truth, predicted = np.array([0, 1, 2, 1, 0]), np.array([0, 1, 1, -1, 0])
    lengths = np.array([3, 0, 2])

    assert [[2, 3], [0, 0], [1, 2]] == WORD_LABELS.parts(predicted, truth, lengths, ()).tolist()
    assert 3 / 5 == WORD_LABELS.score(predicted, truth, lengths, ())
    expected = f1_score(truth, predicted, average="macro", labels=[0, 1, 2])
    assert expected == WORD_LABELS.other_scores(predicted, truth, lengths, ())["macro_f1"]
