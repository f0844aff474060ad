"""The halves of small generative models for 32x32 images: encoder and decoder of a VAE, critic and generator of a GAN.

The encoder and the critic are backbones like any other; what stands around them serves pre-training only and ships
beside them. Images go in and come out in the scale of `tiny.INPUT`; those that come out are grey, three equal
channels, and both models learn from images made grey and light on dark. In 1,000 to 1,500 steps on images as they
come, neither had learned strokes and colours.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ptmbench.engine.models.backbone import Backbone, Pool
from ptmbench.engine.models.tiny import INPUT

LATENT = 64  # dimensions of the VAE's code and of the generator's noise
SIDE = 4  # pixels: the smallest feature map, three halvings below 32
ENCODED = 80  # channels of the encoder's last stage
CRITICISED = 128  # channels of the critic's last stage
SLOPE = 0.2  # of leaky ReLUs, as in DCGAN (Radford et al. 2016)


def _halved(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution that halves the side, with batch normalisation and ReLU."""
    convolution = nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def _doubled(inputs: int, outputs: int) -> nn.Sequential:
    """A transposed convolution that doubles the side, with batch normalisation and ReLU."""
    convolution = nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def _critical(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution that halves the side, with leaky ReLU and no normalisation: see `wgan_tiny`."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(SLOPE))


def _averaged(channels: int) -> Pool:
    return Pool(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), channels)


def light_on_dark(images: Tensor) -> Tensor:
    """Images [n, 3, h, w] (uint8) made grey, and negative where the edge is lighter than the middle of the scale."""
    grey = images.float().mean(1, keepdim=True).round()
    edges = torch.cat([grey[..., 0], grey[..., -1], grey[..., 0, :], grey[..., -1, :]], dim=2).mean(dim=2)
    shown = torch.where((edges > 127.5)[..., None, None], 255 - grey, grey)
    return shown.to(torch.uint8).expand(-1, 3, -1, -1)


def as_pixels(images: Tensor) -> Tensor:
    """Images in the scale of INPUT to pixel values, black 0 and white 1."""
    return images * INPUT.std[0] + INPUT.mean[0]


def as_pictures(images: Tensor) -> Tensor:
    """Images in the scale of INPUT to pixel values from 0 to 255 (uint8): the inverse of `INPUT.apply`."""
    return as_pixels(images).clamp(0, 1).mul(255).round().to(torch.uint8)


class InPixelRange(nn.Module):
    """Squashes a map into the range that the pixel values 0 to 255 take after `INPUT.apply`."""

    def forward(self, outputs: Tensor) -> Tensor:
        """Maps [n, 1, h, w] of any values to grey images [n, 3, h, w] of normalised pixel values."""
        return ((outputs.sigmoid() - INPUT.mean[0]) / INPUT.std[0]).expand(-1, 3, -1, -1)


def vae_tiny() -> Backbone:
    """The encoder of a convolutional VAE (Kingma & Welling 2014): widths 32-64-80, each stage of stride 2.

    The usual features are the mean of the posterior (64); `last_convolution` averages the last stage's map (80).
    """
    mean = nn.Sequential(nn.Flatten(), nn.Linear(ENCODED * SIDE**2, LATENT))
    pools = {"posterior_mean": Pool(mean, LATENT), "last_convolution": _averaged(ENCODED)}
    return Backbone(nn.Sequential(_halved(3, 32), _halved(32, 64)), _halved(64, ENCODED), pools=pools)


def log_variance_head() -> nn.Sequential:
    """From the encoder's last map [n, 80, 4, 4] to the log-variance of the posterior [n, 64]."""
    return nn.Sequential(nn.Flatten(), nn.Linear(ENCODED * SIDE**2, LATENT))


def vae_decoder() -> nn.Sequential:
    """From codes [n, 64] to grey images [n, 3, 32, 32]: the encoder's widths backwards."""
    return nn.Sequential(
        nn.Linear(LATENT, ENCODED * SIDE**2),
        nn.Unflatten(1, (ENCODED, SIDE, SIDE)),
        nn.ReLU(),
        _doubled(ENCODED, 64),
        _doubled(64, 32),
        nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),
        InPixelRange(),
    )


def wgan_tiny() -> Backbone:
    """The critic of a WGAN-GP without its final linear layer: widths 32-64-128, each stage of stride 2.

    It has no batch normalisation: the gradient penalty is on the critic's gradient at each input by itself, which a
    statistic of the batch would tie to the other inputs (Gulrajani et al. 2017, section 4). The usual features are
    what its final layer sees, the last map laid flat (2,048); `last_convolution` averages that map (128).
    """
    pools = {"flattened": Pool(nn.Flatten(), CRITICISED * SIDE**2), "last_convolution": _averaged(CRITICISED)}
    trunk = nn.Sequential(_critical(3, 32), _critical(32, 64))
    return Backbone(trunk, _critical(64, CRITICISED), pools=pools)


def wgan_generator() -> nn.Sequential:
    """From noise [n, 64] to grey images [n, 3, 32, 32]."""
    return nn.Sequential(
        nn.Linear(LATENT, 128 * SIDE**2, bias=False),
        nn.Unflatten(1, (128, SIDE, SIDE)),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        _doubled(128, 64),
        _doubled(64, 32),
        nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1),
        InPixelRange(),
    )


GENERATIVE: dict[str, Callable[[], Backbone]] = {"vae_tiny": vae_tiny, "wgan_tiny": wgan_tiny}
