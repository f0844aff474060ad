"""Which labels choose the hyper-parameters of a frozen method, and how.

With k labels a class there are k labels a class, and no others: values are chosen by cross-validation over the draw
itself ("true few-shot", Perez et al. 2021, https://arxiv.org/abs/2105.11447), and of a single one by nothing at all. A
validation split of ten times the draw, from which benchmarks often choose, is more than anybody has who has so few.
On full tasks the validation split chooses where it is large, and cross-validation over both parts where it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.engine.data import TaskData
from ptmbench.engine.methods.frozen_method import Probabilities
from ptmbench.engine.metrics import Labels

Examples = NDArray[np.int64]
Choice = tuple[str | None, float]  # pooling and value

FOLDS: Final = 5
LARGE: Final = 100  # validation examples: of fewer, one is more than a point
ROUNDING: Final = 1e-6  # of one example
NOTHING: Final[Probabilities] = np.empty((0, 0))
SURE: Final = 1e-6  # the least probability that a log-loss takes a class to have
CLOSE: Final = "among values within an example of it the least log-loss"
CROSS_VALIDATED: Final = "highest {metric} in {folds}-fold cross-validation over {what}, " + CLOSE
VALIDATED: Final = "highest {metric} on the validation split, " + CLOSE
UNTUNED: Final = "one label a class leaves none to choose by: the method's usual value"


@dataclass(frozen=True, slots=True)
class Tuning:
    """How values are chosen: by fits on the first examples of each of `parts`, scored on the second.

    Without parts there is nothing to choose by. `learned` are the examples of the final fit, `selection` says it all in
    words, with a place for the metric.
    """

    parts: tuple[tuple[Examples, Examples], ...]
    learned: Examples
    selection: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A choice with its score and log-loss on examples that it has not seen, whose probabilities are `given`."""

    choice: Choice
    score: float
    log_loss: float
    given: Probabilities = field(default_factory=lambda: NOTHING, compare=False)


def tuning_of(data: TaskData, shots: int | None, drawn: Examples, *, on_validation: bool = False) -> Tuning:
    """The way that a task leaves open.

    Args:
        data: The data set with its split.
        shots: Labels a class; None: all of the training split.
        drawn: The training examples of a seed.
        on_validation: Whether few-shot tasks choose by the whole validation split too, as most benchmarks do.

    Returns:
        What chooses, and what is learned from in the end: of full tasks the validation split too.
    """
    if shots is not None and on_validation:
        return Tuning(((drawn, np.asarray(data.split.validation)),), drawn, VALIDATED)
    if shots is not None:
        if len(drawn) <= data.classes and shots == 1:
            return Tuning((), drawn, UNTUNED)
        return _crossed(data, drawn, min(FOLDS, max(shots, 2)), "the labelled examples of each seed")
    held = np.asarray(data.split.validation)
    both = np.sort(np.concatenate([drawn, held]))
    if len(held) >= LARGE:
        return Tuning(((drawn, held),), both, VALIDATED)
    return _crossed(data, both, FOLDS, "training and validation examples")


def _crossed(data: TaskData, pool: Examples, count: int, what: str) -> Tuning:
    held = data.folds(pool, count)
    if len(held) < 2:  # a single example is none to choose by
        return Tuning((), pool, UNTUNED)
    parts = tuple((np.setdiff1d(pool, part), part) for part in held)
    return Tuning(parts, pool, CROSS_VALIDATED.format(metric="{metric}", folds=len(held), what=what))


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Mean of -log p of the true labels [m] under probabilities [m, classes], each p at least `SURE`."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(given, SURE, 1.0)).mean()) if len(labels) else 0.0


def best_of(trials: Sequence[Trial], examples: int) -> Trial:
    """The trial with the least log-loss among those that score as high as any, but for a single example.

    One example more or less is chance: by score alone, flat curves chose a value at the end of the grid in 7.5 of 100
    cases.

    Args:
        trials: At least one.
        examples: How many the scores rest on.

    Returns:
        Of equals the first.
    """
    enough = _enough(trials, examples)
    return min((trial for trial in trials if trial.score >= enough), key=lambda trial: trial.log_loss)


def lean(trials: Sequence[Trial], examples: int) -> list[Trial]:
    """The trials, without what those gave that cannot win any more: of 10,000 examples of 1,000 classes 80 MB each."""
    enough = _enough(trials, examples)
    return [trial if trial.score >= enough else replace(trial, given=NOTHING) for trial in trials]


def _enough(trials: Sequence[Trial], examples: int) -> float:
    return max(trial.score for trial in trials) - (1 + ROUNDING) / examples
