"""Sentences with a tag a word as samples, whatever scheme names them."""

from collections.abc import Sequence

from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.files.tags import Tagged, tags_of


def tokens_of(sentences: Sequence[Tagged], where: str, *, plain: bool) -> LabelledTokens:
    """The samples; raises `UsageError` where the tags are none that can be scored."""
    return LabelledTokens(
        ids=tuple(row.id for row in sentences),
        sentences=tuple(row.words for row in sentences),
        tags=tuple(row.tags for row in sentences),
        classes=tags_of(sentences, where, plain=plain),
        parts=tuple(row.part for row in sentences if row.part) or None,
        plain=plain,
    )
