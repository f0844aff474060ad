"""Tests of which values are classes, and which labels make no classification."""

import pytest

from ptmbench.errors import UsageError
from ptmbench.files.labels import Labelled, classes_of, kept_rows, label_of, named_alike, without_missing


def rows(train, test=(), part="train"):
    """Examples with these labels."""
    return [Labelled(part, f"a{i}", f"a:{i}", ("t",), label) for i, label in enumerate(train)] + [
        Labelled("test", f"b{i}", f"b:{i}", ("t",), label) for i, label in enumerate(test)
    ]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "True"),
        (1, "1"),
        (1.0, "1"),
        (0.5, "0.5"),
        (" a ", "a"),
        (-1, "-1"),
        ("nan", "nan"),
        (10**400, str(10**400)),
    ],
)
def test_every_value_has_one_name(value, name):
    """Booleans, integers, floats and texts are labels alike."""
    assert (name, "") == label_of(value)


@pytest.mark.parametrize("value", [None, float("nan"), "", " ", [1, 2], ("a",), {"a": 1}])
def test_what_is_no_label_has_a_fault(value):
    """Nothing, NaN, blanks and several values are no label."""
    assert label_of(value)[1]


@pytest.mark.parametrize("word", ["NONE", "none", "-1", "null", "nan"])
def test_a_word_for_nothing_is_a_class_where_training_has_it(word):
    """It is missing where the test part alone has it."""
    assert [] == [row for row in without_missing(rows([word, "a"], [word])) if row.fault]
    assert ["b:0"] == [row.where for row in without_missing(rows(["a", "b"], [word])) if row.fault]
    assert [] == [row for row in without_missing(rows([word, "a", "b"], part=None)) if row.fault]


def test_nan_among_numbers_is_missing():
    """A column of numbers has no class that is no number."""
    assert ["a:1"] == [row.where for row in without_missing(rows(["1", "nan", "0"])) if row.fault]


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "a;b"],
        ["a;b", "b;c", "c;a"],
        ["1,2", "1", "2"],
        ["x|y", "x", "y|x"],
        ["toxic", "rude", "toxic rude"],
        ["['a', 'b']", "['a']"],
    ],
)
def test_several_labels_in_a_cell_are_refused(labels):
    """Each combination would be a class of its own."""
    with pytest.raises(UsageError, match="several labels in one cell"):
        classes_of(rows(labels), "here")


@pytest.mark.parametrize("labels", [["Sci/Tech", "World"], ["very good", "good"], ["a, b", "c"], ["R&D", "HR"]])
def test_names_with_signs_are_classes(labels):
    """A sign in a name divides nothing as long as its parts are no labels."""
    assert tuple(sorted(labels)) == classes_of(rows(labels), "here")


@pytest.mark.parametrize(
    "labels",
    [
        [str(index) for index in range(1, 51)] * 4,
        [str(index / 10) for index in range(50)] * 40,
        [str(1990 + index) for index in range(30)] * 40,
    ],
    ids=["few_of_each", "fractions", "years"],
)
def test_quantities_are_refused(labels):
    """Fifty different numbers are no fifty classes."""
    with pytest.raises(UsageError, match="that is a quantity and no class"):
        classes_of(rows(labels), "here")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([str(index) for index in range(77)] * 20, tuple(map(str, range(77)))),
        (["10", "9", "-1"], ("-1", "9", "10")),
        (["0.5", "1.0", "2"], ("0.5", "1", "2")),
    ],
    ids=["indices", "by_size", "half_stars"],
)
def test_numbers_are_classes_by_size(labels, classes):
    """Indices of many classes, and few numbers of any kind, are classes."""
    assert classes == classes_of(named_alike(rows(labels)), "here")


def test_no_class_is_lost_with_faulty_examples():
    """Leaving out examples leaves each class one to learn from."""
    found = rows(["a", "b", "c"], ["c", "a"])
    faulty = [Labelled("train", "x", "x", ("",), "c", "the text is empty") if row.label == "c" and row.trains else row
              for row in found]  # fmt: skip
    with pytest.raises(UsageError, match="none left to learn from: c"):
        kept_rows(faulty, "here")
    assert 5 == len(kept_rows(found, "here"))


@pytest.mark.parametrize(
    "labels", [["cafe\u0301", "caf\xe9"], ["a b", "a\xa0b"], ["NEG", "neg", "pos"], ["True", "true"]]
)
def test_one_label_in_two_spellings_is_refused(labels):
    """What reads alike is one label, and a model is not asked to tell its spellings apart."""
    with pytest.raises(UsageError, match="seem to be one in several spellings.*expected one spelling of each"):
        classes_of(rows(labels), "here")


@pytest.mark.parametrize("labels", [["a", "A"], ["Co", "CO"], ["x1", "x2"], ["+", "-"]])
def test_short_names_differ_by_case(labels):
    """Letters and symbols of substances are classes as they stand."""
    assert tuple(sorted(labels)) == classes_of(rows(labels), "here")


def test_tags_of_words_are_no_labels_of_texts():
    """A table with a word and its tag a row would tear sentences apart; a class that is called O is one."""
    with pytest.raises(UsageError, match=r"tags of words, such as B-PER: .*conll:FILE"):
        classes_of(rows(["O", "B-PER", "I-PER"]), "here")
    assert ("A", "B", "O") == classes_of(rows(["O", "A", "B"]), "here")
