"""Generated sentiment: the sign and the strength of an opinion, in four classes, on words that no label has shown.

The opinion of a sentence is that of one clause: the clause after "but" or "yet", the clause that "although" does not
introduce, whatever the other clauses say. A clause opines with an adjective of known polarity p (+1 or -1) and score

    very ADJ 2p, not at all ADJ -2p, ADJ p, slightly ADJ p, not ADJ -p, not very ADJ -p

(and words like these). The label is the score of the sentence. Each part has polar adjectives of its own: those of
the validation part stand neither in training nor in test, so that what is chosen on it is chosen for unseen words.
"""

import numpy as np
import torch

from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.lexicon import PARTS, THINGS, pick, words
from ptmbench.engine.seeding import numpy_generator
from ptmbench.files.splits import Part

CLASSES = ("very_negative", "negative", "positive", "very_positive")
SCORES = (-2, -1, 1, 2)
COUNTS: dict[Part, int] = {"train": 2_000, "validation": 400, "test": 1_000}
LONGEST = 24  # words

# What stands before the adjective, by the factor that it puts on the adjective's polarity.
DEGREES: dict[int, tuple[str, ...]] = {
    2: ("very", "extremely", "truly", "utterly"),
    1: ("", "", "slightly", "somewhat", "rather"),
    -1: ("not", "hardly", "not very", "far from"),
    -2: ("not at all", "in no way"),
}
TURN = 0.2  # share of clauses whose adjective is negated
AGAINST = 0.6  # share of side clauses of the opposite sign
VERBS = ("was", "seemed", "felt", "turned out")
SUBJECTS = ("the {}", "its {}", "the {} of the {}", "the old {}")


def _phrase(score: int, part: Part, generator: np.random.Generator) -> str:
    """An adjective with its degree, of the given score."""
    negated = generator.random() < TURN
    factor = -abs(score) if negated else abs(score)
    polarity = "positive" if score * factor > 0 else "negative"
    return f"{pick(generator, DEGREES[factor])} {pick(generator, words(polarity, part))}"


def _clause(score: int, part: Part, generator: np.random.Generator) -> str:
    subject = pick(generator, SUBJECTS).format(pick(generator, THINGS), pick(generator, THINGS))
    return f"{subject} {pick(generator, VERBS)} {_phrase(score, part, generator)}"


def _fact(part: Part, generator: np.random.Generator) -> str:
    """A clause without an opinion."""
    thing, other, neutral = pick(generator, THINGS), pick(generator, THINGS), pick(generator, words("neutral", part))
    return pick(generator, (f"the {thing} was {neutral}", f"there was a {neutral} {thing}", f"we had a {other} too"))


def _side(score: int, generator: np.random.Generator) -> int:
    """The score of a clause that does not count: mostly of the other sign, of either strength."""
    sign = -1 if (score > 0) == (generator.random() < AGAINST) else 1
    return sign * pick(generator, (1, 2))


def sentence(score: int, part: Part, generator: np.random.Generator) -> str:
    """A sentence of the given score, of at most `LONGEST` words."""
    main = _clause(score, part, generator)
    side, third = (_clause(_side(score, generator), part, generator) for _ in range(2))
    fact = _fact(part, generator)
    forms = (
        *(main, f"{main} and {fact}", f"{fact} and {main}", f"{fact} , {main}", f"{main} , {fact}"),
        *(f"{side} but {main}", f"{side} , yet {main}", f"{side} , {fact} , but {main}"),
        *(f"although {side} , {main}", f"{main} , although {side}", f"{main} even though {side}"),
        *(f"{side} but although {third} , {main}", f"although {side} and {fact} , {main}"),
    )
    short = [" ".join(form.split()) for form in forms if len(form.split()) <= LONGEST]
    return pick(generator, short)


def _part(part: Part) -> list[tuple[str, int]]:
    """Different sentences of one part with their labels, classes in turn."""
    generator = numpy_generator("sentiment", part)
    found: dict[str, int] = {}
    while len(found) < COUNTS[part]:
        label = len(found) % len(CLASSES)
        found.setdefault(sentence(SCORES[label], part, generator), label)
    return list(found.items())


def load() -> LabelledTexts:
    """2,000 sentences for training, 400 for validation and 1,000 for test, balanced, lower case."""
    drawn = {part: _part(part) for part in PARTS}
    return LabelledTexts(
        ids=tuple(f"sentiment/{part}/{index}" for part, rows in drawn.items() for index in range(len(rows))),
        texts=tuple(text for rows in drawn.values() for text, _ in rows),
        labels=torch.tensor([label for rows in drawn.values() for _, label in rows]),
        classes=CLASSES,
        parts=tuple(part for part, rows in drawn.items() for _ in rows),
    )
