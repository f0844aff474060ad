"""Waves: stationary fields of interfering plane waves (a class is a spectrum and a tone curve, an example its phases).

A class is three to six plane waves with fixed frequencies, directions and amplitudes and one of four tone curves; an
example draws phases, turns and scales the spectrum a little, and paints it with two colours.
"""

import torch
from torch import Tensor

from ptmbench.engine.pretraining.sources.base import CLASSES, SIDE, ImageSource, colourise, degrade, uniform
from ptmbench.engine.seeding import torch_generator

WAVES = 6
TONES = 4


def _templates() -> tuple[Tensor, Tensor, Tensor]:
    """Wave vectors [classes, waves, 2] in cycles an image, amplitudes [classes, waves], tone curves [classes]."""
    generator = torch_generator("templates", "waves")
    frequency = uniform(generator, 1.2, 8.0, CLASSES, WAVES)
    direction = uniform(generator, 0.0, 3.14159, CLASSES, WAVES)
    vectors = torch.stack([frequency * direction.cos(), frequency * direction.sin()], dim=-1)
    used = torch.arange(WAVES)[None] < torch.randint(2, WAVES + 1, (CLASSES, 1), generator=generator)
    amplitude = uniform(generator, 0.3, 1.0, CLASSES, WAVES) * used
    amplitude = amplitude / amplitude.square().sum(1, keepdim=True).sqrt()
    return vectors, amplitude, torch.randint(TONES, (CLASSES,), generator=generator)


_VECTORS, _AMPLITUDE, _TONE = _templates()
_AXIS = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
_GRID = torch.stack(torch.meshgrid(_AXIS, _AXIS, indexing="xy"), dim=-1).reshape(-1, 2)


def _tone(field: Tensor, kind: Tensor) -> Tensor:
    """Field of unit variance to coverage in [0, 1]: smooth, ridges, hard threshold, or bands."""
    curves = torch.stack(
        [
            torch.sigmoid(field * 1.5),
            torch.exp(-((field * 2.5) ** 2)),
            torch.sigmoid((field - 0.8) * 12),
            (torch.sin(field * 5) + 1) / 2,
        ]
    )
    return curves[kind, torch.arange(field.shape[0])]


def render(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Images [n, 3, 32, 32] of the wave fields named by labels [n]."""
    count = labels.shape[0]
    angle = uniform(generator, -0.25, 0.25, count)
    rotation = torch.stack(
        [torch.stack([angle.cos(), -angle.sin()], -1), torch.stack([angle.sin(), angle.cos()], -1)], dim=-2
    )
    zoom = uniform(generator, 0.85, 1.18, count)[:, None, None]
    vectors = _VECTORS[labels] @ rotation * zoom
    phase = uniform(generator, 0.0, 6.28319, count, WAVES, 1)
    waves = torch.cos(6.28319 * vectors @ _GRID.T + phase)
    field = (waves * _AMPLITUDE[labels][:, :, None]).sum(1).reshape(-1, SIDE, SIDE) * 1.41421
    ink = _tone(field, _TONE[labels])
    return degrade(colourise(ink, generator), generator, blur_share=0.1, noise=0.06)


WAVE_FIELDS = ImageSource(name="waves", classes=CLASSES, render=render)
