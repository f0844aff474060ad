"""Which classes a case takes for which: its confusion matrix, and precision, recall and F1 of each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Confusion:
    """Test labels counted by their true class (rows) and the class found (columns) [k, k], over all seeds.

    A class that is neither true nor found anywhere has no precision, recall or F1: NaN (Van Rijsbergen 1979).
    """

    classes: tuple[str, ...]
    counts: Counts
    seeds: int

    @property
    def support(self) -> Counts:
        """How many test labels of each class there are [k], at one seed."""
        return np.asarray(self.counts.sum(axis=1) // self.seeds)

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of what was taken for each class that is of it [k]."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of each class that was found [k]."""
        return _share(np.diag(self.counts), self.counts.sum(axis=1))

    @property
    def f1(self) -> NDArray[np.float64]:
        """2 TP / (2 TP + FP + FN) of each class [k]."""
        return _share(2 * np.diag(self.counts), self.counts.sum(axis=0) + self.counts.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """The mean of F1 over the classes that are true or found somewhere."""
        return float(np.nanmean(self.f1))

    @property
    def majority(self) -> float:
        """The accuracy of always taking the most frequent class of the test part."""
        return float(self.support.max() / self.support.sum())

    def mistakes(self, most: int) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: the true class, the class found, and how often at all seeds together."""
        wrong = self.counts * (1 - np.eye(len(self.classes), dtype=np.int64))
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        found = [(int(row), int(column)) for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True)]
        return [(self.classes[row], self.classes[column], int(wrong[row, column])) for row, column in found
                if wrong[row, column]]  # fmt: skip


def confusion_of(outcomes: Mapping[str, Any], classes: Sequence[str] = ()) -> Confusion | None:
    """The confusion of a case's labels.

    Args:
        outcomes: Its arrays: `predictions` [seeds, n], `truth` [n] and, in newer records, the names `classes` [k].
        classes: Their names, where the arrays lack them; numbers stand in for what is not named.

    Returns:
        The matrix; None where the case finds boxes or masks.
    """
    if "predictions" not in outcomes or np.asarray(outcomes["truth"]).ndim != 1:
        return None
    predictions, truth = (np.asarray(outcomes[name], dtype=np.int64) for name in ("predictions", "truth"))
    names = [str(name) for name in outcomes["classes"]] if "classes" in outcomes else list(classes)
    size = int(max(predictions.max(initial=0), truth.max(initial=0), len(names) - 1)) + 1
    pairs = truth[None, :] * size + predictions
    counts = np.bincount(pairs.ravel(), minlength=size * size).reshape(size, size)
    named = tuple(names[index] if index < len(names) else str(index) for index in range(size))
    return Confusion(named, counts.astype(np.int64), len(predictions))


def _share(part: Counts, whole: Counts) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
