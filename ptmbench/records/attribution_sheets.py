"""A sheet to look at: pictures beside maps of what speaks for their answers, and beside controls, as PNG."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ptmbench.records.test_sheets import GAP, INK, LINE, PAPER, Rgb, font, in_few_colours

SIDE: Final = 120  # of a panel in pixels
WORDS: Final = {"grad_cam": "Grad-CAM"}
OUTLINE: Final = (213, 94, 0)
COLD, WARM = (247, 251, 255), (8, 48, 107)  # from nothing to the most: light to dark in any kind of sight


@dataclass(frozen=True, eq=False, slots=True)
class Explained:
    """A picture [h, w, 3], where its object is [h, w], and maps [h, w] by name, the same names for all."""

    picture: Rgb
    mask: NDArray[np.bool_] | None
    maps: Mapping[str, NDArray[np.floating[Any]]]


def sheet(entries: Sequence[Explained]) -> bytes:
    """A PNG: a row a picture, with the outline of its object in all panels; a map's darkest place is its greatest."""
    names = ["picture", *(WORDS.get(name) or name.replace("_", " ") for name in entries[0].maps)]
    size = (GAP + len(names) * (SIDE + GAP), LINE + GAP + len(entries) * (SIDE + GAP))
    whole = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(whole)
    for column, name in enumerate(names):
        pen.text((GAP + column * (SIDE + GAP), GAP // 2), name, fill=INK, font=font(11))
    for row, entry in enumerate(entries):
        panels = [entry.picture, *(_coloured(values) for values in entry.maps.values())]
        for column, panel in enumerate(panels):
            place = (GAP + column * (SIDE + GAP), LINE + GAP + row * (SIDE + GAP))
            whole.paste(_panel(panel, entry.mask), place)
    buffer = io.BytesIO()
    in_few_colours(whole).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _coloured(values: NDArray[np.floating[Any]]) -> Rgb:
    """A map in colours, from nothing to its greatest value."""
    shares = (values / max(float(values.max()), np.finfo(float).tiny))[..., None].clip(0, 1)
    found: Rgb = np.rint(np.array(COLD) + shares * (np.array(WARM) - np.array(COLD))).astype(np.uint8)
    return found


def _panel(pixels: Rgb, mask: NDArray[np.bool_] | None) -> Image.Image:
    """The pixels enlarged, with the outline of the object."""
    way = Image.Resampling.NEAREST if max(pixels.shape[:2]) < SIDE else Image.Resampling.LANCZOS
    panel = Image.fromarray(pixels).resize((SIDE, SIDE), way)
    if mask is not None:
        large = np.asarray(Image.fromarray(mask).resize((SIDE, SIDE), Image.Resampling.NEAREST))
        inner = large.copy()
        for axis in (0, 1):
            for step in (1, -1):
                inner &= np.roll(large, step, axis=axis)
        drawn = np.array(panel)
        drawn[large & ~inner] = OUTLINE
        panel = Image.fromarray(drawn)
    return panel
