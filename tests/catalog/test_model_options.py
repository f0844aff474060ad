"""Tests of the options of model references that can be told wrong without the weights."""

import pytest

from ptmbench.catalog.model_options import check_values, triple
from ptmbench.catalog.references import parse
from ptmbench.catalog.traits import Modality
from ptmbench.errors import UnknownName, UsageError


@pytest.mark.parametrize(
    ("text", "modality", "told"),
    [
        ("hf:a/b?size=64", Modality.TEXT, "size is the side of pictures in pixels, and this model is taken for one of"),
        ("hf:a/b?max_length=64", Modality.IMAGE, "max_length is the length of texts in tokens"),
        ("hf:a/b?size=0", Modality.IMAGE, "size=N with a whole number of at least 1"),
        ("hf:a/b?weights=none", Modality.IMAGE, "expected weights=random or no such option"),
        ("file:a#b?std=-1,1,1", Modality.IMAGE, "three numbers above 0, since values are divided by them"),
        ("file:a#b?mean=1,2", Modality.IMAGE, "expected mean=R,G,B with three numbers"),
    ],
)
def test_what_no_weights_make_right_is_refused(text, modality, told):
    """The message says what the option is, and what was expected of it."""
    with pytest.raises(UsageError, match=told):
        check_values(parse(text), modality)


def test_a_word_that_is_none_has_a_near_one():
    """A typo of `allow` is answered with it; options that fit pass."""
    with pytest.raises(UnknownName, match="did you mean allow"):
        check_values(parse("file:a#b?partial=allowed"), Modality.IMAGE)
    assert check_values(parse("file:a#b?partial=allow&size=64&std=1,1,1"), Modality.IMAGE) is None


def test_three_numbers_are_read_where_they_are_given():
    """A mean may be 0 or less; an option that is not given is None."""
    assert ((0.0, -1.0, 0.5), None) == tuple(triple(parse("file:a?mean=0,-1,.5"), name) for name in ("mean", "std"))
