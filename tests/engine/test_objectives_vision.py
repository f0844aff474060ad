"""Tests of the objectives that read no label: their formulas, their learners, and that a stopped one goes on."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn
from torch.distributions import Independent, Normal
from torch.distributions import kl_divergence as divergence_of_torch

from ptmbench.engine.models.embedded import fill
from ptmbench.engine.models.generative import (
    LATENT,
    as_pictures,
    light_on_dark,
    vae_decoder,
    vae_tiny,
    wgan_generator,
    wgan_tiny,
)
from ptmbench.engine.models.tiny import INPUT, resnet_tiny
from ptmbench.engine.pretraining import adversarial, contrastive, learner, reconstruction
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.spec import PretrainingSpec, Recipe

ARCHITECTURES = {"vae": vae_tiny, "wgan_gp": wgan_tiny, "simclr": resnet_tiny}
LEARNERS = {"vae": reconstruction.learner, "wgan_gp": adversarial.learner, "simclr": contrastive.learner}
MODULES = (reconstruction, adversarial, contrastive)
OBJECTIVES = tuple(LEARNERS)
ZOO_LIMIT = 2_000_000  # bytes


def generator(seed=0):
    """A generator of the test's own."""
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    """Standard normal draws in double precision."""
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def tiny(objective, steps=4):
    """A recipe of a few steps on a few images, with a learning rate that changes weights visibly."""
    recipe = Recipe("adamw", learning_rate=1e-3, weight_decay=0.01, batch_size=16, steps=steps)
    architecture = ARCHITECTURES[objective].__name__
    return PretrainingSpec(f"{architecture}.{objective}", architecture, objective, "glyphs", 80, recipe)


@pytest.fixture
def few_held_out(monkeypatch):
    """Forty held-out images instead of thousands."""
    for module in MODULES:
        monkeypatch.setattr(module, "HELD_OUT", 40)


def tensors_after(made):
    """Copies of everything with weights that a learner holds."""
    return {name: tensor.clone() for name, tensor in made.modules.state_dict().items()}


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


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (vae_tiny, {"posterior_mean": 64, "last_convolution": 80}),
        (wgan_tiny, {"flattened": 2048, "last_convolution": 128}),
    ],
)
def test_backbones_offer_their_poolings(build, sizes):
    """Each pooling gives features of the size it promises, the first of them by default."""
    backbone = build().eval()
    inputs = torch.randn(2, 3, 32, 32, generator=generator())

    assert sizes == backbone.sizes
    assert next(iter(sizes.values())) == backbone.feature_size
    assert sizes == {name: backbone.pooled_by(name)(inputs).shape[1] for name in sizes}


def test_the_critic_scores_each_image_by_itself():
    """A critic in training mode gives an image the same features alone and in a batch."""
    backbone = wgan_tiny().train()
    inputs = torch.randn(5, 3, 32, 32, generator=generator())

    torch.testing.assert_close(backbone(inputs)[:1], backbone(inputs[:1]))


@pytest.mark.parametrize("build", [vae_decoder, wgan_generator])
def test_decoders_make_images_in_the_scale_of_the_input(build):
    """From codes come images of 32x32 pixels within the range of normalised pixel values."""
    made = build().eval()(100 * torch.randn(4, LATENT, generator=generator()))

    assert (4, 3, 32, 32) == tuple(made.shape)
    assert (0, 255) == tuple(int(limit) for limit in as_pictures(made).aminmax())
    assert made.abs().max() <= 2


def test_pictures_are_the_inverse_of_the_preprocessing():
    """What the preprocessing made of pixels becomes the same pixels again."""
    images = torch.randint(0, 256, (2, 3, 32, 32), generator=generator(), dtype=torch.uint8)

    assert torch.equal(images, as_pictures(INPUT.apply(images)))


@pytest.mark.usefixtures("few_held_out")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_pretraining_repeats_bit_for_bit(objective):
    """The same recipe gives the same weights, and its steps change every network."""
    outcomes = []
    for _ in range(2):
        made = LEARNERS[objective](tiny(objective))
        before = tensors_after(made)
        learner.run(made)
        outcomes.append(made.outcome())

    after = tensors_after(made)
    assert outcomes[0].files == outcomes[1].files
    assert outcomes[0].held_out == outcomes[1].held_out
    assert [] == [
        name for name, tensor in after.items() if name.endswith("weight") and torch.equal(tensor, before[name])
    ]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_interrupted_pretraining_goes_on_to_the_same_bits(objective, monkeypatch, tmp_path):
    """Stopped after three of five steps, a pre-training taken up from its last copy ends where a whole one does."""
    monkeypatch.setattr(learner, "KEEP_EVERY", 2)
    spec, partial = tiny(objective, steps=5), tmp_path / "partial"
    whole = LEARNERS[objective](spec)
    learner.run(whole)

    stopped = LEARNERS[objective](spec)
    take_step = stopped.take_step

    def interrupted(step):
        if step == 4:
            raise KeyboardInterrupt
        return take_step(step)

    monkeypatch.setattr(stopped, "take_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.run(stopped, partial)
    resumed = LEARNERS[objective](spec)
    learner.run(resumed, partial)

    expected, actual = tensors_after(whole), tensors_after(resumed)
    assert expected.keys() == actual.keys()
    assert [] == [name for name, tensor in expected.items() if not torch.equal(tensor, actual[name])]


@pytest.mark.usefixtures("few_held_out")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_shipped_file_fills_the_backbone(objective):
    """The one file is below 2 MB, its tensors make up the whole backbone, and its figures repeat and are finite."""
    made = LEARNERS[objective](tiny(objective, steps=1))
    learner.run(made)
    outcome = made.outcome()
    (content,) = outcome.files.values()
    backbone = ARCHITECTURES[objective]().eval()

    assert 1.0 == fill(backbone, load(content), "a model")
    assert [f"{made.spec.name}.safetensors"] == list(outcome.files)
    assert len(content) < ZOO_LIMIT
    assert sum(parameter.numel() for parameter in backbone.parameters()) == outcome.parameters
    assert all(math.isfinite(value) for value in outcome.held_out.values())
    assert (40, outcome.held_out) == (outcome.held_out_examples, made.outcome().held_out)


@pytest.mark.usefixtures("few_held_out")
def test_samples_are_pictures():
    """Generative models show 64 pictures, a VAE's beginning with sixteen held-out images; SimCLR has none."""
    held, _ = sample_images(IMAGE_SOURCES["glyphs"], 40, "held_out")
    samples = {name: make(tiny(name)).outcome().samples for name, make in LEARNERS.items()}

    assert samples["simclr"] is None
    for name in ("vae", "wgan_gp"):
        assert ((64, 3, 32, 32), torch.uint8) == (tuple(samples[name].shape), samples[name].dtype)
    assert torch.equal(light_on_dark(held)[:16], samples["vae"][:16])


def test_images_are_shown_light_on_dark():
    """Dark ink on a light ground is turned into its negative, light ink stays; all three channels are their mean."""
    ink = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    ink[:, :, 10:20, 10:20] = torch.tensor([100, 150, 200], dtype=torch.uint8)[:, None, None]
    images = torch.stack([ink[0], 255 - ink[1]])
    expected = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    expected[:, :, 10:20, 10:20] = 150

    assert torch.equal(expected, light_on_dark(images))
