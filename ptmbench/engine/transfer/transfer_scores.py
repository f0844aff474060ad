"""Scores of transferability of a model on a task: from its frozen features on some labelled training examples."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.workbench import Workbench
from ptmbench.statistics.class_spread import Features
from ptmbench.statistics.class_spread import Labels as Classes
from ptmbench.statistics.transferability import DECIDES, log_me

MOST: Final = 300  # training examples: of more, the order of models hardly changes
WHOLE: Final = 4  # times as many samples at most are passed forward all at once, for whatever comes after
DECIDING: Final[Mapping[str, Callable[[Features, Classes], float | None]]] = {DECIDES: log_me}
Scores = dict[str, float | None]


def transfer_scores(
    bench: Workbench,
    case: Case,
    functions: Mapping[str, Callable[[Features, Classes], float | None]] = DECIDING,
    most: int = MOST,
) -> tuple[Scores, float]:
    """The scores of the case's model on its task; where it offers several poolings, each score is that of its best.

    Probes choose among these poolings as well (of text: the mean of the tokens, one of them, or an average over
    layers), and all of them come from one forward pass.

    Args:
        bench: Holds data, models and features.
        case: Its method does not matter, and its test part is not read.
        functions: The scores by name.
        most: How many training examples there are at most, each class with its share.

    Returns:
        The scores, None where a class has too few examples for one; and the seconds of features and scores together.

    Raises:
        PtmbenchError: Where data or weights cannot be read.
    """
    data = bench.task_data(case)
    drawn = data.training_examples(case.task.shots, 0).numpy()
    if len(drawn) > most:
        drawn = data.folds(drawn, -(-len(drawn) // most))[0]
    small = len(data.samples.ids) <= WHOLE * most
    examples = None if small else tuple(drawn.tolist())
    pooled = [bench.features(case, 0, pooling, examples=examples) for pooling in bench.poolings(case)]
    stages.HERE.at("scoring features")
    started = time.perf_counter()
    found = [
        _scored(bench, case, frozen.array[drawn] if small else frozen.array, drawn, functions) for frozen in pooled
    ]
    elapsed = max(frozen.feature_time_s for frozen in pooled) + time.perf_counter() - started
    return {name: _best([scores[name] for scores in found]) for name in functions}, elapsed


def _scored(
    bench: Workbench,
    case: Case,
    features: NDArray[np.float32],
    drawn: NDArray[np.int64],
    functions: Mapping[str, Callable[[Features, Classes], float | None]],
) -> Scores:
    """The scores of one pooling's features of the drawn examples."""
    rows = bench.rows(case)
    picked = rows.pick(features, drawn)
    flat, labels = picked.reshape(len(picked), -1).astype(np.float64), rows.labels(drawn)
    return {name: _or_none(function, flat, labels) for name, function in functions.items()}


def _best(values: Sequence[float | None]) -> float | None:
    """The highest of those that there are."""
    return max((value for value in values if value is not None), default=None)


def _or_none(
    function: Callable[[Features, Classes], float | None], features: Features, labels: Classes
) -> float | None:
    """The score; None for examples of one class, which nothing can be told of."""
    return function(features, labels) if len(np.unique(labels)) > 1 else None
