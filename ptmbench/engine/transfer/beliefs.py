"""What a model believes of examples, beside the labels that it gives them; what one seed of a case comes to."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptmbench.engine.data import Indices
from ptmbench.engine.metrics import Labels
from ptmbench.engine.transfer.rows import Rows
from ptmbench.statistics.calibration import TEMPERATURE, TOP, TRUE, Logs, beliefs_of

LEARNED: Final = "train_examples"  # the places in the data set of the examples that were learned from


class Answered(NamedTuple):
    """Labels for all labels of some examples, and ln p [m, classes] of the m rows that the model saw."""

    labels: Labels
    logs: Logs


class SeedResult(NamedTuple):
    """What one seed came to: answers for the test examples, the metric on training examples, arrays of beliefs."""

    test: Any
    train_value: float
    beliefs: Mapping[str, NDArray[Any]] = {}


def kept(
    rows: Rows, test: Answered, learned: tuple[Answered, Indices], temperature: float | None
) -> Mapping[str, NDArray[Any]]:
    """What is kept of the beliefs of one seed.

    Args:
        rows: Where labels stand in the outputs.
        test: The answers for the test examples.
        learned: The answers for the examples that were learned from, and which these are.
        temperature: Fitted to examples that the model has not learned from; None where there are none.

    Returns:
        Arrays by their names in outcomes: of test examples one value a label, NaN for words that were cut off; of
        training examples with one label each two logarithms and their places.
    """
    unseen = rows.data.split.test
    found: dict[str, NDArray[Any]] = {
        name: rows.filled(values, unseen, np.float16(np.nan))
        for name, values in beliefs_of(test.logs, rows.labels(unseen), temperature).items()
    }
    if temperature is not None:
        found[TEMPERATURE] = np.array([temperature])
    if rows.positions is None:
        answered, examples = learned
        known = beliefs_of(answered.logs, rows.labels(examples), None)
        found[LEARNED] = np.asarray(examples, dtype=np.int32)
        found |= {f"train_{name}": known[name] for name in (TRUE, TOP)}
    return found
