"""Tests of what the page of a case says of its attributions."""

import pytest

from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.case_notes import _explained
from sites import QUICK, looked_into


@pytest.fixture
def found():
    """Attributions of which the mass on the object alone is above its controls."""
    return looked_into(ResultsFolder(QUICK).read("resnet_tiny.glyphs-digits_5shot-linear_probe"), 0.7).attribution


def test_the_page_names_what_tells_more_than_controls(found):
    """The method, the measure and the control that it was held against."""
    said = _explained(found)

    assert "integrated gradients by mass on the object (best control: centre)" in said
    assert "by deletion" not in said


def test_the_page_says_in_words_that_nothing_does(found):
    """Where no interval lies above 0 no map is to be read as a reason."""
    said = _explained(found.model_copy(update={"inside": None}))

    assert "No attribution was found to tell more than the best control (centre)" in said
