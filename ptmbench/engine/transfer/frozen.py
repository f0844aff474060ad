"""Transferring a model without changing it: features, then a classical classifier.

Its value and, where the model offers several, the pooling are chosen as `tuning` says, by each seed for itself.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.corruptions.stress import Condition, Stress
from ptmbench.engine.methods.frozen_method import Features, FitContext, FrozenMethod, Predictor, Probabilities
from ptmbench.engine.metrics import Labels
from ptmbench.engine.transfer.beliefs import Answered, SeedResult, kept
from ptmbench.engine.transfer.features import Frozen
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.engine.transfer.tuning import Choice, Examples, Trial, Tuning, best_of, lean, log_loss, tuning_of
from ptmbench.records.measured import Answers, Missing
from ptmbench.statistics.calibration import logs_of, temperature_of

NOT_YET = Missing("the case has not run")
COARSE = 1e-3  # of its objective a fit may leave that only chooses: half the time of an exact one
ON_VALIDATION = "tuned_on_validation"  # the metric with the value that the whole validation split would have chosen


@dataclass(slots=True)
class FrozenRun:
    """One case of a frozen method over its seeds.

    `features_of(seed, pooling)` are the features of all samples; `poolings` those to choose from, (None,) where there
    is no choice. `on_validation`: few-shot tasks are tuned on the validation split too. Under `stress`,
    `corrupted(seed, pooling, condition)` are the features of the corrupted test examples. A seed that brings neither a
    new draw nor new features would repeat the last fit to the bit, and reuses it. `learned` counts the examples that
    the last one was fitted to; `first` is the classifier of the first seed.
    """

    case: Case
    method: FrozenMethod
    context: FitContext
    rows: Rows
    scorer: Scorer
    features_of: Callable[[int, str | None], Frozen]
    poolings: tuple[str | None, ...]
    on_validation: bool = False
    stress: Stress | None = None
    corrupted: Callable[[int, str | None, Condition], tuple[Frozen, Rows]] | None = None
    choices: list[Choice] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    feature_time_s: float | Missing = NOT_YET
    selection: str = ""
    learned: int = 0
    first: Predictor | None = None
    _on_validation: list[float] = field(default_factory=list)
    _last: tuple[bytes, Frozen, SeedResult] | None = None

    @property
    def chosen(self) -> Choice | None:
        """What the first seed chose; None before it ran."""
        return self.choices[0] if self.choices else None

    def seed(self, seed: int) -> SeedResult:
        """What is fitted to the draw of a seed comes to."""
        data = self.rows.data
        drawn = data.training_examples(self.case.task.shots, seed).numpy()
        usual = self.features_of(seed, self.poolings[0])
        self.context = replace(self.context, seed=seed)
        if self._last and not self.method.draws and self._last[:2] == (drawn.tobytes(), usual):
            self.choices.append(self.choices[-1])
            if self.stress:
                self.stress.again()
            return self._last[2]
        tuning = tuning_of(data, self.case.task.shots, drawn, on_validation=self.on_validation)
        self.selection = self.selection or tuning.selection
        choice, temperature = self._chosen(seed, tuning)
        pooling, value = choice
        self.learned = len(tuning.learned)
        frozen = self.features_of(seed, pooling)
        if isinstance(self.feature_time_s, Missing):
            self.feature_time_s = frozen.feature_time_s
        predict, elapsed = self._learned(frozen.array, tuning.learned, value)
        self.first = self.first or predict
        self.choices.append(choice)
        self.times_s.append(elapsed)
        test = self._predict(predict, frozen.array, np.asarray(data.split.test))
        known = self._predict(predict, frozen.array, tuning.learned)
        if self.case.task.shots is not None and not self.on_validation:
            self._on_validation.append(self._told_by_validation(seed, drawn, choice, test))
        train_value = self.scorer.score(known.labels, tuning.learned)
        found = SeedResult(test.labels, train_value, kept(self.rows, test, (known, tuning.learned), temperature))
        self._last = drawn.tobytes(), usual, found
        if self.stress:
            self.stress.put(lambda condition: self._under(predict, seed, pooling, condition))
        return found

    def fitted(self, seed: int) -> Predictor:
        """The classifier of a seed, fitted to its training examples alone: validation is left to choose by."""
        data = self.rows.data
        drawn = data.training_examples(self.case.task.shots, seed).numpy()
        tuning = tuning_of(data, self.case.task.shots, drawn, on_validation=self.on_validation)
        (pooling, value), _ = self._chosen(seed, tuning)
        return self._learned(self.features_of(seed, pooling).array, drawn, value)[0]

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What all seeds come to."""
        found = self.scorer.answers(seeds, seen)
        if self._on_validation:
            found = replace(found, others={**found.others, ON_VALIDATION: float(np.mean(self._on_validation))})
        return self.stress.added_to(found) if self.stress else found

    def _chosen(self, seed: int, tuning: Tuning) -> tuple[Choice, float | None]:
        """Pooling and value that do best on examples which they have not seen, and the temperature that fits there.

        Where there are no such examples: the usual ones, and no temperature.
        """
        if not tuning.parts:
            return (self.poolings[0], self.case.method.untuned), None
        held = np.concatenate([unseen for _, unseen in tuning.parts])
        best = best_of(self._trials(seed, tuning.parts), len(held))
        return best.choice, temperature_of(logs_of(best.given), self.rows.labels(held))

    def _trials(self, seed: int, parts: Sequence[tuple[Examples, Examples]]) -> list[Trial]:
        """Every pooling and value, fitted to the first examples of each part and scored on all of the second."""
        held = np.concatenate([unseen for _, unseen in parts])
        labels, grid = self.rows.labels(held), self.case.method.grid
        found: list[Trial] = []
        for pooling in self.poolings:
            features = self.features_of(seed, pooling).array
            given = [self._probabilities(features, *part) for part in parts]
            for place, value in enumerate(grid):
                each = np.concatenate([one[place] for one in given])
                score = self.scorer.score(self.rows.spread(each.argmax(1), held), held)
                found.append(Trial((pooling, value), score, log_loss(each, labels), each))
            found = lean(found, len(held))
        return found

    def _probabilities(self, features: Features, known: Examples, unseen: Examples) -> list[Probabilities]:
        """What the fits of the whole grid to known examples give for the rows of unseen ones."""
        rows, labels = self.rows.pick(features[known], known), self.rows.labels(known)
        stages.HERE.at("fitting")
        coarse = replace(self.context, tolerance=COARSE)
        predictors = self.method.fitted_to(rows, labels, self.case.method.grid, coarse)
        asked = self.rows.pick(features[unseen], unseen)
        return [predict(asked) for predict in predictors]

    def _told_by_validation(self, seed: int, drawn: Examples, choice: Choice, test: Answered) -> float:
        """The metric on the test split with what the validation split would have chosen, and the draw been fitted to.

        It says what more labels than the draw's are worth for choosing; no figure of the case rests on it.
        """
        data = self.rows.data
        unseen = np.asarray(data.split.test)
        held = np.asarray(data.split.validation)
        told = best_of(self._trials(seed, [(drawn, held)]), len(held)).choice
        if told != choice:
            features = self.features_of(seed, told[0]).array
            test = self._predict(self._learned(features, drawn, told[1])[0], features, unseen)
        return self.scorer.score(test.labels, unseen)

    def _learned(self, features: Features, examples: Examples, value: float) -> tuple[Predictor, float]:
        """What is learned from examples at a value, and the seconds that took."""
        stages.HERE.at("fitting")
        rows, labels = self.rows.pick(features[examples], examples), self.rows.labels(examples)
        started = time.perf_counter()
        (predict,) = self.method.fitted_to(rows, labels, [value], self.context)
        return predict, time.perf_counter() - started

    def _predict(self, predict: Predictor, features: Features, indices: NDArray[np.int64]) -> Answered:
        given = predict(self.rows.pick(features[indices], indices))
        return Answered(self.rows.spread(given.argmax(1), indices), logs_of(given))

    def _under(self, predict: Predictor, seed: int, pooling: str | None, condition: Condition) -> Labels:
        """What the fitted classifier makes of the corrupted test examples."""
        assert self.corrupted is not None
        frozen, rows = self.corrupted(seed, pooling, condition)
        test = rows.data.split.test
        return rows.spread(predict(rows.pick(frozen.array, test)).argmax(1), test)
