"""Tests of the scores of a model on a task."""

import numpy as np
import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.transfer import transfer_scores as module
from ptmbench.engine.transfer.transfer_scores import transfer_scores
from ptmbench.engine.workbench import Workbench
from ptmbench.statistics.transferability import log_me


@pytest.fixture
def own():
    """A workbench that has computed nothing yet."""
    return Workbench(check_settings(device="cpu", threads=1, measures_latency=False))


def test_a_better_model_has_the_higher_score(bench):
    """Features of glyphs separate digits better than those of an autoencoder, from three hundred labels."""
    found = {
        name: transfer_scores(bench, find_case(name, "digits_full", "knn"))[0]["log_me"]
        for name in ("resnet_tiny.glyphs", "vae_tiny.glyphs")
    }

    assert found["resnet_tiny.glyphs"] > found["vae_tiny.glyphs"]


def test_at_most_so_many_labels_are_read_each_class_with_its_share(own, monkeypatch):
    """Of 696 training examples no more than the limit are scored, and no class is left out."""
    seen = []

    def spy(features, labels):
        seen.append(labels)
        return log_me(features, labels)

    transfer_scores(own, find_case("resnet_tiny.glyphs", "digits_full", "knn"), {"spy": spy}, most=100)

    assert len(seen[0]) <= 100
    assert 10 == len(np.unique(seen[0]))
    assert max(np.bincount(seen[0])) - min(np.bincount(seen[0])) <= 4


def test_of_large_data_only_what_is_scored_passes_the_network(own, monkeypatch):
    """Where there are many more samples than labels to score, the rest is not computed, and the score is the same."""
    case = find_case("resnet_tiny.glyphs", "digits_full", "knn")
    whole, _ = transfer_scores(own, case, most=100)
    monkeypatch.setattr(module, "WHOLE", 1)
    other = Workbench(own.settings)
    some, _ = transfer_scores(other, case, most=100)
    computed = [frozen.array for frozen in other._frozen.kept.values()]

    assert whole["log_me"] == pytest.approx(some["log_me"], rel=1e-4)
    assert {True} == {len(array) <= 100 for array in computed}


def test_words_are_scored_one_by_one(bench):
    """Of tagged sentences every word is an example."""
    found, elapsed = transfer_scores(bench, find_case("bert_tiny.invented", "ner_100", "knn"))

    assert np.isfinite(found["log_me"])
    assert elapsed > 0


def test_features_of_some_examples_are_not_taken_for_those_of_all(own):
    """One key for both would hand a probe the features of a few as if they were everyone's."""
    case = find_case("resnet_tiny.glyphs", "digits_full", "knn")
    some, every = own.features(case, 0, examples=(5, 3)), own.features(case, 0)

    assert (2, 1797) == (len(some.array), len(every.array))
    np.testing.assert_allclose(some.array, every.array[[5, 3]], rtol=1e-4, atol=1e-5)


def test_a_text_model_is_scored_by_its_best_pooling(bench):
    """A model whose mean over tokens says little is not dropped for it, where its layers say more."""
    case = find_case("bert_tiny.invented", "sentiment_full", "knn")
    poolings = bench.poolings(case)
    seen = []

    def spy(features, labels):
        seen.append(log_me(features, labels))
        return seen[-1]

    found, _ = transfer_scores(bench, case, {"spy": spy})

    assert 1 < len(poolings) == len(seen)
    assert max(seen) == found["spy"]
