"""The recorded learning rates: what the validation split chose at 40 steps, so that `quick` need not search.

`rates.json` is written by `python benchmarks/recording/rates.py`; a case without an entry takes its recipe's rate.
"""

import functools
from pathlib import Path

from ptmbench.catalog.spec import Case
from ptmbench.reading import json_of, text_of

RATES = Path(__file__).parents[1] / "rates.json"


@functools.cache
def recorded_rates() -> dict[str, float]:
    """Learning rate by case id."""
    rates: dict[str, float] = json_of(text_of(RATES))
    return rates


def recorded_rate(case: Case) -> float:
    """The rate that `quick` trains the case with."""
    if case.method.recipe is None:
        raise ValueError(f"{case.method.name} has no learning rate")
    return recorded_rates().get(case.in_full.id, case.method.recipe.learning_rate)
