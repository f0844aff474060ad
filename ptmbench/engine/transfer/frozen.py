"""Transferring a model without changing it: features, then a classical classifier.

Strength and, where the model offers several, the pooling are chosen on validation at seed 0.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.corruptions.stress import Condition, Stress
from ptmbench.engine.methods.frozen_method import Features, FitContext, FrozenMethod, Predictor
from ptmbench.engine.metrics import Labels
from ptmbench.engine.transfer.features import Frozen
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.records.measured import Answers, Missing

NOT_YET = Missing("the case has not run")
Choice = tuple[str | None, float]  # pooling and strength


@dataclass(slots=True)
class FrozenRun:
    """One case of a frozen method over its seeds.

    `features_of(seed, pooling)` are the features of all samples; `poolings` those to choose from, (None,) where there
    is no choice. Under `stress`, `corrupted(seed, pooling, condition)` are the features of the corrupted test examples.
    A seed that brings neither a new draw nor new features would repeat the last fit to the bit, and reuses it.
    """

    case: Case
    method: FrozenMethod
    context: FitContext
    rows: Rows
    scorer: Scorer
    features_of: Callable[[int, str | None], Frozen]
    poolings: tuple[str | None, ...]
    stress: Stress | None = None
    corrupted: Callable[[int, str | None, Condition], tuple[Frozen, Rows]] | None = None
    chosen: Choice | None = None
    times_s: list[float] = field(default_factory=list)
    feature_time_s: float | Missing = NOT_YET
    _last: tuple[bytes, Frozen, NDArray[np.int64], float] | None = None

    def seed(self, seed: int) -> tuple[NDArray[np.int64], float]:
        """Predictions for the test split and the score on the training examples."""
        data = self.rows.data
        drawn = data.training_examples(self.case.task.shots, seed).numpy()
        if self.chosen is None:
            self.chosen, predict = self._choose(seed, drawn)
            frozen = self.features_of(seed, self.chosen[0])
            self.feature_time_s = frozen.feature_time_s
        else:
            pooling, value = self.chosen
            frozen = self.features_of(seed, pooling)
            if self._last and self._last[:2] == (drawn.tobytes(), frozen):
                if self.stress:
                    self.stress.again()
                return self._last[2:]
            (predict,), elapsed = self._fitted(frozen.array, drawn, [value])
            self.times_s.append(elapsed)
        test = self._predict(predict, frozen.array, np.asarray(data.split.test))
        train_value = self.scorer.score(self._predict(predict, frozen.array, drawn), drawn)
        self._last = drawn.tobytes(), frozen, test, train_value
        if self.stress:
            self.stress.put(lambda condition: self._under(predict, seed, condition))
        return test, train_value

    def answers(self, seeds: tuple[int, ...], seen: Sequence[tuple[Labels, float]]) -> Answers:
        """What all seeds come to."""
        found = self.scorer.answers(seeds, seen)
        return self.stress.added_to(found) if self.stress else found

    def _fitted(
        self, features: Features, drawn: NDArray[np.int64], values: Sequence[float]
    ) -> tuple[Sequence[Predictor], float]:
        """What is learned at each of the values, and the seconds for one of them."""
        stages.HERE.at("fitting")
        rows, labels = self.rows.pick(features[drawn], drawn), self.rows.labels(drawn)
        started = time.perf_counter()
        found = self.method.fitted_to(rows, labels, values, self.context)
        return found, (time.perf_counter() - started) / len(values)

    def _predict(self, predict: Predictor, features: Features, indices: NDArray[np.int64]) -> Labels:
        return self.rows.spread(predict(self.rows.pick(features[indices], indices)), indices)

    def _under(self, predict: Predictor, seed: int, condition: Condition) -> Labels:
        """What the fitted classifier makes of the corrupted test examples."""
        assert self.corrupted is not None
        assert self.chosen is not None
        frozen, rows = self.corrupted(seed, self.chosen[0], condition)
        test = rows.data.split.test
        return rows.spread(predict(rows.pick(frozen.array, test)), test)

    def _choose(self, seed: int, drawn: NDArray[np.int64]) -> tuple[Choice, Predictor]:
        """Pooling and value of the grid that score best on validation, the first of equals, and what they learned."""
        held, grid = np.asarray(self.rows.data.split.validation), self.case.method.grid
        best: tuple[float, Choice, Predictor, float] | None = None
        for pooling in self.poolings:
            features = self.features_of(seed, pooling).array
            predictors, elapsed = self._fitted(features, drawn, grid)
            unseen = self.rows.pick(features[held], held)
            for value, predict in zip(grid, predictors, strict=True):
                score = self.scorer.score(self.rows.spread(predict(unseen), held), held)
                if best is None or score > best[0]:
                    best = score, (pooling, value), predict, elapsed
        assert best is not None
        self.times_s.append(best[3])
        return best[1:3]
