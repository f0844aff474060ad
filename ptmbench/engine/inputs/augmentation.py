"""What is done to pictures while a network trains on them, each time anew."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ptmbench.catalog.spec import Augmentation

LEAST_AREA: Final = 0.5  # of a picture that is left: its subject may be small, and 8 % often miss it
ASPECT: Final = 4 / 3  # of a crop at most, either way
EVEN: Final = 0.5  # of pictures that are mirrored


def unchanged(inputs: Tensor) -> Tensor:
    """The inputs as they are."""
    return inputs


def crop_and_flip(inputs: Tensor) -> Tensor:
    """A random part of each picture at its size, every other one mirrored (Szegedy et al. 2015).

    Args:
        inputs: Pictures [n, channels, height, width]; what is drawn comes from torch's generator on the CPU.

    Returns:
        Pictures of the same shape, by bilinear interpolation.
    """
    count = len(inputs)
    area, aspect, left, top, mirrored = torch.rand(5, count).to(inputs.device)
    area = LEAST_AREA + (1 - LEAST_AREA) * area
    root = ASPECT ** (aspect - 0.5)  # the square root of a ratio between 1 / ASPECT and ASPECT
    width, height = ((area.sqrt() * stretch).clamp(max=1) for stretch in (root, 1 / root))
    sign = torch.where(mirrored < EVEN, -1.0, 1.0)
    theta = torch.zeros(count, 2, 3, device=inputs.device)
    theta[:, 0, 0], theta[:, 0, 2] = sign * width, (2 * left - 1) * (1 - width)
    theta[:, 1, 1], theta[:, 1, 2] = height, (2 * top - 1) * (1 - height)
    grid = functional.affine_grid(theta, [*inputs.shape], align_corners=False)
    return functional.grid_sample(inputs, grid, align_corners=False, padding_mode="border")


AUGMENTATIONS: Final[Mapping[Augmentation, Callable[[Tensor], Tensor]]] = {
    "none": unchanged,
    "crop_and_flip": crop_and_flip,
}
