"""Tests of `ptmbench.engine.inputs.word_shapes`: what is said of a word, and from which words it is learned."""

import pytest
import torch

from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.engine.inputs.word_shapes import SLOTS, WordShapePreprocessing, described, shape_of

SENTENCES = (("Anna", "met", "Bo"), ("Anna", "left"), ("Unheard", "words", "of", "1999"))


def tagged(sentences):
    """Sentences whose words are no entities."""
    tags = tuple(("O",) * len(words) for words in sentences)
    return LabelledTokens(tuple("abc"), tuple(sentences), tags, ("O", "B-PER"))


def vectors(encoded):
    """All inputs [n, words, features]."""
    return next(encoded.inputs.batches([range(len(encoded.inputs))]))


@pytest.mark.parametrize(
    ("word", "shape"),
    [("Paris", "Xx"), ("IBM", "X"), ("iPhone", "xXx"), ("3-0", "d-d"), ("U.S.", "X.X."), ("!!", "!"), ("", "")],
)
def test_a_shape_is_the_kinds_of_signs_in_their_order(word, shape):
    """Upper case, other letters, digits and signs, each run once."""
    assert shape == shape_of(word)


def test_a_word_is_described_with_its_neighbours():
    """The word, two to either side, three shapes, and its first and last letters, as many as it has."""
    first, _, last = described(SENTENCES[0])

    assert ["word-2=", "word-1=", "word+0=anna", "word+1=met", "word+2=bo", "shape-1=", "shape+0=Xx", "shape+1=x"] == (
        first[:8]
    )
    assert ["begins=a", "begins=an", "begins=ann", "ends=a", "ends=na", "ends=nna"] == first[8:]
    assert ["begins=b", "begins=bo", "ends=o", "ends=bo"] == last[8:]
    assert SLOTS == len(first)


def test_features_are_those_of_training_words():
    """Words that only another part has change no vector of a training word, and each word that is there has norm 1."""
    first, second = (
        WordShapePreprocessing().encode(tagged([*SENTENCES[:2], other]), (0, 1))
        for other in (SENTENCES[2], ("Others", "of", "2026", "!"))
    )

    assert torch.equal(vectors(first)[:2], vectors(second)[:2])
    assert first.fields == second.fields
    assert [[0, 1, 2, -1], [0, 1, -1, -1], [0, 1, 2, 3]] == first.positions.tolist()
    torch.testing.assert_close(vectors(first)[:2].norm(dim=-1), torch.from_numpy(first.positions[:2] >= 0).float())
    assert first.shape == first.inputs.shape == tuple(vectors(first).shape[1:])


def test_rare_features_weigh_more_and_the_most_frequent_are_kept():
    """What fewer training words have weighs more; of too many features the most frequent stay."""
    encoded = WordShapePreprocessing().encode(tagged(SENTENCES), (0, 1))
    few = WordShapePreprocessing(features=5).encode(tagged(SENTENCES), (0, 1))
    weights = set(vectors(encoded)[0, 0].unique().tolist()) - {0.0}

    assert len(weights) > 1
    assert 5 == few.inputs.shape[-1] < encoded.inputs.shape[-1]
