"""From samples to network inputs: what a checkpoint wants done to pictures or text before it sees them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.datasets.base import LabelledImages, Samples
from ptmbench.engine.seeding import torch_generator

PADDING = -1  # an id that no tokenizer gives: a real one may use its padding id in a text

Fields = dict[str, bool | int | float | str | list[float]]


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """Inputs [n, ...] on the CPU.

    For labels a word, `positions` [n, words] says at which place of the input each word stands: -1 where there is no
    such word, or where it was cut off. `truncated` counts the examples that were cut.
    """

    inputs: Tensor
    positions: NDArray[np.int64] | None = None
    truncated: int = 0


class Preprocessing(Protocol):
    """What every checkpoint brings for its inputs; equal ones give equal inputs."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input as large as the checkpoint is made for."""

    def encode(self, samples: Samples, train: Sequence[int]) -> Encoded:
        """The inputs of all samples; what has to be learned for it is learned from the samples `train` alone."""

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Random inputs [batch_size, *shape]: cost does not depend on what they show."""

    def fields(self) -> Fields:
        """What the record says of it."""


@dataclass(frozen=True, slots=True)
class ImagePreprocessing:
    """The checkpoint's own input: square side in pixels, channel means and standard deviations, interpolation."""

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def apply(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) to normalised input [n, 3, side, side] (float32) on the images' device."""
        pixels = images.float().div_(255)
        if pixels.shape[-2:] != (self.side, self.side):
            pixels = functional.interpolate(
                pixels, size=(self.side, self.side), mode=self.interpolation, align_corners=False, antialias=True
            )
        mean = torch.tensor(self.mean, device=pixels.device)[:, None, None]
        std = torch.tensor(self.std, device=pixels.device)[:, None, None]
        return (pixels - mean) / std

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height, width."""
        return 3, self.side, self.side

    def encode(self, samples: Samples, train: Sequence[int]) -> Encoded:  # noqa: ARG002  pictures teach it nothing
        """Normalised pictures [n, 3, side, side]; nothing is learned."""
        assert isinstance(samples, LabelledImages)
        return Encoded(self.apply(samples.images))

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Gaussian noise."""
        return torch.randn(batch_size, *shape, generator=torch_generator("example batch"))

    def fields(self) -> Fields:
        """Side, means, standard deviations and interpolation."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
