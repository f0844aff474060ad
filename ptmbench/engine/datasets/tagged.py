"""Sentences with a tag a word as samples, whatever scheme names them."""

from collections.abc import Sequence

from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.files.tags import Tagged, in_bio, tags_of


def tokens_of(sentences: Sequence[Tagged], where: str, *, plain: bool, repair: bool = False) -> LabelledTokens:
    """The samples; raises `UsageError` where the tags are none that can be scored."""
    classes = tags_of(sentences, where, plain=plain)
    given, sentences = sentences, sentences if plain else in_bio(sentences, where, repair=repair)
    if sentences is not given:  # I-TYPE has become B-TYPE
        classes = tags_of(sentences, where, plain=False)
    return LabelledTokens(
        ids=tuple(row.id for row in sentences),
        sentences=tuple(row.words for row in sentences),
        tags=tuple(row.tags for row in sentences),
        classes=classes,
        parts=tuple(row.part for row in sentences if row.part) or None,
        plain=plain,
    )
