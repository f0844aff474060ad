"""Carrying a model over without changing it: features, then a classical classifier, strength chosen on validation."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ptmbench.engine.data import TaskData
from ptmbench.engine.features import Frozen
from ptmbench.engine.methods import knn, linear_probe
from ptmbench.engine.methods.linear_probe import Features, Predictor
from ptmbench.engine.metrics import Labels
from ptmbench.engine.tasks import image_classification as kind
from ptmbench.result import Missing
from ptmbench.spec import Case

Fit = Callable[[Features, Labels, float], Predictor]
FITS: dict[str, Fit] = {"linear_probe": linear_probe.fit, "knn": knn.fit}
TRAINABLE: dict[str, Callable[[int, int], int]] = {
    "linear_probe": linear_probe.trainable_parameters,
    "knn": knn.trainable_parameters,
}
NOT_YET = Missing("the case has not run")


@dataclass(slots=True)
class FrozenRun:
    """One case of a frozen method over its seeds.

    A seed that brings neither a new draw nor new features would repeat the last fit to the bit, and takes it over.
    """

    case: Case
    data: TaskData
    features_of: Callable[[int], Frozen]
    chosen: float | None = None
    times_s: list[float] = field(default_factory=list)
    feature_time_s: float | Missing = NOT_YET
    _last: tuple[bytes, Frozen, NDArray[np.int64], float] | None = None

    def seed(self, seed: int) -> tuple[NDArray[np.int64], float]:
        """Predictions for the test split and the score on the training examples."""
        frozen, labels = self.features_of(seed), self.data.labels
        features = frozen.array
        drawn = self.data.training_examples(self.case.task.shots, seed).numpy()
        if self._last and self._last[:2] == (drawn.tobytes(), frozen):
            return self._last[2:]
        if self.chosen is None:
            self.feature_time_s = frozen.feature_time_s
            self.chosen = self._choose(features, drawn)
        started = time.perf_counter()
        predict = FITS[self.case.method.name](features[drawn], labels[drawn], self.chosen)
        self.times_s.append(time.perf_counter() - started)
        test = predict(features[list(self.data.split.test)])
        train_value = kind.score(predict(features[drawn]), labels[drawn])
        self._last = drawn.tobytes(), frozen, test, train_value
        return test, train_value

    def _choose(self, features: Features, drawn: NDArray[np.int64]) -> float:
        """The value of the grid that scores best on validation; the first of equals."""
        held = list(self.data.split.validation)
        truth = self.data.labels[held]
        fit = FITS[self.case.method.name]

        def on_validation(value: float) -> float:
            return kind.score(fit(features[drawn], self.data.labels[drawn], value)(features[held]), truth)

        return max(self.case.method.grid, key=on_validation)
