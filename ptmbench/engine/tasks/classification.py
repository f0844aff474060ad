"""Classification of images and texts: one label an example, top-1 accuracy."""

import numpy as np

from ptmbench.engine.metrics import Labels, macro_f1
from ptmbench.engine.tasks.base import Kind
from ptmbench.statistics.tallies import Parts


def parts(predicted: Labels, truth: Labels, _lengths: Labels, _classes: tuple[str, ...]) -> Parts:
    """A hit or none, of one, for each example: [n, 2]. Their ratio is top-1 accuracy."""
    hits = (predicted == truth).astype(np.int64)
    return np.stack([hits, np.ones_like(hits)], axis=1)


def other_scores(predicted: Labels, truth: Labels, _lengths: Labels, _classes: tuple[str, ...]) -> dict[str, float]:
    """The metrics beside the primary one."""
    return {"macro_f1": macro_f1(np.asarray(predicted), np.asarray(truth))}


CLASSIFICATION = Kind(
    metric="top1_accuracy", higher_is_better=True, parts=parts, other_scores=other_scores, reads_tokens=False
)
