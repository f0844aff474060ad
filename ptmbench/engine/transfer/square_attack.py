"""Square: a search by random squares that asks for answers alone (Andriushchenko et al. 2020, algorithm 2 for L-inf).

"Square Attack: a query-efficient black-box adversarial attack via random search", https://arxiv.org/abs/1912.00049. It
finds what gradients hide.
"""

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

Logits = Callable[[Tensor], Tensor]

QUERIES: Final = 300
SHARE: Final = 0.8  # of a picture that squares fill at first
HALVINGS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)  # of all queries, after which squares halve


def square_attack(
    logits: Logits, pictures: Tensor, labels: Tensor, radius: float, generator: torch.Generator
) -> Tensor:
    """Pictures [n, c, h, w] within the radius, at the lowest margin of the true class that was found of each.

    Args:
        logits: The network; its gradient is not asked for.
        pictures: Clean ones [n, c, h, w], between 0 and 1.
        labels: Their true classes [n].
        radius: How far each value may move.
        generator: Draws squares and signs.
    """
    count, channels, height, width = pictures.shape

    def signs(*shape: int) -> Tensor:
        return (torch.randint(0, 2, shape, generator=generator) * 2.0 - 1).to(pictures.device)

    best = (pictures + radius * signs(count, channels, 1, width)).clamp(0, 1)
    margins = _margins(logits, best, labels)
    for query in range(1, QUERIES):
        share = SHARE / 2 ** sum(query > part * QUERIES for part in HALVINGS)
        side = max(1, min(round(math.sqrt(share * height * width)), height, width))
        tops, lefts = (torch.randint(0, most - side + 1, (count,), generator=generator) for most in (height, width))
        inside = _between(tops, side, height)[:, None, :, None] & _between(lefts, side, width)[:, None, None, :]
        moved = (pictures + radius * signs(count, channels, 1, 1)).clamp(0, 1)
        tried = torch.where(inside.to(pictures.device), moved, best)
        found = _margins(logits, tried, labels)
        better = found < margins
        best = torch.where(better[:, None, None, None], tried, best)
        margins = torch.minimum(found, margins)
    return best


def _between(starts: Tensor, side: int, most: int) -> Tensor:
    """For each start whether a place lies in the interval from it on [n, most]."""
    places = torch.arange(most)[None]
    return (places >= starts[:, None]) & (places < starts[:, None] + side)


def _margins(logits: Logits, pictures: Tensor, labels: Tensor) -> Tensor:
    """How far the true class lies above the best other one [n]; below 0 the answer is wrong."""
    with torch.inference_mode():
        given = logits(pictures).float()
    true = given.gather(1, labels[:, None])[:, 0]
    return true - given.scatter(1, labels[:, None], -torch.inf).amax(dim=1)
