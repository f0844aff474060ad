"""How far a task's images lie from a source's: the Frechet distance in the features of a fixed random network.

    d^2 = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))      (Dowson & Landau 1982; for images, Heusel et al. 2017)

The network is `resnet_tiny` at one random initialisation: it knows nothing of any source. d^2 is divided by the mean
of the two traces, so that the figure has no unit.
"""

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptmbench.engine.models.embedded import initialised
from ptmbench.engine.models.tiny import INPUT
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images

KIND = "frechet_random_network"
NETWORK_SEED = 20_000  # apart from the seeds that cases use
SOURCE_IMAGES = 1_000

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def moments(images: Tensor) -> Moments:
    """Mean [d] and covariance [d, d] of the random features of images [n, 3, h, w] (uint8)."""
    network = initialised("resnet_tiny", NETWORK_SEED)
    with torch.inference_mode():
        features = torch.cat([network(INPUT.apply(part)) for part in images.split(500)]).double().numpy()
    return features.mean(axis=0), np.cov(features, rowvar=False)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(0))) @ vectors.T)


def frechet(first: Moments, second: Moments) -> float:
    """The distance of two Gaussians as the module defines it; 0 for equal ones."""
    (mean1, covariance1), (mean2, covariance2) = first, second
    root = _root(covariance1)
    cross = np.sqrt(np.linalg.eigvalsh(root @ covariance2 @ root).clip(0)).sum()
    spread = (np.trace(covariance1) + np.trace(covariance2)) / 2
    squared = ((mean1 - mean2) ** 2).sum() + 2 * spread - 2 * cross
    return float(np.sqrt(max(squared, 0.0) / spread))


@functools.cache
def source_moments(source: str) -> Moments:
    """The moments of images of a pre-training source, drawn from a stream of their own."""
    return moments(sample_images(IMAGE_SOURCES[source], SOURCE_IMAGES, "distance")[0])
