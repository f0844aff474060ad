"""Handwritten digits: scikit-learn's copy of the UCI set (Alpaydin & Kaynak 1998), 1,797 real scans of 8x8 pixels."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from ptmbench.engine.datasets.base import LabelledImages

CLASSES = tuple("0123456789")
INKED = 0.35  # of a pixel, from which on it shows the digit


def scans() -> tuple[np.ndarray, np.ndarray]:
    """The scans [1797, 8, 8] as ink in [0, 1] (float32) and their digits [1797]."""
    bunch = load_digits()
    return (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)


def sample_ids(count: int) -> tuple[str, ...]:
    """The ids of the scans, by their place in the set."""
    return tuple(f"uci_digits/{index}" for index in range(count))


def load() -> LabelledImages:
    """White ink on black, 8x8 pixels, three equal channels."""
    ink, labels = scans()
    pixels = torch.from_numpy(np.rint(ink * 255).astype(np.uint8))
    return LabelledImages(
        ids=sample_ids(len(labels)),
        images=pixels[:, None].expand(-1, 3, -1, -1).contiguous(),
        labels=torch.from_numpy(labels),
        classes=CLASSES,
        objects=torch.from_numpy(ink > INKED),
    )
