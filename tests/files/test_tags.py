"""Tests of which tags can be scored."""

import pytest

from ptmbench.errors import UnknownName, UsageError
from ptmbench.files.tags import Tagged, checked_entities, in_bio, is_plain, tags_of


def tagged(*rows):
    """Sentences of as many words as tags."""
    return [Tagged("train", f"s{i}", f"row {i}", ("w",) * len(tags), tuple(tags)) for i, tags in enumerate(rows)]


@pytest.mark.parametrize(
    "row", [["B-x", "I-x", "O"], ["I-x", "O", "B-x"], ["B-x", "E-x", "S-y"], ["B-x", "M-x", "E-x"]]
)
def test_schemes_of_entities_are_classes(row):
    """BIO, IOB1, BIOES and BMES are taken as they stand, O first."""
    assert ("O", *sorted(set(row) - {"O"})) == tags_of(tagged(row), "here", plain=False)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["1", "0"], "numbers without names: 0, 1"),
        (["PER", "O"], r"say no entity: PER.*scheme=plain"),
        (["U-x", "O"], "this is BILOU: write S- in place of U-"),
        (["O", "O"], "no entity in the whole part"),
    ],
)
def test_tags_that_cannot_be_scored_are_refused(row, told):
    """Entity F1 is never computed of tags that say no entity."""
    with pytest.raises(UsageError, match=told):
        tags_of(tagged(row), "here", plain=False)


def test_one_order_of_entities_for_every_scheme_of_data():
    """IOB1 becomes BIO; what breaks off or goes on with nothing is refused with its place, or read as B-TYPE."""
    assert ("B-x", "O", "B-x", "B-x") == in_bio(tagged(["I-x", "O", "I-x", "B-x"]), "here", repair=False)[0].tags
    broken = tagged(["I-x", "O", "B-x"])
    with pytest.raises(UsageError, match=r"row 0: word 1: I-x opens the sentence.*\?repair=true"):
        in_bio(broken, "here", repair=False)
    assert ("B-x", "O", "B-x") == in_bio(broken, "here", repair=True)[0].tags
    with pytest.raises(UsageError, match="row 0: word 1: B-x ends the sentence.*mend them"):
        in_bio(tagged(["B-x"], ["S-x"]), "here", repair=True)


def test_plain_labels_are_any_two():
    """Plain labels may be anything, numbers too, as long as there are two."""
    assert ("1", "NOUN") == tags_of(tagged(["NOUN", "1"]), "here", plain=True)
    with pytest.raises(UsageError, match="expected two labels or more, got NOUN"):
        tags_of(tagged(["NOUN"]), "here", plain=True)
    assert [False, True] == [is_plain(name) for name in ("entities", "plain")]
    with pytest.raises(UnknownName, match="did you mean plain"):
        is_plain("plane")


def test_a_part_without_entities_is_no_zero():
    """Where no entity is to be learned that is said in place of a figure."""
    with pytest.raises(UsageError, match="no entity in the training part, so that there is nothing to learn"):
        checked_entities([("O", "O"), ()], "training", "here")
    assert checked_entities([("O", "B-x")], "training", "here") is None


def test_a_tag_for_each_word():
    """Rows with another number of tags than words are told with their places."""
    uneven = [Tagged("test", "a", "test row 4", ("x", "y"), ("O",))]
    with pytest.raises(UsageError, match="test row 4 .2 words, 1 tags."):
        tags_of(uneven, "here", plain=False)
