"""Pictures to look at: test pictures with what is truly there and what a detector or segmenter made of them, as PNG."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SHOWN: Final = 8  # pictures on a sheet by default
LEAST_SCORE: Final = 0.3  # boxes found with less are not drawn: they count for mAP, and would hide everything
HEIGHT, WIDEST, SHEET = 190, 320, 1_640  # of a panel, of a panel and of a sheet in pixels
GAP, LINE = 8, 16
OPACITY: Final = 0.75
IGNORED: Final = 255
INK, PAPER, GREY = (30, 30, 30), (255, 255, 255), (150, 150, 150)
COLOURS: Final = (  # well apart for most kinds of colour blindness (Okabe & Ito 2008), then lighter
    *((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0), (86, 180, 233), (240, 228, 66)),
    *((120, 94, 240), (140, 200, 60), (190, 140, 110)),
)

Rgb = NDArray[np.uint8]
Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Boxed:
    """Boxes [k, 4] in pixels of a picture with labels [k], and scores [k] of those that were found."""

    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Masked:
    """The class of every pixel [h, w]."""

    mask: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A picture [h, w, 3], what is in it and what was made of it."""

    picture: Rgb
    truth: Boxed | Masked
    found: Boxed | Masked


def colour_of(label: int) -> Colour:
    """The colour of a class; after ten they come again."""
    return COLOURS[label % len(COLOURS)]


def sheet(title: str, entries: Sequence[Shown], classes: Sequence[str]) -> bytes:
    """A PNG of all entries, the truth on the left and the answer on the right of each, with a legend of the classes.

    A class called background has no colour.
    """
    pairs = [_pair(entry, classes) for entry in entries]
    rows: list[list[Image.Image]] = [[]]
    for pair in pairs:
        if rows[-1] and sum(p.width + 2 * GAP for p in rows[-1]) + pair.width > SHEET:
            rows.append([])
        rows[-1].append(pair)
    legend = _legend(title, classes, max((sum(p.width + 2 * GAP for p in row) for row in rows), default=SHEET))
    heights = [max((p.height for p in row), default=0) + 2 * GAP for row in rows]
    whole = Image.new("RGB", (legend.width, legend.height + sum(heights)), PAPER)
    whole.paste(legend, (0, 0))
    top = legend.height
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for pair in row:
            whole.paste(pair, (left, top))
            left += pair.width + 2 * GAP
        top += height
    buffer = io.BytesIO()
    in_few_colours(whole).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def shown(outcomes: Mapping[str, Any], index: int, picture: Rgb, mask: Rgb | None) -> Shown:
    """One test picture with its stored outcomes at the first seed; `mask` is the true one of a segmentation."""
    if mask is not None:
        sizes = outcomes["mask_sizes"]
        start = int((sizes[:index, 0] * sizes[:index, 1]).sum())
        height, width = (int(side) for side in sizes[index])
        predicted = outcomes["masks"][start : start + height * width].reshape(height, width)
        return Shown(picture, Masked(mask), Masked(predicted.astype(np.uint8)))
    found = (outcomes["found_seed"] == outcomes["seeds"][0]) & (outcomes["found_picture"] == index)
    found &= outcomes["found_score"] >= LEAST_SCORE
    there = (outcomes["true_picture"] == index) & ~outcomes["true_ignored"].astype(bool)
    return Shown(
        picture,
        Boxed(outcomes["true_box"][there], outcomes["true_label"][there]),
        Boxed(outcomes["found_box"][found], outcomes["found_label"][found], outcomes["found_score"][found]),
    )


def kept_masks(outcomes: Mapping[str, Any]) -> int | None:
    """How many test pictures have their predicted masks stored; None for boxes, which are stored of all."""
    return len(outcomes["mask_sizes"]) if "mask_sizes" in outcomes else None


def font(size: int = 12) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of all sheets."""
    return ImageFont.load_default(size)


def _pair(entry: Shown, classes: Sequence[str]) -> Image.Image:
    """Truth and answer side by side."""
    panels = [_panel(entry.picture, overlay, classes) for overlay in (entry.truth, entry.found)]
    pair = Image.new("RGB", (sum(panel.width for panel in panels) + GAP // 2, panels[0].height + LINE), PAPER)
    pen = ImageDraw.Draw(pair)
    for left, panel, name in zip((0, panels[0].width + GAP // 2), panels, ("truth", "found"), strict=True):
        pen.text((left, 0), name, fill=INK, font=font(11))
        pair.paste(panel, (left, LINE))
    return pair


def _panel(picture: Rgb, overlay: Boxed | Masked, classes: Sequence[str]) -> Image.Image:
    height, width = picture.shape[:2]
    factor = min(HEIGHT / height, WIDEST / width)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    way = Image.Resampling.NEAREST if factor > 2 else Image.Resampling.LANCZOS
    if isinstance(overlay, Masked):
        return Image.fromarray(_tinted(picture, overlay.mask, classes)).resize(size, way)
    panel = Image.fromarray(picture).resize(size, way)
    pen = ImageDraw.Draw(panel)
    scores = overlay.scores if overlay.scores is not None else [None] * len(overlay.boxes)
    for box, label, score in zip(overlay.boxes, overlay.labels, scores, strict=True):
        left, top, right, bottom = (float(edge) * factor for edge in box)
        colour = colour_of(int(label))
        pen.rectangle((left, top, max(right - 1, left), max(bottom - 1, top)), outline=colour, width=2)
        if score is not None:
            _tag(pen, (left, top), f"{score:.2f}".lstrip("0"), colour)
    return panel


def _tag(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: Colour) -> None:
    """A score on its colour, at the upper left corner of a box."""
    left, top, right, bottom = pen.textbbox(place, text, font=font(10))
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=colour)
    pen.text(place, text, fill=INK if sum(colour) > 380 else PAPER, font=font(10))


def _tinted(picture: Rgb, mask: Rgb, classes: Sequence[str]) -> Rgb:
    """The picture in the colours of its classes; the background stays, and what does not count is grey."""
    tinted = picture.astype(float)
    for label, name in [*enumerate(classes), (IGNORED, "")]:
        if name != "background":
            chosen = mask == label
            colour = np.array(GREY if label == IGNORED else colour_of(label))
            tinted[chosen] = (1 - OPACITY) * tinted[chosen] + OPACITY * colour
    rounded: Rgb = np.rint(tinted).astype(np.uint8)
    return rounded


def in_few_colours(picture: Image.Image) -> Image.Image:
    """The picture in 256 colours, a third of the bytes, with those of the classes and of the print as they are."""
    exact = [*COLOURS, INK, PAPER, GREY]
    common = picture.quantize(colors=256 - len(exact), dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(value for colour in exact for value in colour), *common])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _legend(title: str, classes: Sequence[str], width: int) -> Image.Image:
    """The title, and a square of its colour before each class, as many lines as the width needs."""
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left, top, places = GAP, GAP + LINE + 6, []
    for label, name in enumerate(classes):
        long = 14 + pen.textlength(name, font=font()) + 14
        if left + long > width and left > GAP:
            left, top = GAP, top + LINE
        if name != "background":
            places.append((label, name, left, top))
            left += round(long)
    legend = Image.new("RGB", (max(width, 420), top + LINE + GAP), PAPER)
    pen = ImageDraw.Draw(legend)
    pen.text((GAP, GAP - 2), title, fill=INK, font=font(13))
    for label, name, left, top in places:
        pen.rectangle((left, top + 2, left + 9, top + 11), fill=colour_of(label))
        pen.text((left + 14, top), name, fill=INK, font=font())
    return legend
