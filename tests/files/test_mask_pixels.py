"""Tests of what the pixels of a mask file say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ptmbench.files.mask_pixels import colours_of, indices_of, palettes_fault

INDICES = np.array([[0, 1], [2, 1]], dtype=np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_grey_is_read_however_it_was_saved(mode):
    """Equal channels that hide nothing are the indices themselves."""
    assert INDICES.tolist() == indices_of(Image.fromarray(INDICES).convert(mode)).tolist()


def test_colours_and_holes_are_no_indices():
    """One pixel that is coloured, or lets through what is behind it, leaves no class to be read."""
    coloured, hollow = (Image.fromarray(INDICES).convert(mode) for mode in ("RGB", "LA"))
    coloured.putpixel((0, 0), (1, 0, 0))
    hollow.putpixel((0, 0), (0, 254))

    assert [None, None] == [indices_of(picture) for picture in (coloured, hollow)]


def test_palettes_are_held_against_each_other():
    """An index that two palettes show in two colours is told with both files, unless it is left out."""
    picture = Image.fromarray(INDICES).convert("P")
    assert {} == colours_of(picture, [0, 1, 2])  # a ramp of greys says nothing
    picture.putpalette([9, 9, 9, 255, 0, 0, 0, 255, 0])
    shown = colours_of(picture, [0, 1])
    others = {Path("a.png"): shown, Path("b.png"): {1: (0, 0, 255)}}

    assert {0: (9, 9, 9), 1: (255, 0, 0)} == shown
    assert "1 is (255, 0, 0) in a.png and (0, 0, 255) in b.png" in palettes_fault(others, frozenset())
    assert "" == palettes_fault(others, frozenset({1}))
