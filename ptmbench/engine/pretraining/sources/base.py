"""What a source of pre-training images or text is, and the drawing tools that the sources share.

A source is a family of generated classes: a class is a fixed random template, an example a random variation of it.
No source reads a data set, and nothing here is used by a downstream task (a test holds them apart).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.seeding import torch_generator

SIDE = 32
CLASSES = 160
CHUNK = 128  # images drawn at once: larger chunks leave the CPU's cache and run slower


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A named family of generated classes.

    `render(labels, generator)` takes labels [n] in [0, classes) and returns images [n, 3, 32, 32] in [0, 1].
    """

    name: str
    classes: int
    render: Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True, slots=True)
class TextSource:
    """A named body of text.

    `sentences(count, purpose)` returns `count` texts (fewer if there are no more) for a purpose, "train" or
    "held_out"; the two never share a text. `fingerprint()` is the sha256 of what it was made from, where that is not
    this code alone.
    """

    name: str
    sentences: Callable[[int, str], list[str]]
    fingerprint: Callable[[], str] | None = None


def sample_images(source: ImageSource, count: int, purpose: str) -> tuple[Tensor, Tensor]:
    """`count` images [count, 3, 32, 32] (uint8) and labels [count], balanced over classes.

    `purpose` names the stream ("train", "held_out"): different purposes share no random number.
    """
    generator = torch_generator("source", source.name, purpose)
    labels = torch.arange(count) % source.classes
    labels = labels[torch.randperm(count, generator=generator)]
    images = torch.empty((count, 3, SIDE, SIDE), dtype=torch.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        drawn = source.render(labels[part], generator)
        images[part] = drawn.clamp(0, 1).mul(255).round().to(torch.uint8)
    return images, labels


def uniform(generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Uniform draws in [low, high) of the given shape."""
    return torch.rand(shape, generator=generator) * (high - low) + low


def random_affine(generator: torch.Generator, count: int, *, turn: float, zoom: float, shear: float) -> Tensor:
    """Affine 2x2 matrices [count, 2, 2]: rotation within +-turn radians, scale within 1 +- zoom an axis, shear."""
    angle = uniform(generator, -turn, turn, count)
    scale = uniform(generator, 1 - zoom, 1 + zoom, count, 2)
    slant = uniform(generator, -shear, shear, count)
    cosine, sine = angle.cos(), angle.sin()
    rotation = torch.stack([torch.stack([cosine, -sine], -1), torch.stack([sine, cosine], -1)], -2)
    stretch = torch.diag_embed(scale)
    stretch[:, 0, 1] = slant
    return rotation @ stretch


def colourise(ink: Tensor, generator: torch.Generator, *, colour_share: float = 0.5) -> Tensor:
    """Coverage `ink` [n, 32, 32] in [0, 1] painted on a background: images [n, 3, 32, 32].

    A `colour_share` of the images get two random colours, the others two greys; either may be the lighter one. Half
    of the backgrounds vary smoothly over the image. Ink and ground differ by at least 0.25 in mean brightness.
    """
    count = ink.shape[0]
    dark, light = uniform(generator, 0.0, 0.4, count, 3), uniform(generator, 0.65, 1.0, count, 3)
    grey = torch.rand(count, generator=generator) >= colour_share
    dark[grey], light[grey] = dark[grey, :1].expand(-1, 3), light[grey, :1].expand(-1, 3)
    flipped = (torch.rand(count, generator=generator) < 0.5)[:, None]
    front, back = torch.where(flipped, dark, light), torch.where(flipped, light, dark)
    relief = uniform(generator, -0.15, 0.15, count, 3, 4, 4)
    relief[torch.rand(count, generator=generator) < 0.5] = 0.0
    relief = functional.interpolate(relief, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    ground = (back[:, :, None, None] + relief).clamp(0, 1)
    return ground + (front[:, :, None, None] - ground) * ink[:, None]


def degrade(images: Tensor, generator: torch.Generator, *, blur_share: float, noise: float) -> Tensor:
    """Blurs a share of the images (pooled to 8x8 and enlarged again) and adds Gaussian noise of random strength."""
    count = images.shape[0]
    coarse = functional.interpolate(
        functional.adaptive_avg_pool2d(images, 8), size=(SIDE, SIDE), mode="bilinear", align_corners=False
    )
    blurred = (torch.rand(count, generator=generator) < blur_share)[:, None, None, None]
    strength = uniform(generator, 0.0, noise, count)[:, None, None, None]
    grain = torch.randn(images.shape, generator=generator) * strength
    return torch.where(blurred, coarse, images) + grain
