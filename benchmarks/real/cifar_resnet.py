"""ResNet-20 for 32 x 32 pictures (He et al. 2016, section 4.2), a builder for `file:WEIGHTS#cifar_resnet:resnet20`.

Three stages of 16, 32 and 64 channels. Where a stage halves the map, the shortcut takes every second pixel and fills
the new channels with zeros on both sides (the paper's option A): it has no weights.
"""

from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64)
BLOCKS = 3  # a stage: 6 n + 2 layers are 20


class Block(nn.Module):
    """Two 3 x 3 convolutions with BatchNorm beside a shortcut."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride = stride
        self.filled = (width - channels) // 2

    def forward(self, maps: Tensor) -> Tensor:
        """Maps [n, channels, h, w] to [n, width, h / stride, w / stride]."""
        shortcut = maps[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, self.filled, self.filled))
        hidden = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(hidden)) + shortcut)


class ResNet20(nn.Module):
    """Logits of pictures [n, 3, 32, 32]; 0.27 million parameters."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        for number, width in enumerate(WIDTHS, start=1):
            before = WIDTHS[max(number - 2, 0)]
            first = Block(before, width, stride=1 if number == 1 else 2)
            rest = [Block(width, width, stride=1) for _ in range(BLOCKS - 1)]
            setattr(self, f"layer{number}", nn.Sequential(first, *rest))
        self.linear = nn.Linear(WIDTHS[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [n, classes]."""
        maps = functional.relu(self.bn1(self.conv1(images)))
        for number in range(1, len(WIDTHS) + 1):
            maps = getattr(self, f"layer{number}")(maps)
        logits: Tensor = self.linear(maps.mean(dim=(2, 3)))
        return logits


def resnet20() -> ResNet20:
    """The network at random initialisation."""
    return ResNet20()
