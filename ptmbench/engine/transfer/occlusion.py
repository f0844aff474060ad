"""What an answer loses when the places are taken away that a map calls important, and gains when they alone are shown.

Deletion and insertion (Petsiuk et al. 2018, "RISE", https://arxiv.org/abs/1806.07421), over cells of a grid, so that a
random order is taken away in pieces as large as any other; what is taken away is blurred.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from ptmbench.statistics.attribution import Maps, Values, places_in_order

GRID: Final = 16  # cells a side
STEPS: Final = 10
ORDERS: Final = 5  # random ones, whose mean is what maps are held against
BATCH: Final = 100


class Watched(ABC):
    """Inputs whose answers are watched while places of them come and go.

    Args:
        network: Inputs to logits.
        answers: What it answered [n]: the probabilities of that are watched.
        rng: Draws random orders, and the order of equal places.
        shape: Of maps of the inputs, as `gains` is given them.
    """

    def __init__(
        self,
        network: Callable[[Tensor], Tensor],
        answers: Tensor,
        rng: np.random.Generator,
        shape: tuple[int, ...],
    ) -> None:
        self.network = network
        self.answers = answers
        self.rng = rng
        drawn = [self._areas(rng.random(shape)) for _ in range(ORDERS)]
        self.deleted, self.inserted = (np.mean([pair[kind] for pair in drawn], axis=0) for kind in (0, 1))

    def gains(self, maps: Maps) -> tuple[Values, Values]:
        """How much faster an answer falls, and how much faster it comes, than in random order: two areas [n].

        Args:
            maps: How much each place matters, the more the higher.

        Returns:
            Of deletion and of insertion, as shares of probability, the mean over all steps; 0 for a map that knows
            nothing.
        """
        deleted, inserted = self._areas(maps)
        return self.deleted - deleted, inserted - self.inserted

    @abstractmethod
    def courses(self, maps: Maps) -> Iterator[Iterator[Tensor]]:
        """The inputs of each step, from none to all, as places are taken away, and as they come."""

    def _areas(self, maps: Maps) -> tuple[Values, Values]:
        """The mean probability of each answer while places are deleted, and while they are inserted."""
        areas = (
            np.trapezoid([self._belief(inputs) for inputs in course], dx=1 / STEPS, axis=0)
            for course in self.courses(maps)
        )
        deleted, inserted = areas
        return deleted, inserted

    def _belief(self, inputs: Tensor) -> Values:
        """The probability of each watched answer."""
        found = []
        with torch.inference_mode():
            for part, asked in zip(inputs.split(BATCH), self.answers.split(BATCH), strict=True):
                found.append(self.network(part).float().softmax(dim=1).gather(1, asked[:, None])[:, 0])
        values: Values = torch.cat(found).cpu().double().numpy()
        return values


class Occlusion(Watched):
    """Pictures [n, channels, h, w], whose cells are blurred and shown; maps are [n, h, w]."""

    def __init__(
        self, network: Callable[[Tensor], Tensor], pictures: Tensor, answers: Tensor, rng: np.random.Generator
    ) -> None:
        self.pictures = pictures
        side = pictures.shape[-1]
        self.blurred = gaussian_blur(pictures, [_odd(side / 2), _odd(side / 2)], [side / 8, side / 8])
        self.grid = min(GRID, side)
        super().__init__(network, answers, rng, (len(pictures), *pictures.shape[2:]))

    def courses(self, maps: Maps) -> Iterator[Iterator[Tensor]]:
        """Blurred from the most important cell on, and shown from it on."""
        cells = functional.adaptive_avg_pool2d(torch.from_numpy(np.ascontiguousarray(maps)), self.grid).numpy()
        places = torch.from_numpy(places_in_order(cells, self.rng)).to(self.pictures.device)
        spread = functional.interpolate(places[:, None].float(), self.pictures.shape[2:], mode="nearest")
        shares = np.linspace(0, self.grid**2, STEPS + 1)
        for there, elsewhere in ((self.blurred, self.pictures), (self.pictures, self.blurred)):
            yield (torch.where(spread < share, there, elsewhere) for share in shares)


def _odd(width: float) -> int:
    return int(width) // 2 * 2 + 1
