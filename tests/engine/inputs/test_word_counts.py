"""Tests of `ptmbench.engine.inputs.word_counts`: tf-idf over everything that training texts hold."""

import numpy as np
import torch

from ptmbench.engine.data import load
from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.inputs.word_counts import TfidfPreprocessing
from ptmbench.engine.methods import knn, linear_probe
from ptmbench.engine.methods.frozen_method import FitContext

TRAIN, VALIDATION, UNSEEN = range(30), range(30, 45), range(45, 80)
EVERYTHING = 1_000_000


def manuals():
    """Real sentences of manuals with their topics."""
    samples = load("topic").samples
    return LabelledTexts(samples.ids[:80], samples.texts[:80], samples.labels[:80] % 3, ("x", "y", "z"))


def test_coordinates_stand_for_all_words_and_pairs():
    """Probe and neighbours learn from coordinates what they learn from every column of a larger vocabulary."""
    samples, context = manuals(), FitContext(("x", "y", "z"), standardise=False)
    known, labels = [*TRAIN, *VALIDATION], samples.labels.numpy()
    dense = TfidfPreprocessing(features=EVERYTHING, texts=0).encode(samples, TRAIN, VALIDATION)
    short = TfidfPreprocessing().encode(samples, TRAIN, VALIDATION)

    assert dense.inputs.shape == short.shape > (len(known) + 1,) == short.inputs.shape
    assert {"features": dense.inputs.shape[0]} == short.fields
    for method, values in ((linear_probe, [1.0, 100.0, 1e4]), (knn, [1, 5])):
        for value in values:
            expected, found = (
                method.fit(inputs[known], labels[known], value, context)(inputs[list(UNSEEN)])
                for inputs in (encoded.inputs.tensor.numpy() for encoded in (dense, short))
            )
            np.testing.assert_allclose(found, expected, atol=2e-3)


def test_what_is_learned_from_lies_where_it_lay_when_other_texts_change():
    """Training and validation texts have the same inputs beside other test texts: corrupted ones are compared so."""
    samples, known = manuals(), [*TRAIN, *VALIDATION]
    texts = samples.texts[:45] + tuple(text.upper()[::-1] for text in samples.texts[45:])
    other = LabelledTexts(samples.ids, texts, samples.labels, samples.classes)

    found, again = (TfidfPreprocessing().encode(s, TRAIN, VALIDATION).inputs.tensor for s in (samples, other))

    assert torch.equal(found[known], again[known])
    assert not torch.equal(found, again)


def test_of_too_many_texts_only_the_most_frequent_words_are_counted():
    """Beyond the limit the vocabulary has as many words and pairs as the preprocessing says."""
    encoded = TfidfPreprocessing(features=64, texts=44).encode(manuals(), TRAIN, VALIDATION)

    assert (64,) == encoded.inputs.shape == encoded.shape


def test_a_small_vocabulary_stands_as_it_is():
    """Fewer words and pairs than texts are columns of their own."""
    samples = LabelledTexts(
        tuple("abcdef"), ("on", "off", "on", "off", "on", "off"), torch.zeros(6, dtype=int), ("x", "y")
    )
    encoded = TfidfPreprocessing().encode(samples, range(6))

    assert (2,) == encoded.inputs.shape == encoded.shape
    assert [[0.0, 1.0], [1.0, 0.0]] == encoded.inputs.tensor[:2].tolist()
