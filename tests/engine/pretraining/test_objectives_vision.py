"""Tests of the objectives on images that read no label: each loss is its formula, and views are what they claim."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal
from torch.distributions import kl_divergence as divergence_of_torch

from ptmbench.engine.pretraining import adversarial, contrastive, reconstruction


def generator(seed=0):
    """A generator of the test's own."""
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    """Standard normal draws in double precision."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def test_kl_divergence_is_that_of_two_gaussians():
    """The divergence from the standard normal agrees with torch.distributions, image by image."""
    mean, log_variance = normal(5, 7), normal(5, 7, seed=1)
    posterior = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)

    actual = reconstruction.kl_divergence(mean, log_variance)

    torch.testing.assert_close(divergence_of_torch(posterior, prior), actual)
    assert 0.0 == float(reconstruction.kl_divergence(torch.zeros(1, 3), torch.zeros(1, 3)))


def test_the_bound_is_likelihood_less_divergence():
    """The bound is the Gaussian log-density of all pixels less the divergence, in nats an image."""
    images, decoded = normal(3, 3, 4, 4), normal(3, 3, 4, 4, seed=1)
    mean, log_variance = normal(3, 2, seed=2), normal(3, 2, seed=3)
    likelihood = Normal(decoded, reconstruction.DEVIATION).log_prob(images).sum(dim=(1, 2, 3))

    actual = reconstruction.evidence_lower_bound(images, decoded, mean, log_variance)

    torch.testing.assert_close(likelihood - reconstruction.kl_divergence(mean, log_variance), actual)


def test_the_bound_is_exact_under_the_true_posterior():
    """For a linear decoder with its true posterior, the mean bound over draws of z is the log-density of x itself."""
    slope, deviation, draws = 0.7, reconstruction.DEVIATION, 200_000
    image = torch.tensor([[0.4]], dtype=torch.float64)
    variance = 1 / (1 + (slope / deviation) ** 2)
    mean = variance * slope / deviation**2 * image
    log_variance = torch.full_like(mean, math.log(variance))
    codes = reconstruction.reparameterised(mean, log_variance, normal(draws, 1))

    bound = reconstruction.evidence_lower_bound(image.expand(draws, 1), slope * codes, mean, log_variance).mean()

    evidence = Normal(0.0, math.hypot(slope, deviation)).log_prob(image)
    assert float(evidence) == pytest.approx(float(bound), abs=0.01)


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_gradient_penalty_of_a_linear_critic(mix):
    """The penalty of f(x) = <w, x> is (|w| - 1)^2, wherever it is taken, and it can be differentiated for w."""
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 1).double())
    real, fake = normal(4, 3, 2, 2), normal(4, 3, 2, 2, seed=1)
    weight = critic[1].weight
    norm = weight.detach().norm()

    penalty = adversarial.gradient_penalty(critic, real, fake, torch.full((4,), mix, dtype=torch.float64))
    penalty.backward()

    torch.testing.assert_close((norm - 1) ** 2, penalty.detach())
    torch.testing.assert_close(2 * (norm - 1) * weight.detach() / norm, weight.grad)


def test_gradient_penalty_is_taken_between_real_and_fake():
    """The slope of f(x) = |x|^2 / 2 at a point is the point's own norm: mix 1 is real, mix 0 fake, 0.5 the middle."""
    real, fake = normal(3, 1, 2, 2), normal(3, 1, 2, 2, seed=1)
    mix = torch.tensor([1.0, 0.0, 0.5], dtype=torch.float64)
    points = torch.stack([real[0], fake[1], (real[2] + fake[2]) / 2])

    actual = adversarial.gradient_penalty(lambda x: x.square().sum(dim=(1, 2, 3)) / 2, real, fake, mix)

    torch.testing.assert_close((points.flatten(1).norm(dim=1) - 1).square().mean(), actual)


def test_losses_of_critic_and_generator():
    """The critic gains from high scores of real images, the generator from high scores of its own."""
    real, fake = torch.tensor([[3.0], [5.0]]), torch.tensor([[1.0], [-2.0]])

    assert -4.5 == float(adversarial.critic_loss(real, fake))
    assert 0.5 == float(adversarial.generator_loss(fake))
    assert 4.5 == adversarial.wasserstein_estimate(real, fake)


def loop_nt_xent(first, second, temperature):
    """The formula of the paper, one view after the other."""
    views = np.concatenate([first, second])
    count, losses = len(first), []
    for i, view in enumerate(views):
        scores = [
            math.exp(float(view @ other) / (np.linalg.norm(view) * np.linalg.norm(other)) / temperature)
            for other in views
        ]
        j = (i + count) % (2 * count)
        losses.append(-math.log(scores[j] / (sum(scores) - scores[i])))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_is_its_formula(temperature):
    """The contrastive loss agrees with a loop over views in numpy."""
    first, second = normal(6, 5), normal(6, 5, seed=1)

    actual = float(contrastive.nt_xent(first, second, temperature))

    assert loop_nt_xent(first.numpy(), second.numpy(), temperature) == pytest.approx(actual, rel=1e-9)


def test_retrieval_counts_own_views_only():
    """Rows find their own view whatever its length; swapped rows do not."""
    rows = torch.eye(4)

    assert 1.0 == contrastive.retrieval_accuracy(rows, 3 * rows)
    assert 0.5 == contrastive.retrieval_accuracy(rows, rows[[1, 0, 2, 3]])


def test_views_differ_and_stay_in_the_range_of_pixels():
    """Two views of an image are normalised input of its shape, each another one, and repeat with the generator."""
    images = torch.randint(0, 256, (32, 3, 32, 32), generator=generator(), dtype=torch.uint8)
    kept = images.clone()

    first = contrastive.view(images, generator())
    second = contrastive.view(images, generator(1))

    assert images.shape == first.shape
    assert torch.equal(kept, images)
    assert torch.equal(first, contrastive.view(images, generator()))
    assert all(not torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert first.abs().max() <= 2 + 1e-5


def test_a_view_that_moves_nothing_is_the_image():
    """With the whole image in sight and nothing drawn, a view is the image itself."""
    still = contrastive.Augmentation(zoom=(1.0, 1.0), turn=0.0, shift=0.0)
    images = torch.rand(2, 3, 32, 32, generator=generator())

    torch.testing.assert_close(images, contrastive.moved(images, generator(), still))


def test_colours_follow_their_shares():
    """With every view inverted at contrast one, values change sign; with every view grey, the channels are equal."""
    fixed = {"contrast": (1.0, 1.0), "brightness": 0.0, "tint": 0.0}
    images = torch.rand(2, 3, 4, 4, generator=generator())

    negative = contrastive.recoloured(images, generator(), contrastive.Augmentation(grey=0, inverted=1, **fixed))
    grey = contrastive.recoloured(images, generator(), contrastive.Augmentation(grey=1, inverted=0, **fixed))

    torch.testing.assert_close(-images, negative)
    torch.testing.assert_close(images.mean(1, keepdim=True).expand_as(images), grey)
