"""Tests of the pictures of a case."""

import pytest

from ptmbench.report.site.pictures import OF_ANSWERS, OF_MAPS, Picture


@pytest.mark.parametrize(("name", "shows"), [("pictures/a-b-c.png", OF_ANSWERS), ("attributions/a-b-c.png", OF_MAPS)])
def test_a_picture_is_described_as_what_it_is(name, shows):
    """Who cannot see it reads of answers, or of maps."""
    assert shows == Picture(name, b"").shows
