"""Semantic segmentation: the mean over classes of intersection over union (Everingham et al. 2010)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ptmbench.files.masks import IGNORED
from ptmbench.statistics.tallies import Parts, Ratios, value_of

METRIC = "miou"
Counts = NDArray[np.int64]


def confusion(predicted: NDArray[np.uint8], truth: NDArray[np.uint8], classes: int) -> Counts:
    """How many pixels [classes, classes] of each true class (rows) were given each class; `IGNORED` ones count none."""
    counted = truth != IGNORED
    pairs = truth[counted].astype(np.int64) * classes + predicted[counted]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def parts(confusions: Counts) -> Parts:
    """Intersection and union [n, classes, 2] of every class in each picture, of confusions [n, classes, classes]."""
    both = np.diagonal(confusions, axis1=1, axis2=2)
    return np.stack([both, confusions.sum(axis=1) + confusions.sum(axis=2) - both], axis=2)


def scores(confusions: Counts, classes: Sequence[str]) -> dict[str, float]:
    """MIoU over the classes that occur or were given, pixel accuracy, and the IoU of each such class."""
    found = parts(confusions)
    both, union = found.sum(axis=0).T
    counted = int(confusions.sum())
    accuracy = float(both.sum() / counted) if counted else 0.0
    each = {f"iou.{name}": float(both[k] / union[k]) for k, name in enumerate(classes) if union[k]}
    return {METRIC: value_of(Ratios(found)), "pixel_accuracy": accuracy, **each}
