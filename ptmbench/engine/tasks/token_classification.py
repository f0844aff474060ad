"""Token classification: one BIO tag a word, entity-level F1.

An entity counts if its type and both ends are right (Tjong Kim Sang & De Meulder 2003; entities as seqeval reads them):
F1 = 2 TP / (2 TP + FP + FN), over the entities of all sentences.
"""

import numpy as np
from seqeval.metrics.sequence_labeling import get_entities

from ptmbench.engine.metrics import Labels
from ptmbench.engine.tasks.base import Kind
from ptmbench.statistics.tallies import Parts


def _counts(predicted: Labels, truth: Labels, lengths: Labels, classes: tuple[str, ...]) -> Parts:
    """True positives, false positives and false negatives of each sentence [n, 3]."""
    rows, start = [], 0
    for length in lengths:
        part = slice(start, start + length)
        found = set(get_entities([classes[label] for label in predicted[part]]))
        there = set(get_entities([classes[label] for label in truth[part]]))
        rows.append((len(found & there), len(found - there), len(there - found)))
        start += length
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def parts(predicted: Labels, truth: Labels, lengths: Labels, classes: tuple[str, ...]) -> Parts:
    """2 TP and 2 TP + FP + FN of each sentence: [n, 2]. The ratio of their sums is entity F1."""
    hits, wrong, missed = _counts(predicted, truth, lengths, classes).T
    return np.stack([2 * hits, 2 * hits + wrong + missed], axis=1)


def other_scores(predicted: Labels, truth: Labels, lengths: Labels, classes: tuple[str, ...]) -> dict[str, float]:
    """Precision and recall of entities, 0 where there are none, and the share of words with the right tag."""
    hits, wrong, missed = _counts(predicted, truth, lengths, classes).sum(axis=0)
    return {
        "precision": float(hits / max(hits + wrong, 1)),
        "recall": float(hits / max(hits + missed, 1)),
        "token_accuracy": float(np.mean(predicted == truth)),
    }


TOKEN_CLASSIFICATION = Kind(
    metric="entity_f1", higher_is_better=True, parts=parts, other_scores=other_scores, reads_tokens=True
)
