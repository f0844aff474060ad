"""The lexicon of generated text: made-up adjectives, nouns and names, split into parts.

A made-up word is two or three random syllables: its spelling tells neither its polarity nor its kind. The
tasks on text and the source `invented` share these words and nothing else. Each part of a data set ("train",
"validation", "test") has polar adjectives, names and goods of its own; `None` asks for those of all parts, as the
unlabelled source does.
"""

from collections.abc import Sequence
from functools import cache
from typing import Literal, TypeVar

import numpy as np

from ptmbench.engine.seeding import numpy_generator
from ptmbench.files.splits import Part

ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "dr", "gl", "kl", "st", "tr")
VOWELS = ("a", "e", "i", "o", "u", "ai", "oo")
CODAS = ("", "", "k", "l", "m", "n", "nd", "p", "r", "s", "sh", "t")  # of the last syllable
LONGER = 0.3  # share of words of three syllables

# How many words of each kind a part has, in the order of PARTS.
PARTS: tuple[Part, ...] = ("train", "validation", "test")
COUNTS: dict[str, tuple[int, int, int]] = {
    "positive": (16, 8, 16),
    "negative": (16, 8, 16),
    "neutral": (16, 8, 16),
    "goods": (20, 10, 20),
    "given": (24, 10, 24),
    "family": (24, 10, 24),
    "place": (24, 10, 24),
    "organisation": (24, 10, 24),
    "shared": (16, 8, 16),
}
NAMES = {"train": 100, "validation": 50, "test": 120}  # names of each kind in a part

NameKind = Literal["PER", "LOC", "ORG"]
KINDS: tuple[NameKind, ...] = ("PER", "LOC", "ORG")
Name = tuple[str, ...]

# What reviews speak of: English, and the same for all parts, since it carries no label.
THINGS = (
    *("film", "book", "hotel", "meal", "room", "soup", "concert", "play", "museum", "garden", "phone", "lamp"),
    *("chair", "coat", "bread", "coffee", "tour", "show", "staff", "service", "music", "story", "ending", "view"),
    *("bed", "kitchen", "cake", "sound", "colour", "price", "screen", "camera", "salad", "beach", "pool", "train"),
)

_T = TypeVar("_T")


def pick(generator: np.random.Generator, options: Sequence[_T]) -> _T:
    """One of the options, all equally likely."""
    return options[int(generator.integers(len(options)))]


def _invent(generator: np.random.Generator) -> str:
    syllables = 3 if generator.random() < LONGER else 2
    body = "".join(pick(generator, ONSETS) + pick(generator, VOWELS) for _ in range(syllables))
    return body + pick(generator, CODAS)


@cache
def _all_words() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Words by kind, in as many tuples as there are parts; no word stands twice."""
    generator = numpy_generator("lexicon", "words")
    wanted = sum(sum(counts) for counts in COUNTS.values())
    distinct: dict[str, None] = {}
    while len(distinct) < wanted:
        distinct[_invent(generator)] = None
    words = iter(distinct)
    return {kind: tuple(tuple(next(words) for _ in range(n)) for n in counts) for kind, counts in COUNTS.items()}


def words(kind: str, part: Part | None = None) -> tuple[str, ...]:
    """The made-up words of a kind (a key of `COUNTS`) that a part has; of all parts for None."""
    split = _all_words()[kind]
    return split[PARTS.index(part)] if part else tuple(word for words_of_part in split for word in words_of_part)


def _person(part: Part, generator: np.random.Generator) -> Name:
    given = pick(generator, words("given", part))
    family = pick(generator, words("family", part) + words("shared", part))
    return pick(generator, ((given, family), (given, family), (given,), (family,)))


def _place(part: Part, generator: np.random.Generator) -> Name:
    word = pick(generator, words("place", part) + words("shared", part))
    return pick(generator, ((word,), (word,), (word,), ("new", word), ("port", word), (word, "bay")))


def _organisation(part: Part, generator: np.random.Generator) -> Name:
    word = pick(generator, words("organisation", part) + words("shared", part))
    founder, town = pick(generator, words("family", part)), pick(generator, words("place", part))
    whole = ((word,), (word,), (word,), (word, "works"), (word, "bay"))
    return pick(generator, (*whole, (founder, "and", "sons"), (town, "university")))


_NAMERS = {"PER": _person, "LOC": _place, "ORG": _organisation}


@cache
def names(kind: NameKind, part: Part | None = None) -> tuple[Name, ...]:
    """Names of people, places or organisations, each a tuple of words, none of them twice.

    Names of one kind may look like those of another: a family, a town and a firm can share a word, a firm is called
    after a family or a town. No made-up word of one part stands in a name of another.
    """
    if part is None:
        return tuple(name for each in PARTS for name in names(kind, each))
    generator = numpy_generator("lexicon", "names", kind, part)
    distinct: dict[Name, None] = {}
    while len(distinct) < NAMES[part]:
        distinct[_NAMERS[kind](part, generator)] = None
    return tuple(distinct)
