"""Corruptions of pictures at five severities, after ImageNet-C (Hendrycks & Dietterich 2019).

Lengths are shares of a picture's side, so that a picture of 32 pixels and one of 224 are corrupted alike.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ptmbench.engine.seeding import numpy_generator

Pixels = NDArray[np.uint8]  # height, width, red green blue
Corruption = Callable[[Pixels, int, np.random.Generator], Pixels]

NOISE = (0.04, 0.08, 0.12, 0.18, 0.26)  # standard deviation, of the range from black to white
BLUR = (0.0125, 0.02, 0.03, 0.04, 0.05)  # standard deviation of the Gaussian, of the shorter side
CONTRAST = (0.75, 0.5, 0.4, 0.3, 0.15)  # what is left of the distance to the mean
QUALITY = (25, 18, 15, 10, 7)  # of JPEG
AREA = (0.05, 0.1, 0.2, 0.3, 0.4)  # of the picture that a grey square covers
GREY = 128


def noise(pixels: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Gaussian noise on every channel of every pixel."""
    return _as_pixels(pixels + 255 * NOISE[severity - 1] * rng.standard_normal(pixels.shape))


def blur(pixels: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """A Gaussian blur."""
    radius = BLUR[severity - 1] * min(pixels.shape[:2])
    return np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def contrast(pixels: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Every channel drawn towards its mean over the picture."""
    mean = pixels.mean(axis=(0, 1))
    return _as_pixels(mean + CONTRAST[severity - 1] * (pixels - mean))


def jpeg(pixels: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """Compression and decompression."""
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "JPEG", quality=QUALITY[severity - 1])
    return np.array(Image.open(stored))


def occlusion(pixels: Pixels, severity: int, rng: np.random.Generator) -> Pixels:
    """A grey square that lies wholly in the picture, around the same place at every severity as far as it fits."""
    height, width = pixels.shape[:2]
    side = min(round(float(np.sqrt(AREA[severity - 1] * height * width))), height, width)
    down, right = rng.random(2)
    top, left = round(down * (height - side)), round(right * (width - side))
    corrupted = pixels.copy()
    corrupted[top : top + side, left : left + side] = GREY
    return corrupted


CORRUPTIONS: dict[str, Corruption] = {
    "noise": noise,
    "blur": blur,
    "contrast": contrast,
    "jpeg": jpeg,
    "occlusion": occlusion,
}


def corrupted_picture(pixels: Pixels, example: str, corruption: str, severity: int) -> Pixels:
    """The picture [h, w, 3] (uint8) of an example with that corruption at a severity from 1 to 5."""
    return CORRUPTIONS[corruption](pixels, severity, numpy_generator("corruption", corruption, example))


def _as_pixels(values: NDArray[np.float64]) -> Pixels:
    return values.round().clip(0, 255).astype(np.uint8)
