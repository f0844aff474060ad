"""Reconstruction: a variational autoencoder (Kingma & Welling 2014) of images of a source.

    log p(x) >= E_{z~q(z|x)} log p(x|z) - KL(q(z|x) || p(z))

The source's images are made grey and light on dark (`light_on_dark`): after 1,000 steps on images as they come, the
decoder had learned shapes and left all colours grey. p(z) = N(0, I), q(z|x) = N(mean(x), diag exp(log_variance(x)))
and p(x|z) = N(decoder(z), DEVIATION^2 I) over pixel values in [0, 1], one channel of them. Logarithms are natural, so
all terms are in nats an image.
"""

import math

import torch
from torch import Tensor, nn

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.models.generative import LATENT, as_pixels, light_on_dark, log_variance_head, vae_decoder, vae_tiny
from ptmbench.engine.models.tiny import INPUT
from ptmbench.engine.pretraining.learner import Learner, Outcome, packed
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import BatchOrder, descend, make_optimizer

HELD_OUT = 4_000  # images of the source, drawn from a stream of their own
SHOWN = 16  # held-out images in the picture
DRAWN = 32  # draws from the prior in the picture
DEVIATION = 0.15  # of a pixel from what is decoded: smaller reconstructs better, and draws from the prior get worse
SHOWS = (
    "First row: held-out images as the model sees them, grey and light on dark. Second row: what encoder and decoder "
    "make of them. Below: what the decoder draws from the prior."
)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_variance)) || N(0, I)) in nats: two [n, d] to [n].

    1/2 sum_j (exp(log_variance_j) + mean_j^2 - 1 - log_variance_j)          (Kingma & Welling 2014, appendix B)
    """
    return 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum(dim=1)


def log_likelihood(images: Tensor, decoded: Tensor, deviation: float = DEVIATION) -> Tensor:
    """The density log N(images; decoded, deviation^2 I) in nats, summed over pixels: two [n, ...] to [n]."""
    error = (images - decoded).flatten(1)
    return -0.5 * (error / deviation).square().sum(dim=1) - error.shape[1] * math.log(deviation * math.sqrt(math.tau))


def evidence_lower_bound(images: Tensor, decoded: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """The bound log p(x|z) - KL at one draw of z an image, in nats: [n]. Its negative mean over a batch is the loss."""
    return log_likelihood(images, decoded) - kl_divergence(mean, log_variance)


def reparameterised(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """A draw z = mean + exp(log_variance / 2) noise: three [n, d] to [n, d], differentiable in the first two."""
    return mean + (0.5 * log_variance).exp() * noise


class Autoencoder(nn.Module):
    """Encoder (`backbone`), log-variance head and decoder; takes normalised images [n, 3, 32, 32]."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = vae_tiny()
        self.log_variance = log_variance_head()
        self.decoder = vae_decoder()

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the posterior, both [n, 64]."""
        encoded = self.backbone.tail(self.backbone.trunk(inputs))
        return self.backbone.pools["posterior_mean"](encoded), self.log_variance(encoded)

    def decode(self, codes: Tensor) -> Tensor:
        """Grey pixel values [n, 3, 32, 32] in [0, 1] for codes [n, 64]."""
        decoded: Tensor = as_pixels(self.decoder(codes))
        return decoded


class VaeLearner(Learner):
    """Maximises the evidence lower bound of the source's images, with one draw of the code an image and a step."""

    modules: Autoencoder

    def __init__(self, spec: PretrainingSpec) -> None:
        self.images = light_on_dark(sample_images(IMAGE_SOURCES[spec.source], spec.examples, "train")[0])
        with seeded_draws("pretrain", spec.name, spec.seed):
            networks = Autoencoder().to(memory_format=torch.channels_last)
        order = BatchOrder(
            len(self.images), spec.recipe.batch_size, torch_generator("pretrain", "batches", spec.name, spec.seed)
        )
        super().__init__(spec, networks, (make_optimizer(spec.recipe, networks.parameters()),), order)

    def take_step(self, step: int) -> Tensor:
        """Returns the negative bound in nats an image."""
        inputs = INPUT.apply(self.images[self.order.draw()]).to(memory_format=torch.channels_last)
        mean, log_variance = self.modules.encode(inputs)
        noise = torch.randn(mean.shape, generator=self.generator)
        decoded = self.modules.decode(reparameterised(mean, log_variance, noise))
        pixels = as_pixels(inputs[:, :1])  # one channel: three equal ones are one observation
        loss = -evidence_lower_bound(pixels, decoded[:, :1], mean, log_variance).mean()
        descend(self.optimizers[0], loss, self.spec.recipe, step)
        return loss

    def outcome(self) -> Outcome:
        """Encoder, log-variance head and decoder, with the picture that `_shown` draws.

        `reconstruction_mse` is the mean squared error of decoded posterior means, pixel values in [0, 1].
        """
        held = light_on_dark(sample_images(IMAGE_SOURCES[self.spec.source], HELD_OUT, "held_out")[0])
        return Outcome(
            files={f"{self.spec.name}.safetensors": packed(self.modules.state_dict())},
            parameters=sum(parameter.numel() for parameter in self.modules.backbone.parameters()),
            held_out=self._measured(held),
            held_out_examples=HELD_OUT,
            samples=self._shown(held[:SHOWN]),
            samples_show=SHOWS,
        )

    @torch.no_grad()
    def _measured(self, images: Tensor) -> dict[str, float]:
        error, divergence = 0.0, 0.0
        for part in images.split(500):
            mean, log_variance = self.modules.encode(INPUT.apply(part))
            error += float((self.modules.decode(mean) - part / 255).double().square().sum())
            divergence += float(kl_divergence(mean, log_variance).double().sum())
        return {"reconstruction_mse": error / images.numel(), "kl_nats": divergence / len(images)}

    @torch.no_grad()
    def _shown(self, images: Tensor) -> Tensor:
        """Pictures [64, 3, 32, 32] (uint8): 16 held-out images, their reconstructions, 32 decoded prior draws."""
        mean, _ = self.modules.encode(INPUT.apply(images))
        prior = torch_generator("pretrain", "samples", self.spec.name, self.spec.seed)
        drawn = self.modules.decode(torch.randn(DRAWN, LATENT, generator=prior))
        decoded = torch.cat([self.modules.decode(mean), drawn])
        return torch.cat([images, decoded.mul(255).round().to(torch.uint8)])


def learner(spec: PretrainingSpec) -> VaeLearner:
    """The autoencoder of the spec at initialisation, with its source rendered."""
    return VaeLearner(spec)
