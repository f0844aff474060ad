"""Tags of words: which of them say entities, and whether data can be learned from at all.

Entities are BIO (IOB2), IOB1, BIOES or BMES, as seqeval reads them; plain labels (parts of speech) are a task of their
own, which a reference asks for by `scheme=plain`, since a share of entities found would say nothing of them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ptmbench.errors import UnknownName, UsageError, listed
from ptmbench.files.splits import Part
from ptmbench.files.tagged_text import bio_faults, bioes_faults, is_iob1, repair_bio

SCHEMES: Final = ("entities", "plain")
OUTSIDE: Final = "O"
TAG: Final = re.compile(r"O|[BIESM]-\S+")  # what seqeval tells apart: of U- and L- it loses entities side by side
_ONLY_BIOES: Final = re.compile(r"[ESM]-\S+")
BILOU: Final = re.compile(r"[UL]-\S+")
BILOU_HINT: Final = "this is BILOU: write S- in place of U-, and E- in place of L-"
NO_TRUTH: Final = "entity F1 is not defined: no sentence of the test part holds an entity (B-TYPE, I-TYPE)"
PLAIN_HINT: Final = "where each word simply has a label (parts of speech), say so: ?scheme=plain"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence: its part, its id, the place that messages name, words and a tag a word."""

    part: Part | None
    id: str
    where: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


def is_plain(scheme: str) -> bool:
    """Whether tags are plain labels; raises `UnknownName` for no scheme."""
    if scheme not in SCHEMES:
        raise UnknownName("scheme of tags", scheme, SCHEMES)
    return scheme == "plain"


def in_bio(sentences: Sequence[Tagged], where: str, *, repair: bool) -> Sequence[Tagged]:
    """The sentences, IOB1 turned into BIO; BIOES and tags of other kinds as they stand.

    Args:
        sentences: Every sentence of every part.
        where: What messages call the data.
        repair: Whether an I-TYPE that goes on with no entity is read as B-TYPE elsewhere too.

    Returns:
        The sentences; the same ones where no tag changes.

    Raises:
        UsageError: With every sentence in which an entity breaks off, or goes on with nothing.
    """
    rows = [row.tags for row in sentences]
    bioes = any(_ONLY_BIOES.fullmatch(tag) for tags in rows for tag in tags)
    if not bioes and (repair or is_iob1(rows)):
        return [replace(row, tags=repair_bio(row.tags)) for row in sentences]
    order = bioes_faults if bioes else bio_faults
    faults = [
        f"{row.where}: word {place + 1}: {told}"
        for row in sentences
        for place, told in order(row.tags)
        if TAG.fullmatch(row.tags[place])
    ]
    if faults:
        way = "mend them" if bioes else "to read each such I-TYPE as B-TYPE: ?repair=true"
        raise UsageError(f"{where}: entities break off or go on with nothing: {listed(faults)}; {way}")
    return sentences


def tags_of(sentences: Sequence[Tagged], where: str, *, plain: bool) -> tuple[str, ...]:
    """The tags that are the classes: O first, or plain labels by the alphabet.

    Args:
        sentences: Every sentence of every part.
        where: What messages call the data.
        plain: Whether a tag is a label of its word, and no part of an entity.

    Returns:
        The classes.

    Raises:
        UsageError: Where words and tags are not equally many, where tags do not say which entity they are of (entity
            F1 would count none or wrong ones).
    """
    uneven = [
        f"{row.where} ({len(row.words)} words, {len(row.tags)} tags)"
        for row in sentences
        if len(row.words) != len(row.tags)
    ]
    if uneven:
        raise UsageError(f"{where}: expected a tag for each word of every sentence; not so: {listed(uneven)}")
    found = {tag for row in sentences for tag in row.tags}
    if plain:
        if len(found) < 2:
            raise UsageError(f"{where}: expected two labels or more, got {listed(sorted(found)) or 'none'}")
        return tuple(sorted(found))
    _refuse_odd(sorted(found), where)
    checked_entities((row.tags for row in sentences), "whole", where)
    return (OUTSIDE, *sorted(found - {OUTSIDE}))


def has_entity(tags: Iterable[Sequence[str]]) -> bool:
    """Whether any of these sentences holds an entity."""
    return any(tag != OUTSIDE for row in tags for tag in row)


def checked_entities(tags: Iterable[Sequence[str]], part: str, where: str) -> None:
    """Raises `UsageError` where a part has no entity, so that there is nothing to learn."""
    if not has_entity(tags):
        raise UsageError(
            f"{where} has no entity in the {part} part, so that there is nothing to learn: expected tags B-TYPE and "
            "I-TYPE beside O; where they stand in another column, name it"
        )


def _refuse_odd(tags: Iterable[str], where: str) -> None:
    odd = [tag for tag in tags if not TAG.fullmatch(tag)]
    if any(tag.removeprefix("-").isdecimal() for tag in odd):
        raise UsageError(
            f"{where}: tags that are numbers without names: {listed(odd)}; expected O, B-TYPE and I-TYPE: write "
            "these names into the table, or declare them in the README.md beside it (dataset_info, class_label)"
        )
    if odd and all(BILOU.fullmatch(tag) for tag in odd):
        raise UsageError(f"{where}: tags that say no entity: {listed(odd)}; {BILOU_HINT}")
    if odd:
        raise UsageError(
            f"{where}: tags that say no entity: {listed(odd)}; expected O, B-TYPE and I-TYPE (E-, S-, M-TYPE too): "
            f"write B- before the type of an entity's first word, and I- before that of each further one; {PLAIN_HINT}"
        )
