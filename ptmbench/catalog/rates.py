"""The recorded learning rates: what the validation split chose at 40 steps, so that `quick` need not search.

`rates.json` is written by `python benchmarks/recording/rates.py`. A full task takes what its own validation split has
chosen. A few-shot task has no labels to choose by, and one that is scored on its validation split must not choose by
it: they take what the same model and method chose on other data sets, as tasks do of which nothing is recorded. A model
without any entry takes its recipe's rate.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from math import log
from pathlib import Path
from statistics import fmean, median
from typing import Final

from ptmbench.catalog.builtin import TASKS
from ptmbench.catalog.data_references import SCORED
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import Case
from ptmbench.reading import json_of, text_of

RATES = Path(__file__).parents[1] / "rates.json"
RECORDED: Final = "recorded learning rate (ptmbench/rates.json)"
ELSEWHERE: Final = "learning rate recorded for this model and method on other data sets (ptmbench/rates.json)"
OF_RECIPE: Final = "the recipe's learning rate: none is recorded for this model and method"
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
        Of a full task what was recorded for it. Of a few-shot task, and where nothing was, the median over other data
        sets of what was recorded for this model and method there, the geometric mean of each data set's tasks, as the
        nearest rate of the grid. The least of few records is too low for training from scratch, and would raise the
        gains over it.
    """
    return _recorded(case, own=own)[0]


def said_of_rate(case: Case, *, own: bool = False) -> str:
    """Where `recorded_rate` comes from, in words."""
    return _recorded(case, own=own)[1]


def _recorded(case: Case, *, own: bool) -> tuple[float, str]:
    if case.method.recipe is None:
        raise ValueError(f"{case.method.name} has no learning rate")
    here = recorded_rates().get(case.in_full.id)
    if here is not None and (own or case.task.shots is None):
        return here, RECORDED
    recorded = _rates_elsewhere().get((case.model.name, case.method.name), {})
    same = _examples(case.task.dataset)
    others = [fmean(map(log, rates)) for examples, rates in recorded.items() if examples != same]
    if others:
        return _on_ladder(case.method.grid, median(others)), ELSEWHERE
    return case.method.recipe.learning_rate, OF_RECIPE


def _on_ladder(ladder: Sequence[float], wanted: float) -> float:
    """The rate nearest to a logarithm, of two as near the one nearer to the middle of the ladder."""
    middle = (len(ladder) - 1) / 2
    return min(ladder, key=lambda rate: (round(abs(log(rate) - wanted), 1), abs(ladder.index(rate) - middle)))


def _examples(dataset: str) -> str:
    """What the examples of a data set are made from: data sets that share it are no other data."""
    name = str(parse(dataset).without(SCORED))
    return SAME_EXAMPLES.get(name, name)


@functools.cache
def _rates_elsewhere() -> dict[tuple[str, str], dict[str, list[float]]]:
    """The recorded rates by model and method, and then by what the examples are made from."""
    made_from = {task.name: _examples(task.dataset) for task in TASKS}
    found: defaultdict[tuple[str, str], defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, rate in recorded_rates().items():
        model, task, method = name.split("-")
        found[model, method][made_from[task]].append(rate)
    return {key: dict(rates) for key, rates in found.items()}
