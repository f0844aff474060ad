"""Generated named entities: people, places and organisations whose names no label has shown.

A sentence is a frame with names and goods put in; all is lower case. The three parts have frames, names and goods of
their own, so neither the frame nor the name is known at test time. A name often fits several kinds (a family, a town
and a firm share words), and goods are made-up nouns that look like names and are none: what stands around a word has
to decide.
"""

import re

import numpy as np

from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.engine.lexicon import KINDS, PARTS, names, pick, words
from ptmbench.engine.seeding import numpy_generator
from ptmbench.files.splits import Part

CLASSES = ("O", *(f"{place}-{kind}" for kind in KINDS for place in "BI"))
COUNTS: dict[Part, int] = {"train": 1_200, "validation": 300, "test": 800}
SLOT = re.compile(r"(PER|LOC|ORG|GOODS)")

FRAMES: dict[Part, tuple[str, ...]] = {
    "train": (
        "yesterday PER came back from LOC with some GOODS",
        "a lawyer for ORG said that PER had left LOC",
        "ORG will close its office in LOC , PER said",
        "PER and PER first met in LOC",
        "prices of GOODS fell in LOC , said ORG",
        "people in LOC buy GOODS made by ORG",
        "before joining ORG , PER lived in LOC",
        "in LOC , PER sold GOODS to ORG",
        "the GOODS that PER brought came from LOC",
        "when GOODS arrived at ORG , PER was away",
        "neither PER nor ORG would speak about GOODS",
        "PER wrote a letter to PER about ORG",
        "LOC is far from LOC , said PER",
        "with help from ORG , LOC has built a bridge",
        "PER paid ORG for GOODS",
        "no one at ORG knew where PER was born",
        "GOODS and GOODS are rare in LOC",
        "ORG and ORG argued over GOODS in LOC",
    ),
    "validation": (
        "on the way to LOC , PER stopped to buy GOODS",
        "shares of ORG rose after PER resigned",
        "GOODS from LOC was sold by ORG to PER",
        "PER , born near LOC , is now head of ORG",
        "the mayor of LOC thanked PER and ORG",
        "why did ORG send GOODS to LOC",
        "PER asked PER to visit LOC",
        "a bridge in LOC was named after PER",
    ),
    "test": (
        "for ten years PER worked at ORG before moving to LOC",
        "ORG has hired PER to run its office near LOC",
        "heavy rain fell on LOC while PER carried GOODS",
        "according to PER , ORG sells too much GOODS",
        "GOODS is cheaper in LOC than in LOC",
        "the head of ORG , PER , flew to LOC today",
        "both PER and PER were born in LOC",
        "is it true that ORG bought ORG last week",
        "a river near LOC is full of GOODS",
        "PER has left ORG , and GOODS is to blame",
        "when PER married PER , all of LOC danced",
        "workers at ORG in LOC want more GOODS",
        "ask PER why GOODS never reached LOC",
        "LOC thanked ORG for the new bridge",
        "GOODS from ORG made PER rich",
        "in a letter PER praised the mayor of LOC",
        "ORG lost money after PER resigned",
        "who told PER that ORG would leave LOC",
    ),
}

Tagged = tuple[tuple[str, ...], tuple[str, ...]]


def _filled(slot: str, part: Part, generator: np.random.Generator) -> list[tuple[str, str]]:
    """The words of a filled slot, or the frame's own words, each with its tag."""
    if slot == "GOODS":
        return [(pick(generator, words("goods", part)), "O")]
    if slot not in KINDS:
        return [(word, "O") for word in slot.split()]
    first, *rest = pick(generator, names(slot, part))
    return [(first, f"B-{slot}"), *((word, f"I-{slot}") for word in rest)]


def sentence(frame: str, part: Part, generator: np.random.Generator) -> Tagged:
    """The words of a frame with names and goods of the part, and their tags."""
    pairs = [pair for slot in SLOT.split(frame) for pair in _filled(slot, part, generator)]
    return tuple(word for word, _ in pairs), tuple(tag for _, tag in pairs)


def _part(part: Part) -> list[Tagged]:
    """Different sentences of one part, its frames in turn."""
    generator = numpy_generator("entities", part)
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    while len(found) < COUNTS[part]:
        found.setdefault(*sentence(FRAMES[part][len(found) % len(FRAMES[part])], part, generator))
    return list(found.items())


def load() -> LabelledTokens:
    """1,200 sentences for training, 300 for validation and 800 for test, tagged in BIO."""
    drawn = {part: _part(part) for part in PARTS}
    return LabelledTokens(
        ids=tuple(f"entities/{part}/{index}" for part, rows in drawn.items() for index in range(len(rows))),
        sentences=tuple(sentence for rows in drawn.values() for sentence, _ in rows),
        tags=tuple(tags for rows in drawn.values() for _, tags in rows),
        classes=CLASSES,
        parts=tuple(part for part, rows in drawn.items() for _ in rows),
    )
