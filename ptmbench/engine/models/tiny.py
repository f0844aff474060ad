"""Small members of the VGG, ResNet and Inception families, for 32x32 images, built from torchvision's own blocks."""

from collections.abc import Callable

from torch import nn
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.models.resnet import BasicBlock, conv1x1
from torchvision.models.vgg import make_layers

from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone

INPUT = ImagePreprocessing(side=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def _pooled(*stage: nn.Module) -> nn.Sequential:
    return nn.Sequential(*stage, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _residual(inputs: int, outputs: int, stride: int) -> BasicBlock:
    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs))
    return BasicBlock(inputs, outputs, stride, shortcut)


def resnet_tiny() -> Backbone:
    """Residual network (He et al. 2016): one basic block a stage, widths 16-32-64-128, stem of stride 2."""
    trunk = nn.Sequential(
        BasicConv2d(3, 16, kernel_size=3, stride=2, padding=1),
        _residual(16, 16, 1),
        _residual(16, 32, 2),
        _residual(32, 64, 2),
    )
    return Backbone(trunk, _pooled(_residual(64, 128, 2)), feature_size=128)


def vgg_tiny() -> Backbone:
    """VGG with batch normalisation (Simonyan & Zisserman 2015): pairs of 3x3 convolutions, widths 16-32-64-128."""
    layers = make_layers([16, 16, "M", 32, 32, "M", 64, 64, "M", 128, 128], batch_norm=True)
    last_stage = 6  # two convolutions of 128 channels, each with its normalisation and ReLU
    return Backbone(layers[:-last_stage], _pooled(*layers[-last_stage:]), feature_size=128)


def inception_tiny() -> Backbone:
    """GoogLeNet (Szegedy et al. 2015) in small: four Inception blocks of four parallel branches each."""
    trunk = nn.Sequential(
        BasicConv2d(3, 24, kernel_size=3, stride=2, padding=1),
        Inception(24, 8, 8, 16, 4, 8, 8),
        nn.MaxPool2d(2),
        Inception(40, 32, 24, 48, 8, 16, 16),
        Inception(112, 48, 32, 64, 12, 24, 24),
        nn.MaxPool2d(2),
    )
    return Backbone(trunk, _pooled(Inception(160, 56, 48, 96, 16, 40, 32)), feature_size=224)


ARCHITECTURES: dict[str, Callable[[], Backbone]] = {
    "resnet_tiny": resnet_tiny,
    "vgg_tiny": vgg_tiny,
    "inception_tiny": inception_tiny,
}
