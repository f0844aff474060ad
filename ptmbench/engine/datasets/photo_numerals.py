"""Handwritten digits written on photographs: the scans of `digits` inked onto crops of two real pictures.

Each scan is enlarged to 20-28 px and inked light or dark, whichever stands out from the crop's mean, at a random
place of a random crop (48-160 px, reduced to 32x32) of scikit-learn's sample photographs. This module shares no code
with any pre-training source, and the photographs appear in none.
"""

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.datasets.digits import CLASSES, INKED, sample_ids, scans
from ptmbench.engine.seeding import numpy_generator

SIDE = 32


def _background(photographs: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A random square crop, reduced to [32, 32, 3], values in [0, 255]."""
    photograph = photographs[int(rng.integers(len(photographs)))]
    side = int(rng.integers(48, 161))
    top = int(rng.integers(photograph.shape[0] - side + 1))
    left = int(rng.integers(photograph.shape[1] - side + 1))
    crop = Image.fromarray(photograph[top : top + side, left : left + side])
    return np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)


def _placed(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A scan [8, 8] enlarged to 20-28 px at a random place of an empty [32, 32] sheet."""
    side = int(rng.integers(20, 29))
    enlarged = np.asarray(Image.fromarray(ink).resize((side, side), Image.Resampling.BICUBIC)).clip(0, 1)
    top, left = rng.integers(SIDE - side + 1, size=2)
    sheet = np.zeros((SIDE, SIDE), dtype=np.float32)
    sheet[top : top + side, left : left + side] = enlarged
    return sheet


def load() -> LabelledImages:
    """One picture [3, 32, 32] a scan; each is drawn from its own id, so that no other sample moves it."""
    ink, labels = scans()
    ids = sample_ids(len(labels))
    photographs = load_sample_images().images
    pictures = np.empty((len(ids), SIDE, SIDE, 3), dtype=np.uint8)
    objects = np.empty(pictures.shape[:3], dtype=np.bool_)
    for index, sample_id in enumerate(ids):
        rng = numpy_generator("photo_numerals", sample_id)
        ground = _background(photographs, rng)
        tone = rng.uniform(190, 255, size=3) if ground.mean() < 128 else rng.uniform(0, 65, size=3)
        sheet = _placed(ink[index], rng)[..., None]
        pictures[index] = np.rint(ground + (tone - ground) * sheet)
        objects[index] = sheet[..., 0] > INKED
    return LabelledImages(
        ids=ids,
        images=torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(),
        labels=torch.from_numpy(labels),
        classes=CLASSES,
        objects=torch.from_numpy(objects),
    )
