"""Image classification: a linear head, cross-entropy, top-1 accuracy."""

import numpy as np
from torch import nn

from ptmbench.engine.metrics import Labels, macro_f1, top1_accuracy
from ptmbench.engine.seeding import seeded_initialisation

METRIC = "top1_accuracy"
HIGHER_IS_BETTER = True
LOSS = nn.CrossEntropyLoss()


def head(feature_size: int, classes: int, seed: int) -> nn.Linear:
    """A new linear classifier; the same at one seed for every method."""
    with seeded_initialisation("head", feature_size, classes, seed):
        return nn.Linear(feature_size, classes)


def score(predicted: Labels, truth: Labels) -> float:
    """The primary metric, top-1 accuracy in [0, 1]."""
    return top1_accuracy(predicted, truth)


def other_scores(predicted: Labels, truth: Labels) -> dict[str, float]:
    """The metrics beside the primary one."""
    return {"macro_f1": macro_f1(np.asarray(predicted), np.asarray(truth))}
