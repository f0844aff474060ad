"""Tests of the task `topic` and of the source `manuals`, which must not share text."""

import re
import subprocess
import sys

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ptmbench.engine.datasets import topic
from ptmbench.engine.pretraining.sources import manuals
from ptmbench.engine.pretraining.sources.manuals import MANUALS
from ptmbench.errors import Unavailable
from ptmbench.files.splits import split_by_hash

ALL = 10**6
MODULE = '''
"""The first sentence of this module is kept whole.

Parameters
----------
axis : int
    Along which of the dimensions the values are added up.

Notes
-----
A heading is taken off and the prose below it stays. Short ones go.
This sentence has a `code` word in the middle of it. This one has the name snake_case in it, sadly.
This sentence says that NumPy arrays give the class away. Copyright holders keep all of the rights they have.

>>> The doctest is never taken for a sentence of prose.
- Neither is a bullet point that looks like a sentence.
"""


class Kept:
    """Classes have sentences of their own as well."""

    def kept(self):
        """Methods have sentences of their own as well, too."""


def copied():
    """The first sentence of this module is kept whole."""
'''


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Puts a library in place of all those that are read: the name is numpy's, the files are ours."""
    topic._chosen.cache_clear()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(topic, "LIBRARIES", {"numpy": "own_library"})
    yield tmp_path / "own_library"
    topic._chosen.cache_clear()


def words(text):
    """The words of a text, so that case and punctuation make no difference."""
    return " ".join(re.findall("[a-z0-9]+", text.lower()))


def test_classes_are_balanced_and_samples_differ():
    """Every class has as many sentences, and no id and no sentence stands twice."""
    samples = topic.load()

    assert 8 == len(samples.classes)
    assert [topic.SENTENCES_A_CLASS] * 8 == samples.labels.bincount().tolist()
    assert len(samples.texts) == len(set(samples.ids)) == len({words(text) for text in samples.texts})


def test_no_sentence_names_a_library():
    """No sentence holds code or the name of any of the libraries."""
    given_away = re.compile("numpy|scipy|scikit|sklearn|torch|sympy|networkx|hugging|`|_|>>>", re.IGNORECASE)

    assert [] == [text for text in topic.load().texts if given_away.search(text)]
    assert all(6 <= len(text.split()) <= 40 for text in topic.load().texts)


def test_the_task_can_be_learned_and_is_not_given_away():
    """Words and pairs of words tell far more than chance (1 in 8) and far from all."""
    samples = topic.load()
    split = split_by_hash(samples.ids)
    features = TfidfVectorizer(ngram_range=(1, 2)).fit([samples.texts[index] for index in split.train])
    train, test = ([samples.texts[index] for index in part] for part in (split.train, split.test))

    fitted = LogisticRegression(C=10).fit(features.transform(train), samples.labels[list(split.train)].numpy())
    accuracy = fitted.score(features.transform(test), samples.labels[list(split.test)].numpy())

    assert 0.4 < accuracy < 0.85


def test_another_process_reads_the_same_and_imports_no_library():
    """The sentences do not depend on the process, and reading a library does not run it."""
    code = (
        "import sys; from ptmbench.engine.datasets import topic; before = set(sys.modules); "
        "print(*topic.load().ids, {name.split('.')[0] for name in set(sys.modules) - before} "
        "& set(topic.LIBRARIES.values()))"
    )

    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    assert f"{' '.join(topic.load().ids)} set()" == finished.stdout.strip()


def test_only_prose_is_taken(library):
    """Only the running text of a docstring is taken, and each sentence once."""
    library.mkdir()
    library.joinpath("module.py").write_text(MODULE)
    library.joinpath("broken.py").write_text("def :")
    library.joinpath("tests").mkdir()
    library.joinpath("tests", "hidden.py").write_text('"""A test folder is not read for its sentences."""')

    found = topic._candidates("numpy").values()

    assert sorted(found) == [
        "A heading is taken off and the prose below it stays.",
        "Classes have sentences of their own as well.",
        "Methods have sentences of their own as well, too.",
        "The first sentence of this module is kept whole.",
    ]


def test_a_library_that_is_missing_is_named(library):
    """Without a library the task is unavailable, and the message says what to install."""
    with pytest.raises(Unavailable, match="pip install numpy"):
        topic.load()


def test_a_library_with_too_little_text_is_named(library):
    """With too little text the task is unavailable, and the message says how much there is."""
    library.mkdir()
    library.joinpath("__init__.py").write_text(MODULE)

    with pytest.raises(Unavailable, match=r"expected 450 sentences in the docstrings of numpy \S+, found 4"):
        topic.load()


def test_task_and_source_share_no_sentence():
    """No sentence of the task stands in the pre-training text, whatever its case and punctuation."""
    seen = {words(text) for purpose in ("train", "held_out") for text in MANUALS.sentences(ALL, purpose)}

    assert [] == [text for text in topic.load().texts if words(text) in seen]


def test_training_and_held_out_text_are_apart():
    """A twentieth of the sentences is held out, and none of them is trained on."""
    train, held_out = (MANUALS.sentences(ALL, purpose) for purpose in ("train", "held_out"))

    assert not {words(text) for text in train} & {words(text) for text in held_out}
    assert len(held_out) / (len(train) + len(held_out)) == pytest.approx(0.05, abs=0.01)
    assert all(5 <= len(text.split()) <= 32 for text in train + held_out)


def test_fewer_sentences_are_the_first_of_more():
    """A smaller number gives the first ones of a larger number; no more are made up than there are."""
    everything = MANUALS.sentences(ALL, "train")

    assert everything[:100] == MANUALS.sentences(100, "train")
    assert 10_000 < len(everything) < ALL
    assert re.fullmatch("[0-9a-f]{64}", MANUALS.fingerprint())


def test_other_purposes_are_refused():
    """There is no text for anything but training and holding out."""
    with pytest.raises(ValueError, match="'train' or 'held_out', got 'test'"):
        MANUALS.sentences(1, "test")


def test_manuals_hold_docstrings_and_block_comments(tmp_path, monkeypatch):
    """Texts are docstrings and block comments of the modules; test folders are left out."""
    docstring, comment = (
        '"""Return the first of all the items."""',
        "    # A comment that goes on over\n    # two lines here.\n",
    )
    tmp_path.joinpath("module.py").write_text(f"{docstring}\nx = 1\n{comment}")
    tmp_path.joinpath("test").mkdir()
    tmp_path.joinpath("test", "hidden.py").write_text('"""A test folder is not read here."""')
    monkeypatch.setattr(manuals, "_topics", tuple)

    found = [text.strip() for text in manuals._texts(tmp_path)]

    assert ["Return the first of all the items.", "A comment that goes on over\ntwo lines here."] == found
