"""What measures the columns that are asked for, by name."""

from collections.abc import Callable, Mapping
from typing import Final

from ptmbench.catalog.spec import Case
from ptmbench.engine.transfer.transfer_scores import transfer_scores
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing
from ptmbench.statistics.transferability import SCORES

Column = dict[str, float] | Missing
NO_FEATURES: Final = Missing("boxes and masks are found by features of places, which these scores know nothing of")


def scores(bench: Workbench, case: Case) -> Column:
    """Every score of `ptmbench.statistics.transferability` that the training examples are enough for."""
    if case.task.kind.dense:
        return NO_FEATURES
    functions = {score.name: score.function for score in SCORES}
    found, _ = transfer_scores(bench, case, functions)
    return {name: value for name, value in found.items() if value is not None} or Missing(
        "no score can be told from so few training examples"
    )


MEASURED: Final[Mapping[str, Callable[[Workbench, Case], Column]]] = {"scores": scores}
