"""Segmenters over the feature maps of any backbone: FCN, U-Net and DeepLabv3.

All give scores [n, classes, side, side] and learn by cross-entropy over the pixels that count.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.segmentation.deeplabv3 import DeepLabHead
from torchvision.ops import Conv2dNormActivation

from ptmbench.engine.models.dense_network import DenseNetwork
from ptmbench.engine.models.maps import FeatureMaps
from ptmbench.files.masks import IGNORED

FINEST = 16  # channels of a U-Net's decoder at full resolution
SMALL = 128  # pixels a side, at most, that are too few for networks of the usual width


def upsampled(maps: Tensor, side: int) -> Tensor:
    """Maps [n, c, h, w] at another side, bilinearly."""
    return functional.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)


class Segmenter(DenseNetwork):
    """A network of scores a pixel."""

    def loss(self, images: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy at masks [n, side, side] over the pixels that are not `IGNORED`."""
        return pixel_loss(self(images), targets)


def pixel_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of scores [n, classes, h, w] at masks [n, h, w]; 0 where no pixel counts."""
    summed = functional.cross_entropy(scores.float(), targets, ignore_index=IGNORED, reduction="sum")
    return summed / (targets != IGNORED).sum().clamp(min=1)


class Fcn(Segmenter):
    """A fully convolutional network with skips (Long et al. 2015): scores of several maps, summed coarse to fine."""

    def __init__(self, body: FeatureMaps, side: int, classes: int) -> None:
        super().__init__()
        self.body = body.only(strides_for(side))
        self.scores = nn.ModuleList(
            nn.Sequential(Conv2dNormActivation(channels, 64), nn.Conv2d(64, classes, 1)) for channels in body.channels
        )

    def forward(self, images: Tensor) -> Tensor:
        """Scores [n, classes, side, side]."""
        maps = [score(found) for score, found in zip(self.scores, self.body(images), strict=True)]
        summed = maps[-1]
        for finer in reversed(maps[:-1]):
            summed = finer + upsampled(summed, finer.shape[-1])
        return upsampled(summed, images.shape[-1])


class UNet(Segmenter):
    """A U-Net (Ronneberger et al. 2015) whose contracting path is the body: each finer map joins on the way up.

    Its expanding path halves the body's channels, and is 16 wide for each unit of stride where that is more (8 for
    small pictures): the maps of a MobileNetV2 have 16 to 96 channels, and half as many were too few to learn from. In
    80 steps on pictures of 11 classes at three seeds, mIoU rose from 14, 22 and 26 to 30, 39 and 40 %.
    """

    def __init__(self, body: FeatureMaps, side: int, classes: int) -> None:
        super().__init__()
        self.body = body.only([stride for stride in body.strides if stride < side])
        step = FINEST // 2 if side <= SMALL else FINEST
        widths = [
            max(channels // 2, step * stride)
            for channels, stride in zip(self.body.channels, self.body.strides, strict=True)
        ]
        widths[-1] = self.body.channels[-1]
        self.stages = nn.ModuleList(
            _twice(below + channels, width)
            for (width, below), channels in zip(pairwise(widths), self.body.channels[:-1], strict=True)
        )
        self.last = nn.Sequential(_twice(widths[0] + 3, FINEST), nn.Conv2d(FINEST, classes, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Scores [n, classes, side, side]."""
        *finer, rising = self.body(images)
        for maps, stage in zip(reversed(finer), reversed(self.stages), strict=True):
            rising = stage(torch.cat([upsampled(rising, maps.shape[-1]), maps], dim=1))
        scores: Tensor = self.last(torch.cat([upsampled(rising, images.shape[-1]), images], dim=1))
        return scores


class DeepLab(Segmenter):
    """DeepLabv3 (Chen et al. 2017): torchvision's atrous pyramid over the map of stride 16, or the coarsest."""

    def __init__(self, body: FeatureMaps, side: int, classes: int) -> None:  # noqa: ARG002  as the others
        super().__init__()
        self.body = body.only([16 if 16 in body.strides else body.strides[-1]])
        self.head = DeepLabHead(body.channels[0], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Scores [n, classes, side, side]."""
        return upsampled(self.head(self.body(images)[0]), images.shape[-1])


def strides_for(side: int) -> tuple[int, ...]:
    """The strides of the three maps whose scores an FCN sums: those of FCN-8s, half as large for small inputs."""
    return (2, 4, 8, 16) if side <= SMALL else (8, 16, 32)


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with its normalisation and ReLU."""
    return nn.Sequential(Conv2dNormActivation(inputs, outputs), Conv2dNormActivation(outputs, outputs))
