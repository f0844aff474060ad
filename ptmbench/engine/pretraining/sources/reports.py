"""Invented reports: people, places, organisations and goods in the company that each keeps."""

import numpy as np

from ptmbench.engine.lexicon import KINDS, names, pick, words

# Statements about one or two of them, each a choice of subject, of what is said, and of object.
STATEMENTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("PER", ("lives in", "moved to", "flew to", "was born in", "came back from", "left", "stopped near"), "LOC"),
    ("PER", ("works for", "joined", "resigned from", "runs", "was hired by", "is head of", "sued"), "ORG"),
    ("PER", ("met", "married", "thanked", "wrote to", "told", "is a friend of", "asked"), "PER"),
    ("PER", ("buys", "carried", "brought", "ordered", "sold", "is fond of", "wants more"), "GOODS"),
    ("ORG", ("hired", "paid", "asked", "will send", "dismissed", "praised"), "PER"),
    (
        "ORG",
        ("has an office in", "opened a shop in", "is based in", "moved to", "will leave", "has built a bridge in"),
        "LOC",
    ),
    ("ORG", ("sells", "makes", "lost money on", "ships", "imports"), "GOODS"),
    ("ORG", ("bought", "argued with", "merged with", "owns shares of"), "ORG"),
    ("LOC", ("is near", "is far from", "is larger than", "lies north of"), "LOC"),
    ("LOC", ("is full of", "is known for its", "grows"), "GOODS"),
    ("GOODS", ("is cheap in", "is rare in", "arrived at", "comes from", "reached"), "LOC"),
    ("GOODS", ("is made by", "was sold by", "arrived at", "was sent to"), "ORG"),
)
ALONE = (
    *("the mayor of LOC was away", "people in LOC danced", "heavy rain fell on LOC", "the river near LOC rose"),
    *("workers at ORG want more money", "shares of ORG fell", "a lawyer for ORG will speak", "ORG closed a shop"),
    *("PER became rich", "PER was to blame", "it was PER who said so", "PER knew no one", "prices of GOODS rose"),
    *("PER seemed tired", "PER felt ill", "it turned out well for ORG", "PER is old , yet works", "we had news of PER"),
    *("GOODS are rare", "PER never ran for mayor", "both were away", "no one knew where PER was", "PER lived well"),
    *("PER spoke about GOODS", "why did ORG close", "who would buy GOODS", "we had too much GOODS", "some buy GOODS"),
)
WHEN = ("", "", "", "last week", "today", "yesterday", "for ten years", "after years", "in spring", "first", "now")
JOINTS = ("and", "while", "before", "because", ", and", "after", "when", ", but")
SAID = 0.15  # share of reports that name who said so


def _statement(generator: np.random.Generator) -> str:
    if generator.random() < 0.25:
        return pick(generator, ALONE)
    subject, said, what = pick(generator, STATEMENTS)
    return f"{subject} {pick(generator, said)} {what} {pick(generator, WHEN)}"


def _frame(generator: np.random.Generator) -> str:
    frame = _statement(generator)
    if generator.random() < 0.5:
        frame = f"{frame} {pick(generator, JOINTS)} {_statement(generator)}"
    if generator.random() < SAID:
        source = pick(generator, ("PER", "ORG", "the mayor of LOC", "PER of ORG"))
        return pick(generator, (f"{source} said that {frame}", f"{frame} , according to {source}"))
    return frame


def report(generator: np.random.Generator) -> str:
    """One report: a frame with names and goods of all parts put in."""
    filled = []
    for word in _frame(generator).split():
        if word == "GOODS":
            filled.append(pick(generator, words("goods")))
        elif word in KINDS:
            filled.extend(pick(generator, names(word)))
        else:
            filled.append(word)
    return " ".join(filled)
