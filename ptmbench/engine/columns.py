"""What measures the columns that are asked for, by name."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ptmbench.catalog.spec import Case
from ptmbench.engine.transfer.adversarial import adversarial_of
from ptmbench.engine.transfer.attribution import attribution_of
from ptmbench.engine.transfer.forgetting import forgetting_of
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.insight import representation_of
from ptmbench.engine.transfer.shadows import privacy_of
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.transfer.transfer_scores import transfer_scores
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing
from ptmbench.statistics.transferability import SCORES

Column = Mapping[str, Any] | Missing
Run = FrozenRun | TrainedRun
NO_FEATURES: Final = Missing("boxes and masks are found by features of places, which these scores know nothing of")
SHADOWS_TRAIN: Final = Missing("each of its shadows would be a training: what is fitted to frozen features has it")


def scores(bench: Workbench, case: Case, run: Run) -> Column:
    """Every score of `ptmbench.statistics.transferability` that the training examples are enough for."""
    if case.task.kind.dense:
        return NO_FEATURES
    functions = {score.name: score.function for score in SCORES}
    found, _ = transfer_scores(bench, case, functions)
    return {name: value for name, value in found.items() if value is not None} or Missing(
        "no score can be told from so few training examples"
    )


def privacy(bench: Workbench, case: Case, run: Run) -> Column:
    """What membership inference finds out about the examples that were learned from."""
    return privacy_of(run) if isinstance(run, FrozenRun) else SHADOWS_TRAIN


MEASURED: Final[Mapping[str, Callable[[Workbench, Case, Run], Column]]] = {
    "adversarial": adversarial_of,
    "attribution": attribution_of,
    "forgetting": forgetting_of,
    "privacy": privacy,
    "representation": representation_of,
    "scores": scores,
}
LOOK_INSIDE: Final = frozenset({"adversarial", "attribution", "forgetting", "representation"})  # at the trained network
