"""Tallies: what each test example contributes to a metric, so that it can be computed over any weighting of them.

A bootstrap over examples is such a weighting: how often each was drawn. Metrics that are ratios of sums (accuracy, F1,
mIoU) are `Ratios`; average precision, which ranks the boxes of all pictures together, is
`ptmbench.statistics.average_precision.AveragePrecision`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.int64]
Parts = NDArray[np.int64]


class Tally(Protocol):
    """The contributions of n test examples to one metric."""

    @property
    def count(self) -> int:
        """How many examples there are."""

    def under(self, weights: Weights) -> NDArray[np.float64]:
        """The metric [draws] when the examples count as often as the weights [draws, n] say."""


@dataclass(frozen=True, eq=False, slots=True)
class Ratios:
    """The mean over groups of a ratio of sums: `parts` [n, 2] of one group, or [n, groups, 2].

    Accuracy and F1 have one group, mIoU has one a class. Groups whose denominators sum to 0 are left out; without any
    other the metric is 0: nothing was asked and nothing answered.
    """

    parts: Parts

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.parts)

    @property
    def of_shares(self) -> bool:
        """Whether the metric is a plain share of examples: one group, and each example counts 1."""
        return self.parts.ndim == 2 and bool((self.parts[:, 1] == 1).all())

    def under(self, weights: Weights) -> NDArray[np.float64]:
        """The metric [draws] under weights [draws, n]."""
        grouped = self.parts.reshape(self.count, -1, 2)
        above, below = (weights @ grouped[..., side] for side in (0, 1))
        seen = below > 0
        ratios = np.divide(above, below, out=np.zeros(below.shape), where=seen)
        groups = seen.sum(axis=1)
        found: NDArray[np.float64] = np.divide(ratios.sum(axis=1), groups, out=np.zeros(len(weights)), where=groups > 0)
        return found


def value_of(tally: Tally) -> float:
    """The metric over all examples, each once."""
    return float(tally.under(np.ones((1, tally.count), dtype=np.int64))[0])


def of_labels(outcomes: Mapping[str, Any]) -> tuple[Ratios, ...]:
    """The tallies of outcomes of labels or masks, one a seed: their `parts`, or a hit or none for each example."""
    if "parts" in outcomes:
        return tuple(Ratios(np.asarray(parts, dtype=np.int64)) for parts in outcomes["parts"])
    hits = (outcomes["predictions"] == outcomes["truth"]).astype(np.int64)
    return tuple(Ratios(np.stack([row, np.ones_like(row)], axis=1)) for row in hits)
