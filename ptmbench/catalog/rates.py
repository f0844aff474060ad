"""The recorded learning rates: what the validation split chose at 40 steps, so that `quick` need not search.

`rates.json` is written by `python benchmarks/recording/rates.py`. A full task takes what its own validation split has
chosen. A few-shot task has no labels to choose by: it takes what the same model and method chose on other data sets.
A case without an entry takes its recipe's rate.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from math import log
from pathlib import Path
from statistics import fmean, median
from typing import Final

from ptmbench.catalog.builtin import TASKS
from ptmbench.catalog.spec import Case
from ptmbench.reading import json_of, text_of

RATES = Path(__file__).parents[1] / "rates.json"
SAME_EXAMPLES: Final = {"photo_numerals": "digits"}  # the same handwriting, over photographs


@functools.cache
def recorded_rates() -> dict[str, float]:
    """Learning rate by case id."""
    rates: dict[str, float] = json_of(text_of(RATES))
    return rates


def recorded_rate(case: Case, *, own: bool = False) -> float:
    """The rate that a case is trained with where its validation split is not asked.

    Args:
        case: One of a method that trains.
        own: Whether a few-shot task may take what its own validation split has chosen.

    Returns:
        Of a full task what was recorded for it; of a few-shot task the median over other data sets of what was recorded
        for this model and method there, the geometric mean of each data set's tasks, as the nearest rate of the grid.
        The least of few records is too low for training from scratch, and would raise the gains over it.
    """
    if case.method.recipe is None:
        raise ValueError(f"{case.method.name} has no learning rate")
    if own or case.task.shots is None:
        return recorded_rates().get(case.in_full.id, case.method.recipe.learning_rate)
    recorded = _rates_elsewhere().get((case.model.name, case.method.name), {})
    same = _examples(case.task.dataset)
    others = [fmean(map(log, rates)) for examples, rates in recorded.items() if examples != same]
    return _on_ladder(case.method.grid, median(others)) if others else case.method.recipe.learning_rate


def _on_ladder(ladder: Sequence[float], wanted: float) -> float:
    """The rate nearest to a logarithm, of two as near the one nearer to the middle of the ladder."""
    middle = (len(ladder) - 1) / 2
    return min(ladder, key=lambda rate: (round(abs(log(rate) - wanted), 1), abs(ladder.index(rate) - middle)))


def _examples(dataset: str) -> str:
    """What the examples of a data set are made from: data sets that share it are no other data."""
    return SAME_EXAMPLES.get(dataset, dataset)


@functools.cache
def _rates_elsewhere() -> dict[tuple[str, str], dict[str, list[float]]]:
    """The recorded rates by model and method, and then by what the examples are made from."""
    made_from = {task.name: _examples(task.dataset) for task in TASKS}
    found: defaultdict[tuple[str, str], defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, rate in recorded_rates().items():
        model, task, method = name.split("-")
        found[model, method][made_from[task]].append(rate)
    return {key: dict(rates) for key, rates in found.items()}
