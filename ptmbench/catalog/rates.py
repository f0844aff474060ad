"""The recorded learning rates: what the validation split chose at 40 steps, so that `quick` need not search.

`rates.json` is written by `python benchmarks/recording/rates.py`. A full task takes what its own validation split has
chosen. A few-shot task has no labels to choose by: it takes what the same model and method chose on other data sets.
A case without an entry takes its recipe's rate.
"""

import functools
from collections import defaultdict
from pathlib import Path
from statistics import median_low
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
        Of a full task what was recorded for it; of a few-shot task the median (the lower one) of what was recorded for
        this model and method on few-shot tasks of other data sets.
    """
    if case.method.recipe is None:
        raise ValueError(f"{case.method.name} has no learning rate")
    if own or case.task.shots is None:
        return recorded_rates().get(case.in_full.id, case.method.recipe.learning_rate)
    recorded = _few_shot_rates().get((case.model.name, case.method.name), {})
    same = _examples(case.task.dataset)
    others = [rate for examples, rates in recorded.items() if examples != same for rate in rates]
    return median_low(others) if others else case.method.recipe.learning_rate


def _examples(dataset: str) -> str:
    """What the examples of a data set are made from: data sets that share it are no other data."""
    return SAME_EXAMPLES.get(dataset, dataset)


@functools.cache
def _few_shot_rates() -> dict[tuple[str, str], dict[str, list[float]]]:
    """The rates of few-shot tasks, by model and method and then by what the examples are made from."""
    few = {task.name: _examples(task.dataset) for task in TASKS if task.shots is not None}
    found: defaultdict[tuple[str, str], defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, rate in recorded_rates().items():
        model, task, method = name.split("-")
        if task in few:
            found[model, method][few[task]].append(rate)
    return {key: dict(rates) for key, rates in found.items()}
