"""Adversarial pre-training: a Wasserstein GAN with gradient penalty, on images of a source.

    W(P, Q) = sup over 1-Lipschitz f of E_{x~P} f(x) - E_{y~Q} f(y)              (Arjovsky et al. 2017)
    critic:    E f(fake) - E f(real) + 10 E (|grad f(u)|_2 - 1)^2,  u = m real + (1 - m) fake, m ~ U[0, 1]
    generator: -E f(fake)                                                        (Gulrajani et al. 2017)

The source's images are made grey and light on dark (`light_on_dark`): in 1,500 steps on images as they come, the
generator learned patches of colour and few strokes. Distances are in the scale of `tiny.INPUT`, in which the 256
pixel values reach from -2 to 2.
"""

import copy

import torch
from torch import Tensor, nn

from ptmbench.catalog.spec import PretrainingSpec, Recipe
from ptmbench.engine.models.generative import LATENT, as_pictures, light_on_dark, wgan_generator, wgan_tiny
from ptmbench.engine.models.tiny import INPUT
from ptmbench.engine.pretraining.learner import Learner, Outcome, packed
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import BatchOrder, descend

HELD_OUT = 4_000  # images of the source, from a stream of their own, against as many generated ones
SAMPLES = 64
CRITIC_STEPS = 2  # for one step of the generator
PENALTY_WEIGHT = 10.0
PENALISED = 4  # one in so many of a batch bears the penalty: for all 64 it took 46 ms, a critic step without it 28 ms
DECAY = 0.998  # a step, of the average of the generator's weights
BETAS = (0.0, 0.9)
SHOWS = "What the generator draws from noise; it learned from images made grey and light on dark."


def critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Mean score of generated images less mean score of real ones: scores [n, 1] to a scalar."""
    return fake_scores.mean() - real_scores.mean()


def generator_loss(fake_scores: Tensor) -> Tensor:
    """The negative mean score of generated images: scores [n, 1] to a scalar."""
    return -fake_scores.mean()


def wasserstein_estimate(real_scores: Tensor, fake_scores: Tensor) -> float:
    """Mean score of real images less that of generated ones.

    It bounds the Wasserstein-1 distance from below for a critic that is 1-Lipschitz, which the penalty only urges.
    """
    return float(real_scores.double().mean() - fake_scores.double().mean())


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """mean_i (|grad f(u_i)|_2 - 1)^2 at u = mix real + (1 - mix) fake: a scalar that can be differentiated again.

    Images are [n, 3, h, w], `mix` is [n] in [0, 1]; the critic must score each image by itself.
    """
    weight = mix[:, None, None, None]
    between = (weight * real + (1 - weight) * fake).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    slope: Tensor = gradient.flatten(1).norm(dim=1)
    return (slope - 1).square().mean()


def _adam(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """AdamW with the betas of Gulrajani et al.: momentum would push the critic along a direction already stale."""
    return torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, betas=BETAS, weight_decay=recipe.weight_decay
    )


def _networks() -> nn.ModuleDict:
    """Critic (backbone under a linear head), generator, and the running average of the generator's weights."""
    backbone = wgan_tiny()
    critic = nn.Sequential()
    critic.add_module("backbone", backbone)
    critic.add_module("head", nn.Linear(backbone.feature_size, 1))
    generator = wgan_generator()
    networks = nn.ModuleDict({"critic": critic, "generator": generator, "average": copy.deepcopy(generator)})
    networks["average"].requires_grad_(requires_grad=False)
    return networks.to(memory_format=torch.channels_last)


class WganLearner(Learner):
    """A critic and a generator in turn: a step is `CRITIC_STEPS` batches for the critic and one for the generator.

    Departures from Gulrajani et al.: fewer steps of the critic (theirs: 5), the penalty on a part of each batch (its
    expectation is the same), a cosine schedule, and samples from a running average of the generator's weights.
    """

    def __init__(self, spec: PretrainingSpec) -> None:
        self.images = light_on_dark(sample_images(IMAGE_SOURCES[spec.source], spec.examples, "train")[0])
        with seeded_draws("pretrain", spec.name, spec.seed):
            networks = _networks()
        self.critic, self.maker, self.average = networks["critic"], networks["generator"], networks["average"]
        order = BatchOrder(
            len(self.images), spec.recipe.batch_size, torch_generator("pretrain", "batches", spec.name, spec.seed)
        )
        super().__init__(spec, networks, (_adam(spec.recipe, self.critic), _adam(spec.recipe, self.maker)), order)

    def take_step(self, step: int) -> Tensor:
        """Returns the last critic loss, the penalty included."""
        for _ in range(CRITIC_STEPS):
            loss = self._critic_step(step)
        self._generator_step(step)
        self._follow()
        return loss

    def _noise(self) -> Tensor:
        return torch.randn(self.order.width, LATENT, generator=self.generator)

    def _critic_step(self, step: int) -> Tensor:
        real = INPUT.apply(self.images[self.order.draw()]).to(memory_format=torch.channels_last)
        with torch.no_grad():
            fake = self.maker(self._noise())
        real_scores, fake_scores = self.critic(torch.cat([real, fake])).chunk(2)
        few = -(-len(real) // PENALISED)
        mix = torch.rand(few, generator=self.generator)
        penalty = gradient_penalty(self.critic, real[:few], fake[:few], mix)
        loss = critic_loss(real_scores, fake_scores) + PENALTY_WEIGHT * penalty
        descend(self.optimizers[0], loss, self.spec.recipe, step)
        return loss

    def _generator_step(self, step: int) -> None:
        self.critic.requires_grad_(requires_grad=False)
        descend(self.optimizers[1], generator_loss(self.critic(self.maker(self._noise()))), self.spec.recipe, step)
        self.critic.requires_grad_(requires_grad=True)

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the average towards the generator; batch statistics move alike, counters are copied."""
        pairs = zip(self.average.state_dict().values(), self.maker.state_dict().values(), strict=True)
        for kept, now in pairs:
            if kept.is_floating_point():
                kept.lerp_(now, 1 - DECAY)
            else:
                kept.copy_(now)

    @torch.no_grad()
    def generated(self, count: int, purpose: str) -> Tensor:
        """Images [count, 3, 32, 32] of the averaged generator, in the scale of INPUT; `purpose` names the noise."""
        noise = torch.randn(
            count, LATENT, generator=torch_generator("pretrain", purpose, self.spec.name, self.spec.seed)
        )
        return torch.cat([self.average(part) for part in noise.split(500)])

    def outcome(self) -> Outcome:
        """Critic and averaged generator; samples are 64 generated images.

        `wasserstein_estimate` is between held-out images and as many of the averaged generator, by the critic.
        """
        held = light_on_dark(sample_images(IMAGE_SOURCES[self.spec.source], HELD_OUT, "held_out")[0])
        with torch.no_grad():
            real = torch.cat([self.critic(INPUT.apply(part)) for part in held.split(500)])
            fake = torch.cat([self.critic(part) for part in self.generated(HELD_OUT, "held_out").split(500)])
        backbone = self.critic.get_submodule("backbone")
        shipped = {**self.critic.state_dict(), **_prefixed("generator.", self.average)}
        return Outcome(
            files={f"{self.spec.name}.safetensors": packed(shipped)},
            parameters=sum(parameter.numel() for parameter in backbone.parameters()),
            held_out={"wasserstein_estimate": wasserstein_estimate(real, fake)},
            held_out_examples=HELD_OUT,
            samples=as_pictures(self.generated(SAMPLES, "samples")),
            samples_show=SHOWS,
        )


def _prefixed(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


def learner(spec: PretrainingSpec) -> WganLearner:
    """The networks of the spec at initialisation, with its source rendered."""
    return WganLearner(spec)
