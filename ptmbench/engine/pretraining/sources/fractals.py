"""Fractals: attractors of iterated function systems (Barnsley 1988; as pre-training images, Kataoka et al. 2020).

A class is two to four affine contractions; an example jitters them slightly, turns and scales the attractor, and
paints its density with two colours.
"""

import torch
from torch import Tensor

from ptmbench.engine.pretraining.sources.base import (
    CLASSES,
    SIDE,
    ImageSource,
    colourise,
    degrade,
    random_affine,
    uniform,
)
from ptmbench.engine.seeding import torch_generator

MAPS = 4
PARTICLES = 900
ITERATIONS = 14
JITTER = 0.04


def _templates() -> tuple[Tensor, Tensor, Tensor]:
    """Linear parts [classes, maps, 2, 2], offsets [classes, maps, 2] and cumulative map probabilities."""
    generator = torch_generator("templates", "fractals")
    turn = random_affine(generator, CLASSES * MAPS, turn=3.1416, zoom=0.3, shear=0.5)
    contraction = uniform(generator, 0.35, 0.68, CLASSES, MAPS)
    spectral = torch.linalg.matrix_norm(turn, ord=2).reshape(CLASSES, MAPS)
    linear = turn.reshape(CLASSES, MAPS, 2, 2) * (contraction / spectral)[:, :, None, None]
    offset = uniform(generator, -1.0, 1.0, CLASSES, MAPS, 2)
    used = torch.arange(MAPS)[None] < torch.randint(2, MAPS + 1, (CLASSES, 1), generator=generator)
    weight = torch.linalg.det(linear).abs().clamp_min(0.05) * used
    return linear, offset, (weight / weight.sum(1, keepdim=True)).cumsum(1)


_LINEAR, _OFFSET, _CUMULATIVE = _templates()


def _attractor(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Points [n, particles, 2] on each attractor, centred, of unit spread."""
    count = labels.shape[0]
    linear = _LINEAR[labels] + JITTER * torch.randn(count, MAPS, 2, 2, generator=generator)
    offset = _OFFSET[labels] + JITTER * torch.randn(count, MAPS, 2, generator=generator)
    cumulative = _CUMULATIVE[labels].contiguous()
    points = torch.zeros(count, PARTICLES, 2)
    rows = torch.arange(count)[:, None]
    for _ in range(ITERATIONS):
        choice = torch.searchsorted(cumulative, torch.rand(count, PARTICLES, generator=generator)).clamp_max(MAPS - 1)
        points = (linear[rows, choice] @ points[..., None])[..., 0] + offset[rows, choice]
    points = points - points.mean(1, keepdim=True)
    return points / points.std(dim=(1, 2), keepdim=True).clamp_min(1e-3)


def render(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Images [n, 3, 32, 32] of the attractors named by labels [n]."""
    count = labels.shape[0]
    affine = random_affine(generator, count, turn=0.35, zoom=0.2, shear=0.15)
    points = _attractor(labels, generator) @ affine.transpose(1, 2)
    place = (points * 0.42 + uniform(generator, -0.15, 0.15, count, 1, 2) + 1) / 2 * SIDE
    cell = place.floor().long()
    inside = ((cell >= 0) & (cell < SIDE)).all(-1)
    index = (torch.arange(count)[:, None] * SIDE + cell[..., 1]) * SIDE + cell[..., 0]
    density = torch.bincount(index[inside], minlength=count * SIDE * SIDE).reshape(count, SIDE, SIDE).float()
    ink = (density.log1p() / 1.6).clamp_max(1.0)
    return degrade(colourise(ink, generator), generator, blur_share=0.2, noise=0.06)


FRACTALS = ImageSource(name="fractals", classes=CLASSES, render=render)
