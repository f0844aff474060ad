"""Ten generated filled shapes among clutter.

A sample turns, stretches and places the outline, fills it with a colour that is mostly lighter than the ground's,
scatters small distractors behind it and lays a thin bar across half of the pictures. This module shares no code with
any pre-training source.
"""

import functools
import math

import numpy as np
from PIL import Image, ImageDraw

from ptmbench.engine.datasets.base import LabelledImages, drawn_images

SIDE = 32
OVERSAMPLING = 4
WANDER = 5 * OVERSAMPLING  # how far a shape may lie from the middle
SAMPLES_A_CLASS = 140
GROUND, CLUTTER, FILL = (0, 150), (0, 256), (110, 256)  # ranges of each colour channel

Outline = list[tuple[float, float]]


def _regular(corners: int, inner: float = 1.0) -> Outline:
    """A regular polygon, or with an inner radius below 1 a star of that many points."""
    count = corners if inner == 1.0 else 2 * corners
    radius = [1.0 if inner == 1.0 or index % 2 == 0 else inner for index in range(count)]
    angles = [2 * math.pi * index / count for index in range(count)]
    return [(r * math.sin(a), -r * math.cos(a)) for r, a in zip(radius, angles, strict=True)]


def _heart() -> Outline:
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    x = np.sin(angles) ** 3
    y = -(13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles)) / 16
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _crescent() -> Outline:
    outer = [(math.sin(a), -math.cos(a)) for a in np.linspace(0.3, 2 * math.pi - 0.3, 30)]
    inner = [(0.75 * math.sin(a), -0.4 - 0.75 * math.cos(a)) for a in np.linspace(2 * math.pi - 0.6, 0.6, 30)]
    return outer + inner


OUTLINES: dict[str, Outline] = {
    "triangle": _regular(3),
    "square": _regular(4),
    "pentagon": _regular(5),
    "disc": _regular(40),
    "star": _regular(5, inner=0.45),
    "cross": [(x, y) for x, y in [(-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)]]
    + [(0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3)],
    "arrow": [(0, -1), (0.8, 0), (0.3, 0), (0.3, 1), (-0.3, 1), (-0.3, 0), (-0.8, 0)],
    "heart": _heart(),
    "crescent": _crescent(),
    "bolt": [(0.2, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.3, 1), (0.6, -0.25), (0.05, -0.25)],
}


def _colour(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, size=3))
    return red, green, blue


def _placed(outline: Outline, rng: np.random.Generator, size: float) -> Outline:
    """The outline turned, stretched and moved, in pixels of the oversampled sheet."""
    angle, stretch = rng.uniform(-0.5, 0.5), rng.uniform(0.8, 1.25)
    side = SIDE * OVERSAMPLING
    centre = side / 2 + rng.uniform(-WANDER, WANDER, size=2)
    cosine, sine = math.cos(angle) * size, math.sin(angle) * size
    return [
        (centre[0] + cosine * x * stretch - sine * y, centre[1] + sine * x * stretch + cosine * y) for x, y in outline
    ]


def draw(outline: Outline, rng: np.random.Generator) -> np.ndarray:
    """One picture [32, 32, 3] (uint8) of the shape."""
    side = SIDE * OVERSAMPLING
    ground = _colour(rng, *GROUND)
    sheet = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(0, side, size=2)
        radius = rng.uniform(3, 11)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(rng, *CLUTTER))
    pen.polygon(_placed(outline, rng, rng.uniform(32, 50)), fill=_colour(rng, *FILL))
    if rng.random() < 0.5:
        ends = rng.uniform(0, side, size=4)
        pen.line(tuple(float(value) for value in ends), fill=_colour(rng, *CLUTTER), width=int(rng.integers(5, 12)))
    small = np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=float)
    noisy = small + rng.normal(0, rng.uniform(2, 20), small.shape)
    drawn: np.ndarray = np.rint(noisy.clip(0, 255)).astype(np.uint8)
    return drawn


def load() -> LabelledImages:
    """140 pictures [3, 32, 32] a class."""
    painters = {name: functools.partial(draw, outline) for name, outline in OUTLINES.items()}
    return drawn_images("shapes", painters, SAMPLES_A_CLASS)
