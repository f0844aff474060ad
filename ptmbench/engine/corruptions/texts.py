"""Corruptions of text at five severities: typing errors (after Belinkov & Bisk 2018) and words that are left out."""

import string
from collections.abc import Callable, Sequence

import numpy as np

from ptmbench.engine.seeding import numpy_generator

Words = tuple[str, ...]
Corruption = Callable[[Sequence[str], int, np.random.Generator], Words]
SHARE = (0.05, 0.1, 0.2, 0.3, 0.5)  # of the words


def typos(words: Sequence[str], severity: int, rng: np.random.Generator) -> Words:
    """Makes one typing error in so many words: two letters swapped, one left out, one doubled, or one replaced."""
    drawn = [(rng.random(), mistyped(word, rng)) for word in words]
    return tuple(
        corrupted if place < SHARE[severity - 1] else word
        for word, (place, corrupted) in zip(words, drawn, strict=True)
    )


def mistyped(word: str, rng: np.random.Generator) -> str:
    """The word with one typing error: never empty; of a word of equal letters perhaps the word itself."""
    place = int(rng.integers(len(word)))
    letter = string.ascii_lowercase[int(rng.integers(26))]
    kind = int(rng.integers(4))
    if len(word) == 1:
        kind = 2 + kind % 2
    if kind == 0:
        place = min(place, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    return word[: place + 1] + word[place:] if kind == 2 else word[:place] + letter + word[place + 1 :]


def dropped_words(words: Sequence[str], severity: int, rng: np.random.Generator) -> Words:
    """So many words left out; of a text that would be empty one stays."""
    places = rng.random(len(words))
    kept = tuple(word for word, place in zip(words, places, strict=True) if place >= SHARE[severity - 1])
    return kept or (words[int(places.argmax())],)


CORRUPTIONS: dict[str, Corruption] = {"typos": typos, "dropped_words": dropped_words}


def corrupted_words(words: Sequence[str], example: str, corruption: str, severity: int) -> Words:
    """The words of an example with that corruption at a severity from 1 to 5."""
    return CORRUPTIONS[corruption](words, severity, numpy_generator("corruption", corruption, example))
