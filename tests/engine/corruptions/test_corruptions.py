"""Tests of corruptions: what they do to pictures and words, and that a case is put through all of them."""

import difflib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.corruptions import pictures, texts
from ptmbench.engine.corruptions.pictures import corrupted_picture
from ptmbench.engine.corruptions.stress import SEVERITIES, conditions, corrupted
from ptmbench.engine.corruptions.texts import corrupted_words, mistyped
from ptmbench.engine.datasets.annotated import BoxedImages
from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.workbench import Workbench
from ptmbench.records.outcomes import corrupted_estimate_of
from ptmbench.running.session import Session

pixels = arrays.arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40), st.just(3)))
words = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def bench():
    """A workbench that puts cases through corruptions."""
    return Workbench(check_settings(budget="smoke", device="cpu", corruptions=True, measures_latency=False))


def noisy_picture(side=48):
    """A picture with edges and colours."""
    return (
        numpy_generator("picture").integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    )


@given(pixels, st.sampled_from(sorted(pictures.CORRUPTIONS)), st.sampled_from(SEVERITIES))
def test_a_corrupted_picture_is_a_picture_of_that_size(picture, corruption, severity):
    """Any picture stays one of its size, the same every time, and is itself not touched."""
    before = picture.copy()

    once, again = (corrupted_picture(picture, "a", corruption, severity) for _ in range(2))

    assert (picture.shape, np.uint8) == (once.shape, once.dtype)
    assert np.array_equal(once, again)
    assert np.array_equal(before, picture)


@pytest.mark.parametrize("corruption", sorted(pictures.CORRUPTIONS))
def test_each_severity_corrupts_more(corruption):
    """The distance to the picture grows with the severity."""
    picture = noisy_picture()

    distances = [
        float(((corrupted_picture(picture, "a", corruption, severity).astype(float) - picture) ** 2).mean())
        for severity in SEVERITIES
    ]

    assert sorted(distances) == distances
    assert distances[0] > 0


def test_corruptions_are_what_they_are_called():
    """Contrast and noise have the statistics that their tables say, occlusion the area, blur keeps a grey picture."""
    picture, grey = noisy_picture(), np.full((64, 64, 3), 128, np.uint8)
    for severity in SEVERITIES:
        pale = corrupted_picture(picture, "a", "contrast", severity).astype(float)
        assert picture.std(axis=(0, 1)) * pictures.CONTRAST[severity - 1] == pytest.approx(
            pale.std(axis=(0, 1)), abs=0.5
        )
        assert np.array_equal(grey, corrupted_picture(grey, "a", "blur", severity))
        covered = (corrupted_picture(np.zeros_like(grey), "a", "occlusion", severity) > 0).mean()
        assert pictures.AREA[severity - 1] == pytest.approx(covered, abs=0.02)
    drawn = corrupted_picture(grey, "a", "noise", 1).astype(float) - 128
    assert 255 * pictures.NOISE[0] == pytest.approx(drawn.std(), rel=0.05)


@given(words, st.sampled_from(SEVERITIES))
def test_typos_keep_every_word(sentence, severity):
    """As many words come out, each at most one typing error away."""
    found = corrupted_words(sentence, "a", "typos", severity)

    assert len(sentence) == len(found)
    assert all(found)
    for before, after in zip(sentence, found, strict=True):
        same = sum(block.size for block in difflib.SequenceMatcher(None, before, after).get_matching_blocks())
        assert max(len(before), len(after)) - same <= 1 or sorted(before) == sorted(after)


@given(words, st.sampled_from(SEVERITIES))
def test_dropped_words_leave_the_others_in_order(sentence, severity):
    """What is left is a part of the sentence in its order, never nothing, and a higher severity leaves less."""
    found = list(corrupted_words(sentence, "a", "dropped_words", severity))
    rest = iter(sentence)

    assert found
    assert all(word in rest for word in found)
    assert len(found) <= len(corrupted_words(sentence, "a", "dropped_words", max(severity - 1, 1)))


@given(st.text("abc", min_size=1, max_size=6), st.integers(0, 200))
def test_a_mistyped_word_is_never_empty(word, seed):
    """Every kind of error leaves a letter."""
    assert mistyped(word, np.random.default_rng(seed))


def test_shares_of_words_are_those_of_the_table():
    """Over many words the share that is touched is the severity's."""
    sentence = [f"word{index}" for index in range(4000)]
    for severity, share in zip(SEVERITIES, texts.SHARE, strict=True):
        left = len(corrupted_words(sentence, "a", "dropped_words", severity)) / len(sentence)
        assert 1 - share == pytest.approx(left, abs=0.02)


def test_only_test_examples_are_corrupted(bench):
    """Training and validation examples stay to the bit, test examples do not."""
    for names in (("pixels", "digits_5shot", "knn"), ("tfidf", "sentiment_50shot", "knn"), ("tfidf", "ner_100", "knn")):
        data = bench.task_data(find_case(*names))
        changed = corrupted(data.samples, data.split.test, (conditions(data.samples)[0][0], 5))
        before, after = (_examples(samples) for samples in (data.samples, changed))
        for index in (*data.split.train, *data.split.validation):
            assert _same(before[index], after[index])
        assert sum(not _same(before[index], after[index]) for index in data.split.test) > 0.9 * len(data.split.test)


def _examples(samples):
    if isinstance(samples, LabelledTexts):
        return samples.texts
    return samples.sentences if isinstance(samples, LabelledTokens) else samples.images


def _same(first, second):
    return torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second


def test_what_cannot_be_corrupted_has_no_conditions(bench):
    """Boxes have none; words with a label each keep all their words."""
    scenes = bench.task_data(find_case("yolo_tiny.glyphs", "scene_boxes_full", "fine_tune")).samples
    assert isinstance(scenes, BoxedImages)
    assert () == conditions(scenes)
    assert {"typos"} == {name for name, _ in conditions(bench.task_data(find_case("tfidf", "ner_100", "knn")).samples)}


@pytest.mark.parametrize(
    "names",
    [
        ("resnet_tiny.glyphs", "digits_5shot", "linear_probe"),
        ("resnet_tiny.glyphs", "digits_5shot", "fine_tune_last"),
        ("vgg_tiny.random", "digits_5shot", "from_scratch"),
        ("bert_tiny.invented", "sentiment_50shot", "linear_probe"),
        ("bert_tiny.invented", "ner_100", "fine_tune"),
        ("tfidf", "ner_100", "linear_probe"),
    ],
    ids="-".join,
)
def test_where_nothing_is_corrupted_nothing_is_lost(monkeypatch, thinned, names):
    """With corruptions that change nothing, each figure is that of the clean test examples, in every method."""
    for table in (pictures.CORRUPTIONS, texts.CORRUPTIONS):
        for name in table:
            monkeypatch.setitem(table, name, lambda example, _severity, _rng: example)
    bench = Workbench(check_settings(budget="smoke", device="cpu", corruptions=True, measures_latency=False))

    answers = run(bench, prepare(bench, find_case(*names))).answers

    assert {answers.values[0]} == {found.value for found in answers.corrupted}
    assert answers.values[0] == pytest.approx(corrupted_estimate_of(answers.arrays()).value)


def test_a_corrupted_case_is_recorded_whole(bench):
    """25 figures for pictures; the total over all of them is their mean for accuracy; clean figures do not move."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", "linear_probe")
    clean = Workbench(check_settings(budget="smoke", device="cpu", measures_latency=False))

    answers = run(bench, prepare(bench, case)).answers
    usual = run(clean, prepare(clean, case)).answers

    assert 25 == len(answers.corrupted)
    assert usual.values == answers.values
    assert () == usual.corrupted
    assert np.mean([found.value for found in answers.corrupted]) == pytest.approx(
        corrupted_estimate_of(answers.arrays()).value
    )
    assert np.mean([found.value for found in answers.corrupted]) < answers.values[0]


def test_a_resume_runs_what_has_no_corruptions_yet(tmp_path):
    """A record without them is not enough where they are asked for, and one with them is."""
    case = find_case("pixels", "digits_1shot", "knn")
    asked = check_settings(budget="smoke", device="cpu", corruptions=True, measures_latency=False)
    Session(check_settings(budget="smoke", device="cpu", measures_latency=False), folder=tmp_path).run(case)

    first, second = (Session(asked, folder=tmp_path, resume=True) for _ in range(2))

    assert 25 == len(first.run(case).quality.corrupted)
    assert not first.reused
    assert 25 == len(second.run(case).quality.corrupted)
    assert {case.id} == second.reused
