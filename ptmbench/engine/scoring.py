"""Scores of predictions for examples of one data set, by the metric of its kind of task."""

from dataclasses import dataclass

from ptmbench.engine.data import Indices, TaskData
from ptmbench.engine.metrics import Labels
from ptmbench.engine.tasks import Kind
from ptmbench.statistics import Parts


@dataclass(frozen=True, slots=True)
class Scorer:
    """A kind of task over one data set."""

    kind: Kind
    data: TaskData

    def score(self, predicted: Labels, indices: Indices) -> float:
        """The primary metric of the labels predicted for these examples, in [0, 1]."""
        return self.kind.score(predicted, *self._truth(indices))

    def parts(self, predicted: Labels, indices: Indices) -> Parts:
        """What each of these examples [n, 2] adds to numerator and denominator of the primary metric."""
        return self.kind.parts(predicted, *self._truth(indices))

    def other_scores(self, predicted: Labels, indices: Indices) -> dict[str, float]:
        """The metrics beside the primary one."""
        return self.kind.other_scores(predicted, *self._truth(indices))

    def _truth(self, indices: Indices) -> tuple[Labels, Labels, tuple[str, ...]]:
        return self.data.truth(indices), self.data.lengths[list(indices)], self.data.samples.classes
