"""Ten generated surface textures: laid, woven, broken and grown ones, none of which is a sum of plane waves.

A sample turns, scales and shifts the pattern a little, tints it with a darker and a lighter colour, lights it from one
side and adds noise.
This module shares no code with any pre-training source.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ptmbench.engine.datasets.base import LabelledImages, drawn_images

SIDE = 32
SAMPLES_A_CLASS = 140

Field = Any  # np.ndarray: NumPy's own types lose track of arithmetic between arrays
Pattern = Callable[[Field, Field, np.random.Generator], Field]


def _bricks(x: Field, y: Field, rng: np.random.Generator) -> Field:
    row = np.floor(y)
    along = (x / 2 + 0.5 * (row % 2)) % 1
    return ((along < 0.1) | (y % 1 < 0.2)).astype(float)


def _checks(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return ((np.floor(x) + np.floor(y)) % 2).astype(float)


def _polka(x: Field, y: Field, rng: np.random.Generator) -> Field:
    radius = rng.uniform(0.25, 0.4)
    across = (x + 0.5 * (np.floor(y) % 2)) % 1 - 0.5
    return ((across**2 + (y % 1 - 0.5) ** 2) < radius**2).astype(float)


def _rings(x: Field, y: Field, rng: np.random.Generator) -> Field:
    centre = rng.uniform(-1, 1, size=2)
    return (np.hypot(x - centre[0], y - centre[1]) * 1.3 % 1 < 0.5).astype(float)


def _zigzag(x: Field, y: Field, rng: np.random.Generator) -> Field:
    fold = np.abs(x / 1.5 % 2 - 1) * rng.uniform(1.0, 1.8)
    return ((y + fold) % 1 < 0.45).astype(float)


def _weave(x: Field, y: Field, rng: np.random.Generator) -> Field:
    over = (np.floor(x) + np.floor(y)) % 2 == 0
    strand = np.where(over, np.abs(y % 1 - 0.5), np.abs(x % 1 - 0.5))
    return np.clip(1.1 - 2.4 * strand, 0, 1)


def _cells(x: Field, y: Field, rng: np.random.Generator) -> Field:
    seeds = rng.uniform(-5, 5, size=(60, 2))
    distance = np.sort(np.hypot(x[..., None] - seeds[:, 0], y[..., None] - seeds[:, 1]), axis=-1)
    return (distance[..., 1] - distance[..., 0] < 0.25).astype(float)


def _terrazzo(x: Field, y: Field, rng: np.random.Generator) -> Field:
    seeds, tone = rng.uniform(-5, 5, size=(60, 2)), rng.random(60)
    nearest = np.argmin(np.abs(x[..., None] - seeds[:, 0]) + np.abs(y[..., None] - seeds[:, 1]), axis=-1)
    return np.asarray(tone[nearest])


def _scales(x: Field, y: Field, rng: np.random.Generator) -> Field:
    across = (x + 0.5 * (np.floor(y * 2) % 2)) % 1 - 0.5
    edge = np.hypot(across, (y * 2 % 1) * 0.6)
    return (np.abs(edge - 0.45) < 0.11).astype(float)


def _grain(x: Field, y: Field, rng: np.random.Generator) -> Field:
    bend = sum(rng.uniform(0.1, 0.5) * np.sin(rng.uniform(0.4, 1.2) * y + rng.uniform(0, 6)) for _ in range(3))
    knots = rng.random(40)
    return np.asarray(np.interp((x + bend) * 2.2 % 40, np.arange(40), knots))


PATTERNS: dict[str, Pattern] = {
    "bricks": _bricks,
    "checks": _checks,
    "polka": _polka,
    "rings": _rings,
    "zigzag": _zigzag,
    "weave": _weave,
    "cells": _cells,
    "terrazzo": _terrazzo,
    "scales": _scales,
    "grain": _grain,
}


def draw(pattern: Pattern, rng: np.random.Generator) -> np.ndarray:
    """One picture [32, 32, 3] (uint8) of a pattern."""
    axis = (np.arange(SIDE * 2) + 0.5) / (SIDE * 2) - 0.5
    across, down = np.meshgrid(axis, axis)
    angle, period = rng.uniform(-0.3, 0.3), rng.uniform(3.2, 5.2)
    offset = rng.uniform(-0.3, 0.3, size=2)
    x = (np.cos(angle) * across - np.sin(angle) * down) * period + offset[0]
    y = (np.sin(angle) * across + np.cos(angle) * down) * period + offset[1]
    cover = pattern(x, y, rng).reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))[..., None]
    first = rng.uniform(0.05, 0.6, size=3)
    second = first + rng.uniform(0.05, 0.4, size=3)
    light = 1 + rng.uniform(-0.5, 0.5) * across[::2, ::2, None] + rng.uniform(-0.5, 0.5) * down[::2, ::2, None]
    picture = (first + (second - first) * cover) * light + rng.normal(0, rng.uniform(0.02, 0.08), (SIDE, SIDE, 3))
    drawn: np.ndarray = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    return drawn


def load() -> LabelledImages:
    """140 pictures [3, 32, 32] a class."""
    painters = {name: functools.partial(draw, pattern) for name, pattern in PATTERNS.items()}
    return drawn_images("textures", painters, SAMPLES_A_CLASS)
