"""What the pixels of a mask file say: the class indices it stores, and the colours that its palette shows them in.

The palette is not read for classes, yet one that gives an index another colour than the palettes of other files do says
that the index means another class there.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

INDEX_MODES: Final = {"L", "P", "1", "I", "I;16"}  # Pillow's names for pictures of one channel
GREY_MODES: Final = {"RGB": 3, "RGBA": 3, "LA": 1}  # those that may hold grey values, and their channels of colour
OPAQUE: Final = 255
Colour = tuple[int, int, int]


def indices_of(picture: Image.Image) -> NDArray[Any] | None:
    """The values [h, w] of a mask; None where it is coloured or transparent, and so holds no indices.

    Grey that was saved with three equal channels is read as the grey it is.
    """
    pixels = np.asarray(picture)
    if picture.mode in INDEX_MODES:
        return pixels
    colours = GREY_MODES.get(picture.mode)
    if colours is None or (pixels[..., colours:] != OPAQUE).any():
        return None
    grey: NDArray[Any] = pixels[..., 0]
    return grey if (pixels[..., :colours] == grey[..., None]).all() else None


def colours_of(picture: Image.Image, values: Iterable[int]) -> dict[int, Colour]:
    """The colours of these values in the picture's palette; none where it has no palette, or one of plain greys."""
    flat = picture.getpalette("RGB") if picture.mode == "P" else None
    palette: list[Colour] = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3)] if flat else []
    if all(colour == (index,) * 3 for index, colour in enumerate(palette)):
        return {}
    return {value: palette[value] for value in values if value < len(palette)}


def palettes_fault(colours: Mapping[Path, Mapping[int, Colour]], left_out: AbstractSet[int]) -> str:
    """Two masks whose palettes show an index in different colours, but for what is left out; empty where all agree."""
    first: dict[int, tuple[Path, Colour]] = {}
    for file, shown in colours.items():
        for index, colour in shown.items():
            other, expected = first.setdefault(index, (file, colour))
            if colour != expected and index not in left_out:
                return (
                    f"the palettes of the masks disagree: {index} is {expected} in {other} and {colour} in {file}, so "
                    "that it may mean two classes; write all masks with one palette, or as grey indices"
                )
    return ""
