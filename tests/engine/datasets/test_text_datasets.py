"""Tests of the generated data sets of text: what they promise of their words, parts and distance to the source."""

from collections import Counter, defaultdict
from functools import cache

import pytest

from ptmbench.engine import lexicon
from ptmbench.engine.datasets import entities, sentiment
from ptmbench.engine.pretraining.sources.invented import INVENTED, LONGEST
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES

SAMPLE = 20_000
SIZES = {"sentiment": (2_000, 400, 1_000), "entities": (1_200, 300, 800)}


@cache
def made_up() -> frozenset[str]:
    """All made-up words."""
    return frozenset(word for kind in lexicon.COUNTS for word in lexicon.words(kind))


def template(sentence: str) -> str:
    """The sentence with each made-up word and each thing replaced by "_": what is left when names change."""
    filled = made_up() | set(lexicon.THINGS)
    return " ".join("_" if word in filled else word for word in sentence.split())


@pytest.fixture(scope="module")
def opinions():
    """The sentiment data set."""
    return sentiment.load()


@pytest.fixture(scope="module")
def tagged():
    """The named-entity data set."""
    return entities.load()


@pytest.fixture(scope="module")
def source():
    """Sentences that the source gives for pre-training."""
    return INVENTED.sentences(SAMPLE, "train")


@pytest.fixture(scope="module")
def downstream(opinions, tagged):
    """All sentences of both tasks, of every part."""
    return [*opinions.texts, *(" ".join(words) for words in tagged.sentences)]


def words_of(texts):
    """All words of some texts."""
    return {word for text in texts for word in text.split()}


def standing_in(texts, others):
    """Those of the texts that are one of the others or stand inside one, word by word; each has three words or more."""
    wanted = defaultdict(list)
    for text in texts:
        wanted[tuple(text.split()[:3])].append(f" {text} ")
    found = set()
    for other in others:
        words = other.split()
        for start in range(len(words) - 2):
            for text in wanted.get(tuple(words[start : start + 3]), ()):
                found |= {text} if text in f" {other} " else set()
    return found


def in_part(samples, part, values):
    """The values of the samples that fall in a part."""
    return [value for value, where in zip(values, samples.parts, strict=True) if where == part]


def spans(words, tags):
    """The names in a tagged sentence as (kind, words); fails where I- continues nothing of its kind."""
    found = []
    before = "O"
    for word, tag in zip(words, tags, strict=True):
        if tag.startswith("B-"):
            found.append((tag[2:], [word]))
        elif tag.startswith("I-"):
            assert before[2:] == tag[2:], (words, tags)
            found[-1][1].append(word)
        before = tag
    return [(kind, tuple(name)) for kind, name in found]


def test_lexicon_has_each_word_once():
    """No made-up word stands in two kinds or parts, and none is a word of the language around it."""
    every = [word for kind in lexicon.COUNTS for word in lexicon.words(kind)]
    frames = words_of(frame for frames in entities.FRAMES.values() for frame in frames)

    assert len(set(every)) == len(every)
    assert not set(every) & (frames | set(lexicon.THINGS))


@pytest.mark.parametrize("kind", lexicon.KINDS)
def test_names_of_parts_share_no_made_up_word(kind):
    """A made-up word in a name of one part stands in no name of another."""
    used = {part: words_of(" ".join(name) for name in lexicon.names(kind, part)) for part in lexicon.PARTS}
    used = {part: words & made_up() for part, words in used.items()}

    assert list(lexicon.NAMES.values()) == [len(lexicon.names(kind, part)) for part in lexicon.PARTS]
    assert not used["train"] & used["test"]
    assert not used["validation"] & (used["train"] | used["test"])


def test_some_names_fit_several_kinds():
    """In each part some word is the whole name of one kind and the whole name of another: spelling cannot decide."""
    for part in lexicon.PARTS:
        people, places, firms = (set(lexicon.names(kind, part)) for kind in lexicon.KINDS)
        assert people & places, part
        assert people & firms, part
        assert places & firms, part


@pytest.mark.parametrize("load", [sentiment.load, entities.load], ids=lambda load: load.__module__.split(".")[-1])
def test_text_data_sets_repeat_and_have_their_sizes(load):
    """A data set is the same each time, its ids tell their part, and no sentence stands twice."""
    samples, name = load(), load.__module__.split(".")[-1]
    texts = samples.texts if name == "sentiment" else samples.sentences
    again = load()

    assert texts == (again.texts if name == "sentiment" else again.sentences)
    assert samples.ids == again.ids
    assert SIZES[name] == tuple(Counter(samples.parts)[part] for part in lexicon.PARTS)
    assert [f"{name}/{part}" for part in samples.parts] == [sample.rsplit("/", 1)[0] for sample in samples.ids]
    assert (len(texts), len(texts)) == (len(set(texts)), len(set(samples.ids)))


def test_sentiment_is_balanced(opinions):
    """Each part has as many sentences of each class."""
    for part in lexicon.PARTS:
        counts = Counter(in_part(opinions, part, opinions.labels.tolist()))
        assert [len(in_part(opinions, part, opinions.ids)) // 4] * 4 == [counts[label] for label in range(4)]


def test_polar_words_of_parts_are_disjoint(opinions):
    """A polar or neutral adjective of one part stands in no sentence of another."""
    adjectives = {word for kind in ("positive", "negative", "neutral") for word in lexicon.words(kind)}
    used = {part: words_of(in_part(opinions, part, opinions.texts)) & adjectives for part in lexicon.PARTS}

    assert not used["train"] & used["test"]
    assert not used["validation"] & (used["train"] | used["test"])
    assert all(used.values())


@pytest.mark.parametrize(
    ("degree", "factor"), [("very", 2), ("", 1), ("slightly", 1), ("not very", -1), ("not at all", -2)]
)
def test_degrees_have_their_factor(degree, factor):
    """The factor of a degree is the one that the definition of the data set gives it."""
    assert degree in sentiment.DEGREES[factor]


def opinion(clause):
    """The score of a clause, worked out from its words alone."""
    *_, adjective = clause.split()
    polarity = 1 if adjective in lexicon.words("positive") else -1
    degrees = {
        f" {degree} {adjective}": factor for factor, all_ in sentiment.DEGREES.items() for degree in all_ if degree
    }
    longest = max((end for end in degrees if clause.endswith(end)), key=len, default=None)
    return polarity * (degrees[longest] if longest else 1)


def test_the_clause_that_decides_decides(opinions):
    """Read independently, the clause after "but", or the one before "although", has the score of the label."""
    checked = 0
    for text, label in zip(opinions.texts, opinions.labels.tolist(), strict=True):
        if " but " in text and "although" not in text:
            clause = text.split(" but ")[-1]
        elif " , although " in text:
            clause = text.split(" , although ")[0]
        else:
            continue
        assert sentiment.SCORES[label] == opinion(clause), text
        checked += 1

    assert checked > 500


def test_tags_are_bio_and_names_are_of_their_part(tagged):
    """Each sentence has a tag a word, I- only goes on with a name of its kind, and names are those of the part."""
    for part in lexicon.PARTS:
        known = {(kind, name) for kind in lexicon.KINDS for name in lexicon.names(kind, part)}
        rows = zip(in_part(tagged, part, tagged.sentences), in_part(tagged, part, tagged.tags), strict=True)
        found = {span for words, tags in rows for span in spans(words, tags)}
        assert found <= known
        assert len(found) > 100

    assert "O" == tagged.classes[0]
    assert {tag for tags in tagged.tags for tag in tags} == set(tagged.classes)


def test_frames_of_parts_are_disjoint():
    """No frame of one part is a frame of another."""
    every = [frame for frames in entities.FRAMES.values() for frame in frames]

    assert len(set(every)) == len(every)


def test_tasks_on_text_are_lower_case(downstream):
    """Capitals cannot give a name away: there are none."""
    assert [] == [text for text in downstream if text != text.lower()]


def test_no_sentence_of_a_task_stands_in_the_source(downstream, source):
    """No downstream sentence is a sentence of the source or a part of one."""
    assert set() == standing_in(downstream, source)


def test_no_frame_of_a_task_stands_in_the_source(downstream, source):
    """With made-up words and the things reviewed masked, no downstream sentence is one of the source or part of one."""
    frames = {template(text) for text in downstream}

    assert set() == standing_in(frames, {template(text) for text in source})
    assert len(frames) > 100


def test_a_sentence_inside_another_is_found():
    """What the two tests above rely on: a text is found whole and as a part of another, and not by half a word."""
    assert {" b c d ", " a b c "} == standing_in(["b c d", "a b c", "c d e"], ["a b c d", "a b c", "c d ef"])


def test_anchors_of_reviews_stand_in_no_task(downstream):
    """Nobody says "i" downstream: what ties the adjectives to a polarity is in the source alone."""
    assert "i" not in words_of(downstream)


def test_the_source_holds_the_words_of_the_tasks(source, downstream):
    """Each made-up word of a task is in the source, unlabelled."""
    assert words_of(downstream) & made_up() <= words_of(source)


def test_the_source_repeats_and_keeps_its_held_out_texts_apart(source):
    """The same texts come again, fewer are the first of more, and no held-out text is a training text."""
    held_out = INVENTED.sentences(500, "held_out")

    assert source[:500] == INVENTED.sentences(500, "train")
    assert not set(held_out) & set(source)
    assert (SAMPLE, 500) == (len(set(source)), len(set(held_out)))
    assert max(len(text.split()) for text in source) <= LONGEST


def test_an_unknown_purpose_is_refused():
    """Asking for another stream than the two there are raises `ValueError`."""
    with pytest.raises(ValueError, match="expected the purpose"):
        INVENTED.sentences(1, "test")


def test_text_sources_are_found_by_their_name():
    """Each source stands under the name that it gives itself."""
    assert list(TEXT_SOURCES) == [source.name for source in TEXT_SOURCES.values()]
    assert "invented" in TEXT_SOURCES
