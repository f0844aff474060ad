"""Scores of predicted labels for examples of one data set, by the metric of its kind of task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ptmbench.catalog.extensions import MetricScheme
from ptmbench.engine.data import Indices, TaskData
from ptmbench.engine.hot import hot
from ptmbench.engine.metrics import Labels
from ptmbench.engine.tasks import Kind
from ptmbench.engine.transfer.beliefs import SeedResult
from ptmbench.records.measured import Answers
from ptmbench.statistics.tallies import Parts


@dataclass(frozen=True, slots=True)
class Scorer:
    """A kind of task over one data set."""

    kind: Kind
    data: TaskData
    brought: tuple[MetricScheme, ...] = ()

    def score(self, predicted: Labels, indices: Indices) -> float:
        """The primary metric of the labels predicted for these examples, in [0, 1]."""
        return self.kind.score(predicted, *self._truth(indices))

    def parts(self, predicted: Labels, indices: Indices) -> Parts:
        """What each of these examples [n, 2] adds to numerator and denominator of the primary metric."""
        return self.kind.parts(predicted, *self._truth(indices))

    def other_scores(self, predicted: Labels, indices: Indices) -> dict[str, float]:
        """The metrics beside the primary one: those of the kind, and those that other packages bring for it."""
        truth, lengths, classes = self._truth(indices)
        brought = {row.name: float(hot(row.hot)(predicted, truth, classes)) for row in self.brought}
        return {**self.kind.other_scores(predicted, truth, lengths, classes), **brought}

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """The answers for the test split of all seeds, with what was believed."""
        test = self.data.split.test
        predictions: list[Labels] = [seed.test for seed in seen]
        parts = np.stack([self.parts(predicted, test) for predicted in predictions])
        outcomes = {
            "predictions": np.stack(predictions),
            "truth": self.data.truth(test),
            "classes": np.asarray(self.data.samples.classes),
        }
        if not (parts[..., 1] == 1).all():  # else they follow from predictions and truth
            outcomes["parts"] = parts
        outcomes |= {name: np.stack([seed.beliefs[name] for seed in seen]) for name in seen[0].beliefs}
        return Answers(
            seeds=seeds,
            test_ids=tuple(self.data.samples.ids[index] for index in test),
            outcomes=outcomes,
            metric=self.kind.metric,
            higher_is_better=self.kind.higher_is_better,
            values=tuple(self.score(predicted, test) for predicted in predictions),
            train_values=tuple(seed.train_value for seed in seen),
            others=mean_scores([self.other_scores(predicted, test) for predicted in predictions]),
        )

    def _truth(self, indices: Indices) -> tuple[Labels, Labels, tuple[str, ...]]:
        return self.data.truth(indices), self.data.lengths[list(indices)], self.data.samples.classes


def mean_scores(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean over seeds of scores by name."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
