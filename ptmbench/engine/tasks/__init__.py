"""One file for each kind of task: how it is scored."""

from typing import Final

from ptmbench.catalog.traits import TaskKind
from ptmbench.engine.tasks.base import Kind, head, loss
from ptmbench.engine.tasks.classification import CLASSIFICATION
from ptmbench.engine.tasks.token_classification import TOKEN_CLASSIFICATION
from ptmbench.engine.tasks.word_labels import WORD_LABELS

KINDS: Final[dict[TaskKind, Kind]] = {
    TaskKind.IMAGE_CLASSIFICATION: CLASSIFICATION,
    TaskKind.TEXT_CLASSIFICATION: CLASSIFICATION,
    TaskKind.TOKEN_CLASSIFICATION: TOKEN_CLASSIFICATION,
}


def kind_of(kind: TaskKind, *, plain: bool) -> Kind:
    """How a kind of task is scored; words may have `plain` labels in place of tags of entities."""
    return WORD_LABELS if plain and kind is TaskKind.TOKEN_CLASSIFICATION else KINDS[kind]


__all__ = ["KINDS", "Kind", "head", "kind_of", "loss"]
