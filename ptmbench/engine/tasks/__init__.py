"""One file for each kind of task: how it is scored."""

from typing import Final

from ptmbench.catalog.traits import TaskKind
from ptmbench.engine.tasks.base import Kind, head, loss
from ptmbench.engine.tasks.classification import CLASSIFICATION
from ptmbench.engine.tasks.token_classification import TOKEN_CLASSIFICATION

KINDS: Final[dict[TaskKind, Kind]] = {
    TaskKind.IMAGE_CLASSIFICATION: CLASSIFICATION,
    TaskKind.TEXT_CLASSIFICATION: CLASSIFICATION,
    TaskKind.TOKEN_CLASSIFICATION: TOKEN_CLASSIFICATION,
}

__all__ = ["KINDS", "Kind", "head", "loss"]
