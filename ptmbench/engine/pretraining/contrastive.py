"""Contrastive pre-training: SimCLR on generated images (Chen et al. 2020).

Two random views of each image; the network is to tell an image's other view from all views of other images:

    loss_i = -log( exp(s_ij / t) / sum_{k != i} exp(s_ik / t) ),  s the cosine similarity, j the other view of i

averaged over all 2n views. No label of the source is read. The views are made for signs rather than photographs:
moved and stretched, in other colours, light turned into dark, under a smooth random field.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.models.tiny import ARCHITECTURES, INPUT
from ptmbench.engine.pretraining.learner import Learner, Outcome, packed
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.pretraining.sources.base import uniform
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import BatchOrder, descend, make_optimizer

HELD_OUT = 4_000  # images of the source, drawn from a stream of their own
TEMPERATURE = 0.2  # of 0.1, 0.2 and 0.5 the one whose probes on digits and photo_numerals were best after 500 steps
PROJECTED = 64  # dimensions in which views are compared


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The normalised, temperature-scaled cross-entropy of n pairs of views: two [n, d] to a scalar."""
    count = len(first)
    views = functional.normalize(torch.cat([first, second]), dim=1)
    similarity = views @ views.T / temperature
    itself = torch.eye(2 * count, dtype=torch.bool)
    other = torch.arange(2 * count).roll(count)
    return functional.cross_entropy(similarity.masked_fill(itself, -torch.inf), other)


def retrieval_accuracy(first: Tensor, second: Tensor) -> float:
    """The share of rows of `first` [n, d] whose nearest row of `second` [n, d], by cosine, is their own."""
    similarity = functional.normalize(first, dim=1) @ functional.normalize(second, dim=1).T
    return float((similarity.argmax(dim=1) == torch.arange(len(first))).double().mean())


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a view may lie from its image, pixel values reaching from -1 to 1. Shares are of views."""

    zoom: tuple[float, float] = (0.6, 1.3)  # side of what is looked at, each axis by itself, the image's being 1
    turn: float = 0.25  # radians, at most
    shift: float = 0.15  # of the image's side, at most
    grey: float = 0.3  # share
    inverted: float = 0.5  # share
    contrast: tuple[float, float] = (0.5, 1.2)
    brightness: float = 0.3  # at most, the same for all channels
    tint: float = 0.2  # at most, for each channel
    clutter: float = 0.2  # weight of a smooth random field, at most: at 0.5 many glyphs drown in it
    noise: float = 0.08  # standard deviation, at most
    blurred: float = 0.2  # share


AUGMENTATION = Augmentation()


def moved(images: Tensor, generator: torch.Generator, how: Augmentation = AUGMENTATION) -> Tensor:
    """A random square of each image [n, c, h, w], turned, at the image's own size; beyond the edge it is repeated."""
    count = len(images)
    side = uniform(generator, *how.zoom, count, 2)
    angle = uniform(generator, -how.turn, how.turn, count)
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).reshape(count, 2, 2)
    centre = uniform(generator, -2 * how.shift, 2 * how.shift, count, 2, 1)
    grid = functional.affine_grid(
        torch.cat([rotation * side[:, None, :], centre], dim=2), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def recoloured(images: Tensor, generator: torch.Generator, how: Augmentation = AUGMENTATION) -> Tensor:
    """Pixel values [n, 3, h, w] in [-1, 1]: some made grey or negative, all with new contrast, brightness and tint."""
    count = len(images)
    grey = (torch.rand(count, generator=generator) < how.grey)[:, None, None, None]
    images = torch.where(grey, images.mean(1, keepdim=True), images)
    negative = torch.rand(count, generator=generator) < how.inverted
    contrast = uniform(generator, *how.contrast, count) * torch.where(negative, -1.0, 1.0)
    brightness = uniform(generator, -how.brightness, how.brightness, count, 1)
    tint = uniform(generator, -how.tint, how.tint, count, 3)
    return images * contrast[:, None, None, None] + (brightness + tint)[:, :, None, None]


def cluttered(images: Tensor, generator: torch.Generator, how: Augmentation = AUGMENTATION) -> Tensor:
    """Images [n, 3, h, w] with some of them blurred, and all under a smooth random field and noise."""
    count, _, height, width = images.shape
    blurred = (torch.rand(count, generator=generator) < how.blurred)[:, None, None, None]
    images = torch.where(
        blurred, functional.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False), images
    )
    coarse = torch.randn(count, 3, 6, 6, generator=generator) * 0.5 + torch.randn(count, 1, 6, 6, generator=generator)
    field = functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    strength = uniform(generator, 0, how.clutter, count, 1, 1, 1)
    noise = uniform(generator, 0, how.noise, count, 1, 1, 1)
    return images + strength * field + noise * torch.randn(images.shape, generator=generator)


def view(images: Tensor, generator: torch.Generator) -> Tensor:
    """A random view of each image [n, 3, 32, 32] (uint8), as normalised network input."""
    pixels = moved(images.float() / 127.5 - 1, generator)
    pixels = cluttered(recoloured(pixels, generator), generator).clamp(-1, 1)
    return INPUT.apply((pixels + 1) * 127.5).to(memory_format=torch.channels_last)


def _networks(architecture: str) -> nn.Sequential:
    """The backbone under a projection head of two layers; tensors are named `backbone.*` and `head.*`."""
    backbone = ARCHITECTURES[architecture]()
    width = backbone.feature_size
    network = nn.Sequential()
    network.add_module("backbone", backbone)
    network.add_module(
        "head",
        nn.Sequential(
            nn.Linear(width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, PROJECTED)
        ),
    )
    return network.to(memory_format=torch.channels_last)


class SimclrLearner(Learner):
    """Pulls two views of an image together and pushes apart those of different images in the batch."""

    def __init__(self, spec: PretrainingSpec) -> None:
        self.images, _ = sample_images(IMAGE_SOURCES[spec.source], spec.examples, "train")
        with seeded_draws("pretrain", spec.name, spec.seed):
            networks = _networks(spec.architecture)
        order = BatchOrder(
            len(self.images), spec.recipe.batch_size, torch_generator("pretrain", "batches", spec.name, spec.seed)
        )
        super().__init__(spec, networks, (make_optimizer(spec.recipe, networks.parameters()),), order)

    def take_step(self, step: int) -> Tensor:
        """Both views of a batch go through the network at once: batch normalisation sees them together."""
        images = self.images[self.order.draw()]
        views = view(torch.cat([images, images]), self.generator)
        first, second = self.modules(views).chunk(2)
        loss = nt_xent(first, second, TEMPERATURE)
        descend(self.optimizers[0], loss, self.spec.recipe, step)
        return loss

    def outcome(self) -> Outcome:
        """Backbone and head.

        `view_retrieval_accuracy`: the share of held-out images whose nearest, by the head's outputs, among one other
        view of each of the 4,000 images is their own other view.
        """
        held, _ = sample_images(IMAGE_SOURCES[self.spec.source], HELD_OUT, "held_out")
        generator = torch_generator("pretrain", "held_out", self.spec.name, self.spec.seed)
        with torch.no_grad():
            first, second = (
                torch.cat([self.modules(view(part, generator)) for part in held.split(500)]) for _ in range(2)
            )
        backbone = self.modules.get_submodule("backbone")
        return Outcome(
            files={f"{self.spec.name}.safetensors": packed(self.modules.state_dict())},
            parameters=sum(parameter.numel() for parameter in backbone.parameters()),
            held_out={"view_retrieval_accuracy": retrieval_accuracy(first, second)},
            held_out_examples=HELD_OUT,
        )


def learner(spec: PretrainingSpec) -> SimclrLearner:
    """The networks of the spec at initialisation, with its source rendered."""
    return SimclrLearner(spec)
