"""What the engine asks of any model: a backbone in two parts, and the preprocessing its checkpoint wants."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Preprocessing:
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


class Backbone(nn.Module):
    """A feature extractor `tail(trunk(x))`: images [n, 3, side, side] to features [n, feature_size].

    The tail is the last stage with its pooling, which `fine_tune_last` trains while the trunk stays as it came.
    """

    def __init__(self, trunk: nn.Module, tail: nn.Module, feature_size: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.tail = tail
        self.feature_size = feature_size

    def forward(self, images: Tensor) -> Tensor:
        """Features [n, feature_size]."""
        features: Tensor = self.tail(self.trunk(images))
        return features


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A backbone in eval mode with what the record has to say of it.

    `loaded_fraction` is the share of the backbone's tensors that came from the checkpoint (None: there is none).
    """

    backbone: Backbone
    preprocessing: Preprocessing
    weights_sha256: str | None
    loaded_fraction: float | None
    size_bytes: int
    pretrain_time_s: float | None
