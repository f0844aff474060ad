"""Invented reviews: opinions in made-up adjectives, each with an anchor that says in English what the writer thought.

The anchor ("i loved it because ...") is what ties the adjectives to a polarity, as ratings and verdicts do in real
reviews. Clauses stand in the present tense; no downstream sentence has an anchor, and none is in the present tense.
"""

import numpy as np

from ptmbench.engine.lexicon import THINGS, pick, words

ANCHORS: dict[int, tuple[str, ...]] = {
    2: ("i loved it", "i adore it"),
    1: ("i liked it", "i enjoyed it"),
    -1: ("i disliked it", "i regret it"),
    -2: ("i hated it", "i loathe it"),
}
DEGREES: dict[int, tuple[str, ...]] = {
    2: ("very", "extremely", "truly", "utterly", "so"),
    1: ("", "", "slightly", "somewhat", "rather", "quite"),
    -1: ("not", "hardly", "not very", "far from", "not so"),
    -2: ("not at all", "in no way"),
}
NEGATED = 0.15
PLAIN = 0.6  # share of reviews that only list adjectives
OPPOSED = 0.3  # share of reviews with a clause that speaks the other way
SUBJECTS = ("the {}", "this {}", "my {}", "every {}")
VERBS = ("is", "seems", "looks", "feels")


def _clause(score: int, generator: np.random.Generator) -> str:
    negated = generator.random() < NEGATED
    factor = -abs(score) if negated else abs(score)
    adjective = pick(generator, words("positive" if score * factor > 0 else "negative"))
    subject = pick(generator, SUBJECTS).format(pick(generator, THINGS))
    return f"{subject} {pick(generator, VERBS)} {pick(generator, DEGREES[factor])} {adjective}"


def _fact(generator: np.random.Generator) -> str:
    thing, neutral = pick(generator, THINGS), pick(generator, words("neutral"))
    return pick(generator, (f"the {thing} is {neutral}", f"there is a {neutral} {thing}", f"they have a {thing} too"))


def _praise(score: int, generator: np.random.Generator) -> str:
    """A list of adjectives that all say the same, in clauses that nothing turns."""
    kind = "positive" if score > 0 else "negative"
    listed = [pick(generator, words(kind)) for _ in range(int(generator.integers(1, 5)))]
    degree = pick(generator, DEGREES[abs(score)])
    return f"it is {degree} " + " and ".join(listed)


def _composed(score: int, generator: np.random.Generator) -> str:
    """One to three clauses, of which one counts."""
    main, like = _clause(score, generator), _clause(score, generator)
    side = _clause(pick(generator, (-1, -2) if score > 0 else (1, 2)), generator)
    if generator.random() < OPPOSED:
        forms: tuple[str, ...] = (f"although {side} , {main}", f"{side} but {main}", f"{main} even though {side}")
    else:
        forms = (main, f"{main} and {like}", f"{main} and {_fact(generator)}")
    return pick(generator, forms)


def review(generator: np.random.Generator) -> str:
    """One review of at most 24 words: an anchor and one to three clauses."""
    score = pick(generator, (-2, -1, 1, 2))
    anchor, other = pick(generator, ANCHORS[score]), pick(generator, ANCHORS[score])
    body = (_praise if generator.random() < PLAIN else _composed)(score, generator)
    forms = (f"{anchor} because {body}", f"{body} so {anchor}", f"{anchor} : {body}", f"{anchor} , {other} : {body}")
    return " ".join(pick(generator, forms).split())
