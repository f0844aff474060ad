"""How far maps of evidence tell where it lies, and maps that know nothing of the network they are held against.

Maps [n, h, w] hold how much each place is said to speak for an answer, below zero where it speaks against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Maps = NDArray[np.floating[Any]]
Masks = NDArray[np.bool_]
Values = NDArray[np.float64]  # one an example [n]

WIDTH: Final = 0.25  # of the centre prior, as a share of the side
DRAWS: Final = 500  # of the bootstrap
INTERVAL_KIND: Final = "bootstrap over examples"


def mass_inside(maps: Maps, masks: Masks) -> Values:
    """The share of each map that lies on the object, over the share of the picture that the object fills.

    Args:
        maps: [n, h, w]; what lies below zero counts as zero, and a map of zeros as uniform.
        masks: Where the object is [n, h, w], at least one place of each.

    Returns:
        [n]: 1 for a map that knows nothing, above it where the map points at the object.
    """
    flat, inside = maps.reshape(len(maps), -1).clip(min=0).astype(np.float64), masks.reshape(len(masks), -1)
    flat = np.where(flat.sum(axis=1, keepdims=True) > 0, flat, 1.0)
    found: Values = (flat * inside).sum(axis=1) / flat.sum(axis=1) / inside.mean(axis=1)
    return found


def rank_agreement(first: Maps, second: Maps) -> Values:
    """Spearman's correlation of two maps of each example [n]; 0 where one of them is the same everywhere.

    Of the maps of a trained network and of the same at random weights (Adebayo et al. 2018, "Sanity checks for saliency
    maps", https://arxiv.org/abs/1810.03292): near 1, the map tells of the picture and not of what was learned.
    """
    sides = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (first, second)]
    one, other = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in sides)
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found: Values = np.divide((one * other).sum(axis=1), scale, out=np.zeros(len(first)), where=scale > 0)
    return found


def places_in_order(maps: Maps, rng: np.random.Generator) -> NDArray[np.int64]:
    """The place of each value [n, h, w] in the order from the greatest down; equal ones fall at random."""
    flat = maps.reshape(len(maps), -1)
    shuffled = rng.permuted(np.tile(np.arange(flat.shape[1]), (len(flat), 1)), axis=1)
    order = np.take_along_axis(
        shuffled, np.argsort(-np.take_along_axis(flat, shuffled, axis=1), axis=1, kind="stable"), axis=1
    )
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(flat.shape[1])[None], axis=1)
    return places.reshape(maps.shape)


def centre_prior(shape: tuple[int, int, int]) -> Maps:
    """Maps [n, h, w] of a bump in the middle: photographers put there what a picture is of."""
    sides = (np.linspace(-0.5, 0.5, side) / WIDTH for side in shape[1:])
    down, across = (np.exp(-0.5 * side**2) for side in sides)
    return np.broadcast_to(np.outer(down, across), shape)


def edges(pictures: Maps) -> Maps:
    """How steeply the brightness of pictures [n, channels, h, w] changes at each place [n, h, w]."""
    down, across = np.gradient(pictures.mean(axis=1), axis=(1, 2))
    found: Maps = np.hypot(down, across)
    return found


@dataclass(frozen=True, slots=True)
class OverControls:
    """How far a map's figure lies above that of the best control, with its 95 % interval, and which that is."""

    value: float
    interval95: tuple[float, float]
    control: str


def over_controls(values: Values, controls: Mapping[str, Values], rng: np.random.Generator) -> OverControls:
    """The mean of a map's figure less that of the control that does best, paired over examples.

    Args:
        values: Of each example [n].
        controls: The same of each control, by name.
        rng: Draws the resamples, in each of which the best control is chosen anew.
    """
    names, held = list(controls), np.stack([*controls.values()])
    drawn = rng.integers(len(values), size=(DRAWS, len(values)))
    spread = values[drawn].mean(axis=1) - held[:, drawn].mean(axis=2).max(axis=0)
    means = held.mean(axis=1)
    low, high = np.quantile(spread, [0.025, 0.975])
    best = int(means.argmax())
    return OverControls(float(values.mean() - means[best]), (float(low), float(high)), names[best])
