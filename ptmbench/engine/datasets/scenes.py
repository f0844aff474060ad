"""Generated scenes with exact boxes and masks: two to four of five filled shapes, overlapping, among clutter.

The shapes are outlines that no pre-training source draws. What a shape hides of another is not part of the other's box
or mask; a shape of which less than half would stay to be seen is placed elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages, Pictures
from ptmbench.engine.datasets.shapes import CLUTTER, FILL, GROUND, OUTLINES, Outline
from ptmbench.engine.seeding import numpy_generator
from ptmbench.files.splits import Part

SIDE: Final = 64
OVERSAMPLING: Final = 4
CLASSES: Final = ("triangle", "star", "cross", "heart", "crescent")
PARTS: Final[tuple[tuple[Part, int], ...]] = (("train", 400), ("validation", 60), ("test", 200))
RADII: Final = (7.0, 14.0)  # of a shape, in pixels of the scene
SEEN: Final = 0.5  # the least share of a shape that stays to be seen
TRIES: Final = 30

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """One picture [SIDE, SIDE, 3], the class of each shape, and which pixels show it [shapes, SIDE, SIDE]."""

    picture: NDArray[np.uint8]
    labels: tuple[int, ...]
    seen: Mask


def _colour(rng: np.random.Generator, bounds: tuple[int, int]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(*bounds, size=3))
    return red, green, blue


def _placed(outline: Outline, rng: np.random.Generator) -> Outline:
    """The outline turned, stretched and put somewhere inside, in pixels of the oversampled sheet."""
    radius, angle, stretch = rng.uniform(*RADII), rng.uniform(-0.5, 0.5), rng.uniform(0.8, 1.25)
    centre = rng.uniform(radius, SIDE - radius, size=2) * OVERSAMPLING
    cosine, sine = np.cos(angle) * radius * OVERSAMPLING, np.sin(angle) * radius * OVERSAMPLING
    return [
        (float(centre[0] + cosine * x * stretch - sine * y), float(centre[1] + sine * x * stretch + cosine * y))
        for x, y in outline
    ]


def _coverage(points: Outline) -> NDArray[np.float64]:
    """How much of each pixel of the scene [SIDE, SIDE] a polygon covers, 0 to 1."""
    sheet = Image.new("L", (SIDE * OVERSAMPLING, SIDE * OVERSAMPLING), 0)
    ImageDraw.Draw(sheet).polygon(points, fill=255)
    return np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=float) / 255


def _arranged(rng: np.random.Generator) -> tuple[list[int], list[NDArray[np.float64]]]:
    """Classes and coverages of two to four shapes, each later one in front, all of them to be seen."""
    labels: list[int] = []
    coverages: list[NDArray[np.float64]] = []
    wanted = int(rng.integers(2, 5))
    for _ in range(TRIES):
        label = int(rng.integers(len(CLASSES)))
        tried = [*coverages, _coverage(_placed(OUTLINES[CLASSES[label]], rng))]
        whole = [(coverage > 0.5).sum() for coverage in tried]
        if all(part.sum() >= SEEN * size for part, size in zip(_visible(tried), whole, strict=True)):
            labels.append(label)
            coverages = tried
        if len(labels) == wanted:
            break
    return labels, coverages


def _visible(coverages: Sequence[NDArray[np.float64]]) -> Mask:
    """The pixels that each shape fills by more than half and no later one does [shapes, SIDE, SIDE]."""
    filled = np.stack(coverages) > 0.5
    hidden = np.zeros((SIDE, SIDE), dtype=bool)
    for place in range(len(filled) - 1, -1, -1):
        filled[place], hidden = filled[place] & ~hidden, hidden | filled[place]
    return filled


def draw(rng: np.random.Generator) -> Scene:
    """One scene: ground, clutter, shapes from back to front, noise."""
    sheet = Image.new("RGB", (SIDE * OVERSAMPLING, SIDE * OVERSAMPLING), _colour(rng, GROUND))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(6, 16))):
        x, y = rng.uniform(0, SIDE * OVERSAMPLING, size=2)
        radius = rng.uniform(3, 11)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(rng, CLUTTER))
    picture = np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=float)
    labels, coverages = _arranged(rng)
    for coverage in coverages:
        picture += coverage[:, :, None] * (np.array(_colour(rng, FILL)) - picture)
    noisy = picture + rng.normal(0, rng.uniform(2, 20), picture.shape)
    return Scene(np.rint(noisy.clip(0, 255)).astype(np.uint8), tuple(labels), _visible(coverages))


def box_of(seen: Mask) -> tuple[float, float, float, float]:
    """The tight box [left, top, right, bottom] of the pixels of a shape, right and bottom exclusive."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _scenes() -> tuple[tuple[str, ...], tuple[Part, ...], list[Scene]]:
    named: list[tuple[Part, str]] = [(part, f"scenes/{part}/{n}") for part, count in PARTS for n in range(count)]
    return tuple(i for _, i in named), tuple(p for p, _ in named), [draw(numpy_generator(i)) for _, i in named]


def _pictures(scenes: Sequence[Scene]) -> Pictures:
    stacked = torch.from_numpy(np.stack([scene.picture for scene in scenes])).permute(0, 3, 1, 2).contiguous()
    return Pictures(stacked, ((SIDE, SIDE),) * len(scenes))


def load_boxes() -> BoxedImages:
    """The scenes with a box for each shape."""
    ids, parts, scenes = _scenes()
    return BoxedImages(
        ids=ids,
        pictures=_pictures(scenes),
        boxes=tuple(np.array([box_of(seen) for seen in scene.seen], dtype=np.float32) for scene in scenes),
        box_labels=tuple(np.array(scene.labels, dtype=np.int64) for scene in scenes),
        ignored=tuple(np.zeros(len(scene.labels), dtype=bool) for scene in scenes),
        classes=CLASSES,
        parts=parts,
    )


def load_masks() -> MaskedImages:
    """The same scenes with the class of every pixel, 0 the background."""
    ids, parts, scenes = _scenes()
    masks = np.zeros((len(scenes), SIDE, SIDE), dtype=np.uint8)
    for mask, scene in zip(masks, scenes, strict=True):
        for label, seen in zip(scene.labels, scene.seen, strict=True):
            mask[seen] = label + 1
    return MaskedImages(ids, _pictures(scenes), masks, ("background", *CLASSES), parts=parts)
