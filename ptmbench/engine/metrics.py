"""Metrics of predicted against true labels, as pure functions of NumPy arrays."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def top1_accuracy(predicted: Labels, truth: Labels) -> float:
    """The share of examples [n] whose predicted label is the true one."""
    return float(np.mean(predicted == truth))


def macro_f1(predicted: Labels, truth: Labels) -> float:
    """The mean over the classes that occur of F1 = 2 TP / (2 TP + FP + FN) (Van Rijsbergen 1979)."""
    scores = []
    for label in np.union1d(predicted, truth):
        if label < 0:
            continue  # no answer: a miss of the true label, and no class
        hits = np.sum((predicted == label) & (truth == label))
        wrong = np.sum((predicted == label) != (truth == label))
        scores.append(2 * hits / (2 * hits + wrong))
    return float(np.mean(scores))
