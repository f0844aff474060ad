"""Glyphs: made-up characters of one to four chained strokes.

A class is a chain of cubic Bezier strokes, straight lines and loops; an example jitters the control points (standard
deviation 0.07 of the image), applies an affine map, a stroke thickness, colours, noise and, for half of them, the
blur of an 8x8 scan.
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

STROKES = 4
POINTS_A_STROKE = 24  # one a pixel along the longest stroke that the templates draw
JITTER = 0.07


def _templates() -> tuple[Tensor, Tensor]:
    """Control points [classes, strokes, 4, 2] in [-1, 1] and how many strokes each class has [classes]."""
    generator = torch_generator("templates", "glyphs")
    control = torch.zeros(CLASSES, STROKES, 4, 2)
    lengths = torch.randint(1, STROKES + 1, (CLASSES,), generator=generator)
    for index in range(CLASSES):
        pen = uniform(generator, -0.8, 0.8, 2)
        for stroke in range(STROKES):
            kind = int(torch.randint(3, (1,), generator=generator))
            end = uniform(generator, -0.8, 0.8, 2)
            while float((end - pen).norm()) < 0.5:
                end = uniform(generator, -0.8, 0.8, 2)
            bend = uniform(generator, -1.0, 1.0, 2, 2)
            if kind == 1:  # a straight line
                bend = torch.stack([pen + (end - pen) / 3, pen + (end - pen) * 2 / 3])
            if kind == 2:  # a loop: the stroke comes back to where it began
                side = torch.stack([-(end - pen)[1], (end - pen)[0]])
                bend, end = torch.stack([end + side, end - side]), pen.clone()
            control[index, stroke] = torch.stack([pen, bend[0], bend[1], end])
            pen = end
    return control, lengths


def _bezier_weights() -> Tensor:
    """Bernstein weights [points, 4] of a cubic Bezier curve at evenly spaced parameters."""
    t = torch.linspace(0, 1, POINTS_A_STROKE)
    return torch.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], dim=-1)


_CONTROL, _LENGTHS = _templates()
_WEIGHTS = _bezier_weights()
_AXIS = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
_GRID = torch.stack(torch.meshgrid(_AXIS, _AXIS, indexing="xy"), dim=-1).reshape(-1, 2)
_FAR = 9.0


def _distance(points: Tensor) -> Tensor:
    """Distance [n, 32, 32] from each pixel centre to the nearest of the points [n, p, 2]."""
    squared = (points**2).sum(-1)[:, None, :] - 2 * _GRID @ points.transpose(1, 2)
    nearest = squared.amin(dim=-1) + (_GRID**2).sum(-1)
    return nearest.clamp_min(0).sqrt().reshape(-1, SIDE, SIDE)


def render(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Images [n, 3, 32, 32] of the glyphs named by labels [n]."""
    count = labels.shape[0]
    control = _CONTROL[labels] + JITTER * torch.randn(count, STROKES, 4, 2, generator=generator)
    points = _WEIGHTS @ control
    affine = random_affine(generator, count, turn=0.35, zoom=0.25, shear=0.25)
    shift = uniform(generator, -0.15, 0.15, count, 1, 2)
    drawn = torch.arange(STROKES)[None, :] < _LENGTHS[labels][:, None]
    points = points.flatten(1, 2) @ affine.transpose(1, 2) * 0.95 + shift
    points = torch.where(drawn.repeat_interleave(POINTS_A_STROKE, dim=1)[:, :, None], points, _FAR)
    thickness = uniform(generator, 0.05, 0.16, count)[:, None, None]
    ink = torch.sigmoid((thickness - _distance(points)) * 30)
    return degrade(colourise(ink, generator), generator, blur_share=0.4, noise=0.06)


GLYPHS = ImageSource(name="glyphs", classes=CLASSES, render=render)
