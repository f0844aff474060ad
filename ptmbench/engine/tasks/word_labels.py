"""A label a word that is part of no entity (parts of speech): the share of words with the right one.

Sentences are what is drawn, so that an interval is over sentences: the words of one are no independent examples.
"""

import numpy as np

from ptmbench.engine.metrics import Labels, macro_f1
from ptmbench.engine.tasks.base import Kind
from ptmbench.statistics.tallies import Parts


def parts(predicted: Labels, truth: Labels, lengths: Labels, _classes: tuple[str, ...]) -> Parts:
    """Right words and words of each sentence: [n, 2]. The ratio of their sums is accuracy over words."""
    ends = np.cumsum(lengths)
    right = np.concatenate([[0], np.cumsum(predicted == truth)])
    return np.stack([right[ends] - right[ends - lengths], lengths], axis=1).astype(np.int64)


def other_scores(predicted: Labels, truth: Labels, _lengths: Labels, _classes: tuple[str, ...]) -> dict[str, float]:
    """The mean over labels of F1."""
    return {"macro_f1": macro_f1(np.asarray(predicted), np.asarray(truth))}


WORD_LABELS = Kind(
    metric="word_accuracy", higher_is_better=True, parts=parts, other_scores=other_scores, reads_tokens=True
)
