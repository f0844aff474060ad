"""The source `invented`: unlabelled in-domain text, three fifths reviews, the rest reports, all lower case.

It is written in the words of the tasks on text, the polar adjectives and names of their test parts included, but
without labels; that is the common setting of pre-training on text from the domain. It holds no sentence of a task,
and no frame of one: tasks and source have their sentences written in modules of their own.
"""

from ptmbench.engine.pretraining.sources.base import TextSource
from ptmbench.engine.pretraining.sources.reports import report
from ptmbench.engine.pretraining.sources.reviews import review
from ptmbench.engine.seeding import derive, numpy_generator

REVIEWS = 0.6
LONGEST = 24  # words
HELD_OUT_IN = 8  # one text in so many, by its hash, is never trained on


def _held_out(text: str) -> bool:
    return derive("invented", "held_out", text) % HELD_OUT_IN == 0


def sentences(count: int, purpose: str) -> list[str]:
    """`count` different texts for "train" or "held_out"; more texts begin with the same ones as fewer."""
    if purpose not in ("train", "held_out"):
        raise ValueError(f"expected the purpose 'train' or 'held_out', got {purpose!r}")
    generator = numpy_generator("source", "invented", purpose)
    found: dict[str, None] = {}
    while len(found) < count:
        text = review(generator) if generator.random() < REVIEWS else report(generator)
        if len(text.split()) <= LONGEST and _held_out(text) == (purpose == "held_out"):
            found[text] = None
    return list(found)


INVENTED = TextSource("invented", sentences)
