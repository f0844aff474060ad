"""Tests of how examples are spread over parts and classes."""

import pytest

from ptmbench.errors import UsageError
from ptmbench.files.balance import balance_of, checked_classes, checked_parts, checked_truth
from ptmbench.files.splits import Split

SPLIT = Split((0, 1), (2,), (3, 4, 5))


def test_what_a_figure_hides_is_told():
    """The largest class of the test part, classes nobody learns and copies of examples seen before are named."""
    labels, contents = [[0], [0], [1], [1], [1], [2]], ["a", "b", "c", "c", "d", "a"]
    found = balance_of(labels, ("x", "y", "z"), SPLIT, contents, whole=True)

    assert ("y", 2 / 3, ("y", "z"), 2) == (found.largest, found.majority, found.untrained, found.duplicates)
    assert {"majority": 2 / 3, "untrained_classes": 2, "duplicated_test_examples": 2} == found.fields()
    assert [
        "the largest class is y, 67 % of the test part",
        "2 classes have no training example: y, z",
        "2 of 3 test examples stand in training or validation too",
    ] == found.told(3)


@pytest.mark.parametrize(
    ("counts", "told"),
    [((10, 10), 0), ((501, 500), 0), ((502, 498), 0), ((12, 8), 1), ((34, 33, 33), 0), ((35, 33, 32), 1), ((2, 1), 0)],
)
def test_the_largest_of_equal_classes_is_not_told(counts, told):
    """Where classes are balanced, but for rounding to a percent, naming one of them as the largest would mislead."""
    labels = [[0], [1], [0]] + [[label] for label, count in enumerate(counts) for _ in range(count)]
    split = Split((0, 1), (2,), tuple(range(3, len(labels))))
    found = balance_of(labels, "xyz"[: len(counts)], split, range(len(labels)), whole=True)

    assert told == len([line for line in found.told(20) if line.startswith("the largest class")])
    assert found.majority == max(counts) / sum(counts)


def test_of_entities_no_constant_answer_is_told():
    """Where an answer is no label there is no majority, and no words about it."""
    found = balance_of([[0, 1], [], [0], [1], [0, 0], [1]], ("O", "B-x"), SPLIT, list("abcdef"), whole=False)

    assert (None, (), 0, []) == (found.majority, found.untrained, found.duplicates, found.told(3))


def test_parts_without_examples_and_one_class_are_refused():
    """Nothing can be learned, chosen or judged without examples, and one class is none."""
    with pytest.raises(UsageError, match="csv:a: no example for validation and test .train 2, validation 0, test 0."):
        checked_parts(Split((0, 1), (), ()), "csv:a")
    with pytest.raises(UsageError, match="csv:a: every training example is of the class y"):
        checked_classes([1, 1, 0, 0, 0, 0], ("x", "y"), SPLIT, "csv:a")


def test_a_part_in_which_nothing_counts_is_refused():
    """Without a truth that counts in training or in test a figure means nothing; validation may lack one."""
    split = Split((0,), (1,), (2,))
    checked_truth([[1], [], [0, 1]], ("cat", "dog"), split, "photos", "box")

    with pytest.raises(UsageError, match="photos: expected at least one box in each part, got none in the 1 test"):
        checked_truth([[1], [0], []], ("cat", "dog"), split, "photos", "box")


def test_a_test_part_of_other_classes_alone_is_refused():
    """Where training shows no class that the test part asks for, every model would score 0; both are named."""
    told = "photos: no class of the test part is in training: training has dog, test cat; expected one spelling"

    with pytest.raises(UsageError, match=told):
        checked_truth([[1], [], [0]], ("cat", "dog"), Split((0,), (1,), (2,)), "photos", "box")
